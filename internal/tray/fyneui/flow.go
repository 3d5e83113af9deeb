package fyneui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
)

// flow puts objects side by side with the same width, or one below the other where that is too narrow, as it is with
// large texts.
type flow struct{ width float32 }

func newFlow(objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(&flow{}, objects...)
}

// columns is how many stand side by side: as many as fit, and in each line as many as in the others where that is possible.
func (f *flow) columns(objects []fyne.CanvasObject, width float32) int {
	n, widest := 0, float32(0)
	for _, o := range objects {
		if o.Visible() {
			n++
			widest = max(widest, o.MinSize().Width)
		}
	}
	if n == 0 {
		return 1
	}
	if width <= 0 {
		return n
	}
	gap := theme.Padding()
	most := min(n, max(1, int((width+gap)/(widest+gap))))
	lines := (n + most - 1) / most
	return (n + lines - 1) / lines // of four where three fit, two and two
}

// MinSize is that of the widest, and as high as the last known width makes it.
func (f *flow) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(f.widest(objects), f.height(objects, f.width))
}

func (f *flow) widest(objects []fyne.CanvasObject) float32 {
	var w float32
	for _, o := range objects {
		if o.Visible() {
			w = max(w, o.MinSize().Width)
		}
	}
	return w
}

// height is what the objects need in a width.
func (f *flow) height(objects []fyne.CanvasObject, width float32) float32 {
	columns, n, highest := f.columns(objects, width), 0, float32(0)
	for _, o := range objects {
		if o.Visible() {
			n++
			highest = max(highest, o.MinSize().Height)
		}
	}
	lines := (n + columns - 1) / columns
	return float32(lines)*highest + float32(max(0, lines-1))*theme.Padding()
}

// Layout places the objects.
func (f *flow) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	f.width = size.Width
	columns, gap := f.columns(objects, size.Width), theme.Padding()
	w, i := (size.Width-gap*float32(columns-1))/float32(columns), 0
	for _, o := range objects {
		if !o.Visible() {
			continue
		}
		h := o.MinSize().Height
		o.Resize(fyne.NewSize(w, h))
		o.Move(fyne.NewPos(float32(i%columns)*(w+gap), float32(i/columns)*(h+gap)))
		i++
	}
}
