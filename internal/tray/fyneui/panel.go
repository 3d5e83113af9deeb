package fyneui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// panel is a card: content on a surface with round corners.
type panel struct {
	widget.BaseWidget
	content fyne.CanvasObject
	fill    fyne.ThemeColorName
}

func newPanel(content fyne.CanvasObject) *panel { return panelOf(colorCard, content) }

func panelOf(fill fyne.ThemeColorName, content fyne.CanvasObject) *panel {
	p := &panel{content: content, fill: fill}
	p.ExtendBaseWidget(p)
	return p
}

// CreateRenderer puts the content on the surface.
func (p *panel) CreateRenderer() fyne.WidgetRenderer {
	r := &panelRenderer{panel: p, surface: canvas.NewRectangle(nil)}
	r.body = container.New(layout.NewCustomPaddedLayout(10, 10, 12, 12), p.content)
	r.paint()
	return r
}

type panelRenderer struct {
	panel   *panel
	surface *canvas.Rectangle
	body    *fyne.Container
}

func (r *panelRenderer) paint() {
	r.surface.FillColor = r.panel.Theme().Color(r.panel.fill, variant())
	r.surface.StrokeColor, r.surface.StrokeWidth = r.panel.Theme().Color(colorLine, variant()), 1
	r.surface.CornerRadius = 12
}

func (r *panelRenderer) Layout(size fyne.Size) {
	r.surface.Resize(size)
	r.body.Resize(size)
}

func (r *panelRenderer) MinSize() fyne.Size { return r.body.MinSize() }

func (r *panelRenderer) Refresh() {
	r.paint()
	r.surface.Refresh()
	r.body.Refresh()
}

func (r *panelRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.surface, r.body} }

func (r *panelRenderer) Destroy() {}

// Texts.

// say is a text that breaks into lines.
func say(text string) *widget.Label {
	l := widget.NewLabel(text)
	l.Wrapping = fyne.TextWrapWord
	return l
}

// quiet is a text beside the point.
func quiet(text string) *widget.Label {
	l := say(text)
	l.Importance = widget.LowImportance
	return l
}

// line is a text of one line, cut with an ellipsis if it is too long.
func line(text string, bold bool) *widget.Label {
	l := widget.NewLabel(text)
	l.Truncation = fyne.TextTruncateEllipsis
	l.TextStyle.Bold = bold
	return l
}

// heading is a text that stands above others.
func heading(text string) *widget.Label {
	l := say(text)
	l.TextStyle.Bold = true
	return l
}

// title is the largest text of a page.
func title(text string) *widget.Label {
	l := heading(text)
	l.SizeName = theme.SizeNameHeadingText
	l.Alignment = fyne.TextAlignCenter
	return l
}

// set changes a text only if it is another one.
func set(l *widget.Label, text string) {
	if l.Text != text {
		l.SetText(text)
	}
}
