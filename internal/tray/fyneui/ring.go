package fyneui

import (
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// ring shows how much of a time is left: a full ring at first, none at the end.
type ring struct {
	widget.BaseWidget
	diameter float32
	part     float64
	soon     bool
	text     string
}

func newRing(diameter float32) *ring {
	r := &ring{diameter: diameter}
	r.ExtendBaseWidget(r)
	return r
}

// set draws the ring anew, but only if that can be seen, and reports whether it was.
func (r *ring) set(part float64, soon bool, text string) (drawn bool) {
	part = min(1, max(0, part))
	if degrees(part) == degrees(r.part) && soon == r.soon && text == r.text {
		return false
	}
	r.part, r.soon, r.text = part, soon, text
	r.Refresh()
	return true
}

// degrees is the length of the arc: whole ones, because nobody sees less. Something left is never drawn as nothing.
func degrees(part float64) float32 { return float32(math.Ceil(part * 360)) }

// MinSize is the ring's own.
func (r *ring) MinSize() fyne.Size { return fyne.NewSquareSize(r.diameter) }

// CreateRenderer makes the track, the arc and the text in the middle.
func (r *ring) CreateRenderer() fyne.WidgetRenderer {
	p := &ringRenderer{ring: r, track: canvas.NewArc(0, 360, 0, nil), arc: canvas.NewArc(0, 0, 0, nil), text: canvas.NewText("", nil)}
	p.text.Alignment = fyne.TextAlignCenter
	p.text.TextStyle.Bold = true
	p.paint()
	return p
}

type ringRenderer struct {
	ring       *ring
	track, arc *canvas.Arc
	text       *canvas.Text
}

func (p *ringRenderer) paint() {
	r := p.ring
	thick := max(4, r.diameter/14)
	cutout := 1 - 2*thick/r.diameter
	p.track.CutoutRatio, p.arc.CutoutRatio = cutout, cutout
	p.track.FillColor, p.arc.FillColor = r.Theme().Color(colorTrack, variant()), r.Theme().Color(theme.ColorNamePrimary, variant())
	if r.soon {
		p.arc.FillColor = r.Theme().Color(theme.ColorNameWarning, variant())
	}
	p.arc.EndAngle = degrees(r.part)
	p.arc.Hidden = r.part <= 0
	p.text.Text, p.text.Color = r.text, r.Theme().Color(theme.ColorNameForeground, variant())
	p.text.TextSize = r.fit()
}

// fit is the size of the text: large, but so that it stays inside.
func (r *ring) fit() float32 {
	size := r.Theme().Size(theme.SizeNameHeadingText) * 1.3
	inside := r.diameter * 0.74
	if w := fyne.MeasureText(r.text, size, fyne.TextStyle{Bold: true}).Width; w > inside && w > 0 {
		size *= inside / w
	}
	return size
}

func (p *ringRenderer) Layout(size fyne.Size) {
	d := min(size.Width, size.Height)
	at := fyne.NewPos((size.Width-d)/2, (size.Height-d)/2)
	for _, o := range []fyne.CanvasObject{p.track, p.arc} {
		o.Resize(fyne.NewSquareSize(d))
		o.Move(at)
	}
	h := p.text.MinSize().Height
	p.text.Resize(fyne.NewSize(size.Width, h))
	p.text.Move(fyne.NewPos(0, (size.Height-h)/2))
}

func (p *ringRenderer) MinSize() fyne.Size { return p.ring.MinSize() }

func (p *ringRenderer) Refresh() {
	p.paint()
	p.Layout(p.ring.Size())
	canvas.Refresh(p.ring)
}

func (p *ringRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{p.track, p.arc, p.text}
}

func (p *ringRenderer) Destroy() {}

func variant() fyne.ThemeVariant { return fyne.CurrentApp().Settings().ThemeVariant() }
