package fyneui

import (
	"context"
	"image/color"
	"strconv"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/tray"
)

// readingView is a long text that notices how much of it was seen. The arrow keys scroll it.
type readingView struct {
	widget.BaseWidget
	desk    *desk
	scroll  *container.Scroll
	frame   *fyne.Container
	reading tray.Reading
	// seen is told whenever something was seen.
	seen func()
	// border shows that the keyboard is here.
	border *canvas.Rectangle
}

func (d *desk) readingView(paragraphs []string, seen func()) *readingView {
	text := spaced()
	for _, p := range paragraphs {
		text.Add(say(p))
	}
	v := &readingView{desk: d, seen: seen, border: canvas.NewRectangle(color.Transparent)}
	v.border.CornerRadius, v.border.StrokeWidth = 12, 2
	v.border.Hide()
	v.scroll = container.NewVScroll(beside(newPanel(text)))
	v.scroll.OnScrolled = func(fyne.Position) { v.look() }
	v.frame = container.New(&fitting{v.scroll}, v.scroll)
	v.ExtendBaseWidget(v)
	return v
}

// CreateRenderer shows the text.
func (v *readingView) CreateRenderer() fyne.WidgetRenderer {
	v.border.StrokeColor = v.Theme().Color(theme.ColorNamePrimary, variant())
	return widget.NewSimpleRenderer(container.NewStack(v.frame, v.border))
}

// Resize looks what can be seen now.
func (v *readingView) Resize(size fyne.Size) {
	v.BaseWidget.Resize(size)
	v.look()
}

// look notes what is on the screen.
func (v *readingView) look() {
	height := v.scroll.Content.Size().Height
	if v.Size().Height <= 0 || height <= 0 {
		return
	}
	top := v.scroll.Offset.Y
	v.reading.See(float64(top), float64(top+v.Size().Height), float64(height))
	v.seen()
}

// goOn scrolls to where reading stopped.
func (v *readingView) goOn() { v.scrollTo(float32(v.reading.Place()) - theme.Padding()*8) }

func (v *readingView) scrollTo(y float32) {
	most := v.scroll.Content.Size().Height - v.Size().Height
	v.scroll.ScrollToOffset(fyne.NewPos(0, min(max(0, y), max(0, most))))
	v.look()
}

// FocusGained lets the arrow keys scroll.
func (v *readingView) FocusGained() { v.border.Show() }

// FocusLost ends that.
func (v *readingView) FocusLost() { v.border.Hide() }

// TypedRune does nothing: a text is not typed into.
func (v *readingView) TypedRune(rune) {}

// TypedKey scrolls, or goes back.
func (v *readingView) TypedKey(e *fyne.KeyEvent) {
	line, page, at := theme.TextSize()*2, v.Size().Height*0.9, v.scroll.Offset.Y
	switch e.Name {
	case fyne.KeyDown:
		v.scrollTo(at + line)
	case fyne.KeyUp:
		v.scrollTo(at - line)
	case fyne.KeyPageDown, fyne.KeySpace:
		v.scrollTo(at + page)
	case fyne.KeyPageUp:
		v.scrollTo(at - page)
	case fyne.KeyHome:
		v.scrollTo(0)
	case fyne.KeyEnd:
		v.scrollTo(v.scroll.Content.Size().Height)
	case fyne.KeyEscape:
		v.desk.goBack()
	}
}

// readerPage shows texts that concern the user, one after the other, each to be acknowledged once it was seen whole.
type readerPage struct {
	plain
	// only is the network or the text that was asked for, empty for all that is to be read.
	only     string
	texts    []tray.LongText
	open     int
	view     *readingView
	progress *widget.Label
	goOn     *button
	done     *button
	refusal  *slot
	failed   *tray.Trouble
	asked    bool
	frame    *fyne.Container
	empty    *slot
}

