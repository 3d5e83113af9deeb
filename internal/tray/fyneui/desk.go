package fyneui

import (
	"context"
	"net/url"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/keyshift-hq/keyshift/internal/i18n"
	"github.com/keyshift-hq/keyshift/internal/tray"
)

// page is what one window shows. Its methods belong to the goroutine of the user interface.
type page interface {
	// content is drawn once; update changes it.
	content() fyne.CanvasObject
	// update shows the desk's picture at a moment, and tells how long that stays true; 0 is until something is said.
	update(now time.Time) time.Duration
	// first is what the keyboard goes to, nil for nothing.
	first() fyne.Focusable
	// answer does an action that only this page understands.
	answer(tray.Action)
}

// desk is the process with its one window, in which a page is open. Its methods belong to the goroutine of the user
// interface.
type desk struct {
	Options
	bridge
	app    fyne.App
	window fyne.Window
	wishes tray.Settings
	words  i18n.Catalog

	picture tray.Picture
	page    page
	// home is the home page, once it was open.
	home    page
	request tray.Request
	// unnamed is a window that was asked for without saying of which lease, before the leases were known.
	unnamed tray.Request
	// back are the pages to go back to.
	back []tray.Request

	header, body, notice *fyne.Container
	heading, told        *widget.Label
	goBackTo             *button
	more                 *button

	visible                 bool
	stopPlan, stopLeave     func()
	stopNotice, stopFollows func()
}

func newDesk(b bridge, a fyne.App, o Options) *desk {
	nothing := func() {}
	d := &desk{Options: o, bridge: b, app: a, stopPlan: nothing, stopLeave: nothing, stopNotice: nothing, stopFollows: nothing}
	d.wishes = o.Settings
	d.words = d.wishes.Catalog(o.Languages...)
	d.app.Settings().SetTheme(newLook(d.wishes))
	return d
}

// furnish makes the window.
func (d *desk) furnish(w fyne.Window) {
	d.window = w
	d.heading, d.told = line("", true), say("")
	d.goBackTo = d.backButton()
	d.more = d.button("", false, d.showMenu)
	d.more.Icon, d.more.Importance = theme.MoreVerticalIcon(), widget.LowImportance
	d.header = container.NewBorder(nil, nil, d.goBackTo, d.more, d.heading)
	d.body = container.NewStack()
	d.notice = container.NewStack(panelOf(colorWarm, d.told))
	d.notice.Hide()
	frame := container.New(layout.NewCustomPaddedLayout(8, 10, 12, 12), container.NewBorder(d.header, d.notice, nil, nil, d.body))
	w.SetContent(frame)
	w.SetPadded(false)
	w.Resize(fyne.NewSize(460, 640))
	w.SetCloseIntercept(d.hide)
	w.Canvas().SetOnTypedKey(func(e *fyne.KeyEvent) {
		if e.Name == fyne.KeyEscape {
			d.goBack()
		}
	})
}

// show opens the window with what is asked for.
func (d *desk) show(r tray.Request) {
	d.stopLeave()
	if d.window == nil {
		d.furnish(d.app.NewWindow("Keyshift"))
	}
	if meant := d.meant(r); !d.keeps(meant) {
		d.back = nil
		d.open(meant)
	}
	d.window.Show()
	d.window.RequestFocus()
	if !d.visible {
		d.visible = true
		d.follow()
	}
	d.draw()
	if d.Shown != nil {
		d.Shown(r)
	}
}

// meant is the window that somebody wants who does not name a lease or an account: that of the only lease, or home, where
// there is a choice. Before the leases are known it is home until they are.
func (d *desk) meant(r tray.Request) tray.Request {
	d.unnamed = tray.Request{}
	home := tray.Request{Window: tray.WindowHome}
	switch {
	case r.Argument != "":
		return r
	case r.Window == tray.WindowCheckOut:
		return home
	case r.Window != tray.WindowRenew && r.Window != tray.WindowCode:
		return r
	}
	if only := d.picture.OnlyLease(d.Now()); only != "" {
		return tray.Request{Window: r.Window, Argument: only}
	}
	if d.picture.Status == nil {
		d.unnamed = r
	}
	return home
}

