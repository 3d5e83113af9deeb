package fyneui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/keyshift-hq/keyshift/internal/tray"
)

// headingItem is the row of a heading.
type headingItem struct{ text *widget.Label }

func newHeadingItem() *headingItem {
	h := &headingItem{text: line("", true)}
	h.text.Importance = widget.LowImportance
	return h
}

func (h *headingItem) object() fyne.CanvasObject { return h.text }
func (h *headingItem) kind() tray.RowKind        { return tray.HeadingRow }
func (h *headingItem) set(_ int, r tray.Row)     { set(h.text, r.Title) }
func (h *headingItem) heightIn(float32) float32  { return h.text.MinSize().Height }

// names are the two lines of a row: who, and how it stands.
type names struct {
	*fyne.Container
	title, line *widget.Label
}

func newNames() names {
	n := names{title: line("", true), line: line("", false)}
	n.line.Importance = widget.LowImportance
	n.Container = tight(n.title, n.line)
	return n
}

func (n names) set(r tray.Row) {
	set(n.title, r.Title)
	set(n.line, r.Line)
	want := widget.MediumImportance
	if r.Muted {
		want = widget.LowImportance
	}
	if n.title.Importance != want {
		n.title.Importance = want
		n.title.Refresh()
	}
}

// accountItem is the row of an account: all of it is one button.
type accountItem struct {
	widget.BaseWidget
	rows             *rows
	index            int
	row              tray.Row
	mark             *mark
	names            names
	content          *fyne.Container
	surface          *canvas.Rectangle
	hovered, focused bool
}

func newAccountItem(r *rows) *accountItem {
	a := &accountItem{rows: r, mark: newMark(38), names: newNames(), surface: canvas.NewRectangle(nil)}
	arrow := widget.NewIcon(theme.NavigateNextIcon())
	a.content = container.New(layout.NewCustomPaddedLayout(6, 6, 12, 8), container.NewBorder(nil, nil, a.mark, arrow, a.names.Container))
	a.ExtendBaseWidget(a)
	return a
}

func (a *accountItem) object() fyne.CanvasObject { return a }
func (a *accountItem) kind() tray.RowKind        { return tray.AccountRow }
func (a *accountItem) heightIn(float32) float32  { return a.MinSize().Height }

func (a *accountItem) set(index int, r tray.Row) {
	a.index, a.row = index, r
	a.mark.set(r.Network, r.Muted)
	a.names.set(r)
}

// CreateRenderer puts the row on a surface.
func (a *accountItem) CreateRenderer() fyne.WidgetRenderer {
	a.paint()
	return &itemRenderer{SimpleRenderer: widget.NewSimpleRenderer(container.NewStack(a.surface, a.content)), paint: a.paint}
}

type itemRenderer struct {
	SimpleRenderer fyne.WidgetRenderer
	paint          func()
}

func (r *itemRenderer) Layout(s fyne.Size)           { r.SimpleRenderer.Layout(s) }
func (r *itemRenderer) MinSize() fyne.Size           { return r.SimpleRenderer.MinSize() }
func (r *itemRenderer) Objects() []fyne.CanvasObject { return r.SimpleRenderer.Objects() }
func (r *itemRenderer) Destroy()                     { r.SimpleRenderer.Destroy() }
func (r *itemRenderer) Refresh()                     { r.paint(); r.SimpleRenderer.Refresh() }

func (a *accountItem) paint() {
	a.surface.CornerRadius, a.surface.StrokeWidth = 12, 1
	a.surface.FillColor, a.surface.StrokeColor = a.Theme().Color(colorCard, variant()), a.Theme().Color(colorLine, variant())
	if a.hovered {
		a.surface.StrokeColor = a.Theme().Color(theme.ColorNamePrimary, variant())
	}
	if a.focused {
		a.surface.StrokeColor, a.surface.StrokeWidth = a.Theme().Color(theme.ColorNamePrimary, variant()), 2
	}
}

// Tapped opens what the row leads to.
func (a *accountItem) Tapped(*fyne.PointEvent) { a.rows.desk.do(a.row.Open) }

// FocusGained shows that the keyboard is here.
func (a *accountItem) FocusGained() { a.focused = true; a.Refresh() }

// FocusLost takes that away.
func (a *accountItem) FocusLost() { a.focused = false; a.Refresh() }

// MouseIn, MouseMoved and MouseOut show what a click would be on.
func (a *accountItem) MouseIn(*desktop.MouseEvent) { a.hovered = true; a.Refresh() }

// MouseMoved does nothing; see MouseIn.
func (a *accountItem) MouseMoved(*desktop.MouseEvent) {}

// MouseOut undoes MouseIn.
func (a *accountItem) MouseOut() { a.hovered = false; a.Refresh() }

// TypedRune does nothing: rows are not typed into.
func (a *accountItem) TypedRune(rune) {}

// TypedKey opens the row, or goes to the one above or below.
func (a *accountItem) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyReturn, fyne.KeyEnter, fyne.KeySpace:
		a.Tapped(nil)
	case fyne.KeyDown:
		a.rows.step(a.index, 1)
	case fyne.KeyUp:
		a.rows.step(a.index, -1)
	case fyne.KeyEscape:
		a.rows.desk.goBack()
	}
}

// leaseItem is the row of a lease, with its countdown and its buttons.
type leaseItem struct {
	panel   *panel
	rows    *rows
	row     tray.Row
	mark    *mark
	names   names
	left    *widget.Label
	ring    *ring
	buttons *fyne.Container
	flow    *flow
}

func newLeaseItem(r *rows) *leaseItem {
	l := &leaseItem{rows: r, mark: newMark(38), names: newNames(), left: widget.NewLabel(""), ring: newRing(38), flow: &flow{}}
	l.left.TextStyle.Bold = true
	l.buttons = container.New(l.flow)
	head := container.NewBorder(nil, nil, l.mark, container.NewHBox(container.NewCenter(l.left), l.ring), l.names.Container)
	l.panel = newPanel(stack(head, l.buttons))
	return l
}

func (l *leaseItem) object() fyne.CanvasObject { return l.panel }
func (l *leaseItem) kind() tray.RowKind        { return tray.LeaseRow }

func (l *leaseItem) heightIn(width float32) float32 { return heightFor(l.panel, width) }

func (l *leaseItem) set(_ int, r tray.Row) {
	l.mark.set(r.Network, r.Muted)
	l.names.set(r)
	l.ring.Hidden, l.left.Hidden = r.Muted, r.Muted
	if !r.Muted {
		set(l.left, tray.Left(r.Left))
		l.ring.set(float64(r.Left)/float64(max(r.Total, 1)), r.Soon, "")
	}
	if !sameOffers(l.row.Offers, r.Offers) {
		l.buttons.Objects = l.rows.desk.offers(r.Offers).Objects
		l.buttons.Refresh()
	}
	l.row = r
}

func sameOffers(a, b []tray.Offer) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