func (d *desk) readerPage(only string) page {
	p := &readerPage{plain: plain{desk: d}, only: only, refusal: newSlot(), empty: newSlot()}
	p.progress = quiet("")
	p.frame = container.NewStack(scrolled(p.empty.Container))
	p.body = p.frame
	return p
}

func (p *readerPage) first() fyne.Focusable {
	if p.view == nil {
		return nil
	}
	return p.view
}

func (p *readerPage) update(time.Time) time.Duration {
	if !p.asked {
		p.asked = true
		p.load()
	}
	if p.desk.putTrouble(p.refusal, p.failed) {
		p.desk.refit()
	}
	return 0
}

func (p *readerPage) load() {
	d := p.desk
	ask(d, func(ctx context.Context) (*v1.LocalServiceListTextsResponse, error) { return d.Agent.Texts(ctx) },
		func(got *v1.LocalServiceListTextsResponse, err error) {
			p.failed = tray.TroubleOf(d.words, err, d.Now())
			p.texts = tray.TextsOf(d.words, got, p.only)
			p.show(0)
		})
}

// show opens one of the texts; there is none after the last.
func (p *readerPage) show(i int) {
	d := p.desk
	p.open, p.view = i, nil
	if i >= len(p.texts) {
		p.empty.clear()
		if p.failed == nil {
			d.putEmpty(p.empty, &tray.Empty{Title: d.text("reader_none_title"), Text: d.text("reader_none_text")})
		}
		p.frame.Objects = []fyne.CanvasObject{scrolled(stack(p.refusal.Container, p.empty.Container))}
		d.draw()
		d.refit()
		return
	}
	t := p.texts[i]
	p.done = d.button(d.text("reader_acknowledge"), true, p.acknowledge)
	p.goOn = d.button(d.text("reader_go_back"), false, func() { p.view.goOn() })
	p.goOn.Hide()
	p.done.Disable()
	original := d.button(d.text("reader_original"), false, func() { d.browse(t.URL) })
	foot := stack(p.progress, newFlow(p.goOn, original, p.done))
	p.done.Hidden = t.Acknowledged
	p.view = d.readingView(t.Paragraphs, p.seen)
	head := stack(tight(heading(t.Title), quiet(d.text("reader_version", t.AsOf))), p.refusal.Container)
	p.frame.Objects = []fyne.CanvasObject{container.New(&headed{}, head, container.New(&footed{}, p.view, foot))}
	d.draw()
	d.refit()
	d.window.Canvas().Focus(p.view)
}

// seen tells how far the reading came.
func (p *readerPage) seen() {
	if p.view == nil {
		return
	}
	d, r := p.desk, &p.view.reading
	skipped := r.Skipped(float64(p.view.scroll.Offset.Y))
	note := d.text("reader_progress", strconv.Itoa(r.Percent()))
	switch {
	case skipped:
		note = d.text("reader_skipped")
	case !r.Done():
		note += " · " + d.text("reader_hint")
	}
	set(p.progress, note)
	if r.Done() && p.done.Disabled() {
		p.done.Enable()
	}
	if p.goOn.Visible() != skipped {
		p.goOn.Hidden = !skipped
		d.refit()
	}
}

func (p *readerPage) acknowledge() {
	d, t := p.desk, p.texts[p.open]
	p.done.Disable()
	ask(d, func(ctx context.Context) (struct{}, error) {
		_, err := d.Agent.Acknowledge(ctx, t.ID, t.Version)
		return struct{}{}, err
	}, func(_ struct{}, err error) {
		p.failed = tray.TroubleOf(d.words, err, d.Now())
		if err != nil {
			p.done.Enable()
			d.draw()
			return
		}
		p.show(p.open + 1)
		d.tell(d.text("reader_acknowledged"))
	})
}

func (p *readerPage) answer(a tray.Action) {
	if a.Verb == tray.Again && p.view != nil {
		p.acknowledge()
	} else if a.Verb == tray.Again {
		p.load()
	}
}
