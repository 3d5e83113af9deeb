package fyneui

import (
	"reflect"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/keyshift-hq/keyshift/internal/tray"
)

// slot is a place in a page for something that is there at times: a refusal, a banner, a page that is empty.
type slot struct {
	*fyne.Container
	shown any
}

func newSlot() *slot {
	s := &slot{Container: stack()}
	s.Hide()
	return s
}

// fill shows what is made for a value. What is shown already is left alone. It reports whether something changed.
func (s *slot) fill(value any, made func() fyne.CanvasObject) bool {
	if reflect.DeepEqual(value, s.shown) {
		return false
	}
	s.shown, s.Objects, s.Hidden = value, []fyne.CanvasObject{made()}, false
	return true
}

func (s *slot) clear() bool {
	if s.shown == nil {
		return false
	}
	s.shown, s.Objects, s.Hidden = nil, nil, true
	return true
}

// putTrouble shows a trouble in a slot, or nothing for nil.
func (d *desk) putTrouble(s *slot, t *tray.Trouble) bool {
	if t == nil {
		return s.clear()
	}
	return s.fill(*t, func() fyne.CanvasObject { return d.trouble(*t) })
}

// putEmpty is putTrouble for a page that has nothing to list.
func (d *desk) putEmpty(s *slot, e *tray.Empty) bool {
	if e == nil {
		return s.clear()
	}
	return s.fill(*e, func() fyne.CanvasObject { return d.empty(*e) })
}

// trouble is a panel that says what went wrong and offers what mends it.
func (d *desk) trouble(t tray.Trouble) fyne.CanvasObject {
	icon := container.NewCenter(widget.NewIcon(theme.NewWarningThemedResource(theme.WarningIcon())))
	words := tight(heading(t.Text))
	if t.Hint != "" {
		words.Add(say(t.Hint))
	}
	return panelOf(colorWarm, stack(container.New(&sided{}, icon, words), d.offers(t.Offers)))
}

// empty is a page that has nothing to list.
func (d *desk) empty(e tray.Empty) fyne.CanvasObject {
	rows := stack(widget.NewLabel(""))
	if e.Title != "" {
		rows.Add(title(e.Title))
	}
	if e.Text != "" {
		text := quiet(e.Text)
		text.Alignment = fyne.TextAlignCenter
		rows.Add(text)
	}
	if len(e.Offers) > 0 {
		rows.Add(widget.NewLabel(""))
		rows.Add(d.offers(e.Offers))
	}
	return container.New(&upperThird{}, rows)
}

// sided puts a small thing left of a large one, which gets the rest of the width.
type sided struct{}

func (*sided) MinSize(o []fyne.CanvasObject) fyne.Size {
	a, b := o[0].MinSize(), o[1].MinSize()
	return fyne.NewSize(a.Width+b.Width+6, max(a.Height, b.Height))
}

func (*sided) Layout(o []fyne.CanvasObject, size fyne.Size) {
	a := o[0].MinSize()
	o[0].Resize(fyne.NewSize(a.Width, min(size.Height, max(a.Height, 36))))
	o[0].Move(fyne.NewPos(0, 0))
	w := size.Width - a.Width - 6
	o[1].Resize(fyne.NewSize(w, max(size.Height, heightFor(o[1], w))))
	o[1].Move(fyne.NewPos(a.Width+6, 0))
}

// upperThird puts a thing where the eye looks first, with air at its sides.
type upperThird struct{}

func (*upperThird) MinSize(o []fyne.CanvasObject) fyne.Size {
	m := o[0].MinSize()
	return fyne.NewSize(m.Width, m.Height)
}

func (*upperThird) Layout(o []fyne.CanvasObject, size fyne.Size) {
	w := min(size.Width, 420)
	h := heightFor(o[0], w)
	o[0].Resize(fyne.NewSize(w, h))
	o[0].Move(fyne.NewPos((size.Width-w)/2, max(0, (size.Height-h)/3)))
}