// name opens the window for which the leases had to be known.
func (d *desk) name() {
	r := d.unnamed
	if r.Window == "" || d.picture.Status == nil {
		return
	}
	if meant := d.meant(r); meant.Window == r.Window && d.request.Window == tray.WindowHome {
		d.open(meant)
	}
}

// keeps reports whether what is open answers a request already: who only calls for the window shall find it as it was
// left, with what was typed.
func (d *desk) keeps(r tray.Request) bool {
	return d.visible && (r == d.request || r.Window == tray.WindowHome)
}

// hide closes the window. The process stays for a while, so that the next one is there at once.
func (d *desk) hide() {
	d.visible = false
	d.stopPlan()
	d.stopFollows()
	d.page, d.home, d.body.Objects = nil, nil, nil
	d.window.Hide()
	d.stopLeave = d.after(d.Linger, d.app.Quit)
}

// follow draws what the agent says while the window is open.
func (d *desk) follow() {
	ctx, stop := context.WithCancel(d.ctx)
	d.stopFollows = stop
	feed := tray.Feed{Agent: d.Agent, Now: d.Now, Show: func(p tray.Picture) { d.post(func() { d.take(p) }) }}
	d.spawn(func() { feed.Run(ctx) })
}

func (d *desk) take(p tray.Picture) {
	d.picture = p
	d.name()
	d.draw()
}

// open puts a page into the window.
func (d *desk) open(r tray.Request) {
	d.request = r
	d.page = d.pageOf(r)
	d.header.Objects[0].Refresh()
	set(d.heading, d.titleOf(r.Window))
	d.window.SetTitle("Keyshift – " + d.titleOf(r.Window))
	d.goBackTo.Hidden = r.Window == tray.WindowHome
	d.more.Hidden = r.Window != tray.WindowHome
	d.header.Refresh()
	d.tell("")
	d.body.Objects = []fyne.CanvasObject{d.page.content()}
	d.body.Refresh()
	d.draw()
	if f := d.page.first(); f != nil {
		d.window.Canvas().Focus(f)
	} else {
		d.window.Canvas().Unfocus()
	}
}

// visit opens a page from which Back leads here.
func (d *desk) visit(r tray.Request) {
	if r.Window == tray.WindowHome {
		d.back = nil
	} else {
		d.back = append(d.back, d.request)
	}
	d.open(r)
}

// goBack leads to the page before, to the home page, or closes the window there.
func (d *desk) goBack() {
	switch last := len(d.back) - 1; {
	case last >= 0:
		r := d.back[last]
		d.back = d.back[:last]
		d.open(r)
	case d.request.Window != tray.WindowHome:
		d.open(tray.Request{Window: tray.WindowHome})
	default:
		d.hide()
	}
}

// draw shows what is known now and plans when to look again. Nothing is planned while nothing counts down.
func (d *desk) draw() {
	d.stopPlan()
	if d.page == nil {
		return
	}
	if next := d.page.update(d.Now()); next > 0 && d.visible {
		d.stopPlan = d.after(next, d.draw)
	}
}

// tell says something in passing; "" takes it away.
func (d *desk) tell(text string) {
	d.stopNotice()
	if text == "" && d.notice.Hidden {
		return
	}
	set(d.told, text)
	d.notice.Hidden = text == ""
	d.window.Content().Refresh()
	if text != "" {
		d.stopNotice = d.after(noticeTime, func() { d.tell("") })
	}
}

// noticeTime is how long something in passing can be read.
const noticeTime = 6 * time.Second

// again builds the page and everything around it anew, in another language or look.
func (d *desk) again() {
	d.words = d.wishes.Catalog(d.Languages...)
	d.app.Settings().SetTheme(newLook(d.wishes))
	d.home = nil
	d.open(d.request)
	d.window.Content().Refresh()
}

// browse opens an address in the browser.
func (d *desk) browse(address string) {
	if u, err := url.Parse(address); err == nil && u.Scheme == "https" {
		_ = d.app.OpenURL(u)
	}
}
