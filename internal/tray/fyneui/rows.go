package fyneui

import (
	"reflect"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"github.com/keyshift-hq/keyshift/internal/tray"
)

// rows is a long list of which only what can be seen exists: with 500 accounts it is as quick as with five.
type rows struct {
	widget.BaseWidget
	desk   *desk
	data   []tray.Row
	tops   []float32
	height float32
	width  float32
	scroll *container.Scroll
	inner  *fyne.Container
	shown  map[int]item
	pool   map[tray.RowKind][]item
}

// item is the widget of one row. Items of a kind are alike in height.
type item interface {
	object() fyne.CanvasObject
	kind() tray.RowKind
	set(index int, r tray.Row)
	heightIn(width float32) float32
}

const rowGap = 6

func (d *desk) rows() *rows {
	r := &rows{desk: d, shown: map[int]item{}, pool: map[tray.RowKind][]item{}}
	r.inner = container.New(&rowsLayout{r})
	r.scroll = container.NewVScroll(r.inner)
	r.scroll.OnScrolled = func(fyne.Position) { r.place() }
	r.ExtendBaseWidget(r)
	return r
}

// CreateRenderer shows the scroller.
func (r *rows) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(r.scroll) }

// Resize measures anew where the width changes.
func (r *rows) Resize(size fyne.Size) {
	r.BaseWidget.Resize(size)
	if size.Width != r.width {
		r.width = size.Width
		r.putAllAway()
		r.measure()
	}
	r.place()
}

// set shows other rows, and gives how many that can be seen were drawn again: those that stay as they are are not.
func (r *rows) set(data []tray.Row) (drawn int) {
	before := r.data
	r.data = data
	if !sameKinds(before, data) {
		r.putAllAway()
		r.measure()
	}
	for i, it := range r.shown {
		if !reflect.DeepEqual(before[i], data[i]) {
			it.set(i, data[i])
			drawn++
		}
	}
	r.place()
	return drawn
}

func sameKinds(a, b []tray.Row) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Kind != b[i].Kind || len(a[i].Offers) != len(b[i].Offers) {
			return false
		}
	}
	return true
}

// measure finds where each row begins.
func (r *rows) measure() {
	if r.width == 0 {
		return
	}
	r.tops, r.height = r.tops[:0], 0
	heights := map[[2]int]float32{}
	for i, row := range r.data {
		key := [2]int{int(row.Kind), len(row.Offers)}
		if _, known := heights[key]; !known {
			sample := r.take(row.Kind)
			sample.set(i, row)
			heights[key] = sample.heightIn(r.width - 10)
			r.pool[row.Kind] = append(r.pool[row.Kind], sample)
		}
		r.tops = append(r.tops, r.height)
		r.height += heights[key] + rowGap
	}
	r.inner.Resize(fyne.NewSize(r.width, r.height))
	r.scroll.Refresh()
}

func (r *rows) take(kind tray.RowKind) item {
	if list := r.pool[kind]; len(list) > 0 {
		r.pool[kind] = list[:len(list)-1]
		return list[len(list)-1]
	}
	switch kind {
	case tray.HeadingRow:
		return newHeadingItem()
	case tray.LeaseRow:
		return newLeaseItem(r)
	}
	return newAccountItem(r)
}

func (r *rows) putAllAway() {
	for i := range r.shown {
		r.putAway(i)
	}
}

func (r *rows) putAway(i int) {
	it := r.shown[i]
	delete(r.shown, i)
	r.pool[it.kind()] = append(r.pool[it.kind()], it)
}

func (r *rows) bottom(i int) float32 {
	if i+1 < len(r.tops) {
		return r.tops[i+1] - rowGap
	}
	return r.height - rowGap
}

// place makes the items of the rows that can be seen, and puts away the others.
func (r *rows) place() {
	if len(r.tops) != len(r.data) {
		return
	}
	top, bottom := r.scroll.Offset.Y, r.scroll.Offset.Y+r.Size().Height
	changed := false
	for i := range r.shown {
		if i >= len(r.data) || r.bottom(i) < top || r.tops[i] > bottom {
			r.putAway(i)
			changed = true
		}
	}
	for i := r.firstSeen(top); i < len(r.data) && r.tops[i] <= bottom; i++ {
		changed = r.bring(i) || changed
	}
	if changed {
		r.order()
	}
}

// firstSeen finds the first row that reaches below top.
func (r *rows) firstSeen(top float32) int {
	low, high := 0, len(r.tops)
	for low < high {
		if mid := (low + high) / 2; r.bottom(mid) < top {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low
}

func (r *rows) bring(i int) bool {
	if _, there := r.shown[i]; there {
		return false
	}
	it := r.take(r.data[i].Kind)
	it.set(i, r.data[i])
	it.object().Resize(fyne.NewSize(r.width-10, r.bottom(i)-r.tops[i]))
	it.object().Move(fyne.NewPos(0, r.tops[i]))
	r.shown[i] = it
	return true
}

// order hands the items to the container from top to bottom, the way in which Tab goes through them.
func (r *rows) order() {
	objects := make([]fyne.CanvasObject, 0, len(r.shown))
	for i := r.firstSeen(r.scroll.Offset.Y); len(objects) < len(r.shown) && i < len(r.data); i++ {
		if it, there := r.shown[i]; there {
			objects = append(objects, it.object())
		}
	}
	r.inner.Objects = objects
	r.inner.Refresh()
}

// reveal scrolls so that a row can be seen, and gives its item.
func (r *rows) reveal(i int) item {
	switch {
	case r.tops[i] < r.scroll.Offset.Y:
		r.scroll.ScrollToOffset(fyne.NewPos(0, r.tops[i]))
	case r.bottom(i) > r.scroll.Offset.Y+r.Size().Height:
		r.scroll.ScrollToOffset(fyne.NewPos(0, r.bottom(i)-r.Size().Height))
	}
	r.place()
	return r.shown[i]
}

// step moves the keyboard to the next row up or down that takes it.
func (r *rows) step(from, by int) {
	for i := from + by; i >= 0 && i < len(r.data); i += by {
		if f, ok := r.reveal(i).object().(fyne.Focusable); ok {
			r.desk.window.Canvas().Focus(f)
			return
		}
	}
}

type rowsLayout struct{ rows *rows }

func (l *rowsLayout) MinSize([]fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(0, max(0, l.rows.height-rowGap))
}

func (l *rowsLayout) Layout([]fyne.CanvasObject, fyne.Size) {}
