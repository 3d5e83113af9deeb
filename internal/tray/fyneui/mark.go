package fyneui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// mark stands for a network: letters on a colored square, drawn by us. The networks' logos are theirs.
type mark struct {
	widget.BaseWidget
	network keyshift.Network
	side    float32
	muted   bool
}

func newMark(side float32) *mark {
	m := &mark{side: side}
	m.ExtendBaseWidget(m)
	return m
}

func (m *mark) set(n keyshift.Network, muted bool) {
	if m.network == n && m.muted == muted {
		return
	}
	m.network, m.muted = n, muted
	m.Refresh()
}

// letters and colors of the networks: none is a network's own.
var marks = map[keyshift.Network]struct {
	letters string
	fill    color.NRGBA
}{
	keyshift.X:         {"X", rgb(0x3d4654)},
	keyshift.Facebook:  {"Fb", rgb(0x3a5a8c)},
	keyshift.Instagram: {"Ig", rgb(0x85487a)},
	keyshift.Pinterest: {"Pi", rgb(0x9a4438)},
}

// MinSize is the mark's own.
func (m *mark) MinSize() fyne.Size { return fyne.NewSquareSize(m.side) }

// CreateRenderer makes the square and the letters.
func (m *mark) CreateRenderer() fyne.WidgetRenderer {
	p := &markRenderer{mark: m, square: canvas.NewRectangle(nil), text: canvas.NewText("", rgb(0xffffff))}
	p.text.Alignment = fyne.TextAlignCenter
	p.text.TextStyle.Bold = true
	p.paint()
	return p
}

type markRenderer struct {
	mark   *mark
	square *canvas.Rectangle
	text   *canvas.Text
}

func (p *markRenderer) paint() {
	look, known := marks[p.mark.network]
	if !known {
		look.letters, look.fill = "?", rgb(0x5a6472)
	}
	if p.mark.muted {
		look.fill.A = 0x90
	}
	p.square.FillColor, p.square.CornerRadius = look.fill, p.mark.side/4
	p.text.Text, p.text.TextSize = look.letters, p.mark.side*0.42
}

func (p *markRenderer) Layout(size fyne.Size) {
	d := min(size.Width, size.Height)
	p.square.Resize(fyne.NewSquareSize(d))
	p.square.Move(fyne.NewPos((size.Width-d)/2, (size.Height-d)/2))
	h := p.text.MinSize().Height
	p.text.Resize(fyne.NewSize(size.Width, h))
	p.text.Move(fyne.NewPos(0, (size.Height-h)/2))
}

func (p *markRenderer) MinSize() fyne.Size { return p.mark.MinSize() }

func (p *markRenderer) Refresh() {
	p.paint()
	p.Layout(p.mark.Size())
	canvas.Refresh(p.mark)
}

func (p *markRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{p.square, p.text} }

func (p *markRenderer) Destroy() {}
