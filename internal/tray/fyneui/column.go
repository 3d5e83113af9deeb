package fyneui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
)

// column puts objects one below the other. Unlike Fyne's box it gives each its width first and asks for its height then,
// so that texts that break into lines get the room they need at once.
type column struct{ gap float32 }

// stack puts objects closely one below the other.
func stack(objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(&column{}, objects...)
}

// spaced puts objects one below the other with room between them.
func spaced(objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(&column{gap: 10}, objects...)
}

// tight puts texts one below the other without the room that labels keep around them.
func tight(objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(&column{gap: -1.3 * theme.InnerPadding()}, objects...)
}

// MinSize is as wide as the widest and as high as all are at their present widths.
func (c *column) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var size fyne.Size
	for _, o := range objects {
		if o.Visible() {
			m := o.MinSize()
			size.Width = max(size.Width, m.Width)
			size.Height += m.Height + c.gap
		}
	}
	size.Height = max(0, size.Height-c.gap)
	return size
}

// Layout places the objects.
func (c *column) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	var y float32
	for _, o := range objects {
		if !o.Visible() {
			continue
		}
		h := heightFor(o, size.Width)
		o.Resize(fyne.NewSize(size.Width, h))
		o.Move(fyne.NewPos(0, y))
		y += h + c.gap
	}
}

// heightFor is the height that an object needs in a width. Something in it may have come since it was laid out.
func heightFor(o fyne.CanvasObject, width float32) float32 {
	if c, ok := o.(*fyne.Container); ok && c.Layout != nil && c.Size().Width == width {
		c.Layout.Layout(c.Objects, fyne.NewSize(width, c.MinSize().Height))
	} else if o.Size().Width != width {
		o.Resize(fyne.NewSize(width, o.MinSize().Height))
	}
	return o.MinSize().Height
}

// scrolled makes content that is higher than the window reachable.
func scrolled(content fyne.CanvasObject) *fyne.Container {
	scroll := container.NewVScroll(beside(content))
	return container.New(&fitting{scroll}, scroll)
}

// beside leaves room for the scroll bar.
func beside(content fyne.CanvasObject) *fyne.Container {
	return container.New(layout.NewCustomPaddedLayout(2, 4, 2, 10), content)
}

// fitting gives the content of a scroller its width before its height is asked for.
type fitting struct{ scroll *container.Scroll }

// MinSize is small: what does not fit is scrolled to.
func (f *fitting) MinSize([]fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(f.scroll.Content.MinSize().Width, 60)
}

// Layout fits the content into the width.
func (f *fitting) Layout(_ []fyne.CanvasObject, size fyne.Size) {
	content := f.scroll.Content
	content.Resize(fyne.NewSize(size.Width, max(size.Height, heightFor(content, size.Width))))
	f.scroll.Resize(size)
	f.scroll.Refresh()
}
