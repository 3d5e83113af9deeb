package fyneui

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"github.com/keyshift-hq/keyshift/internal/tray"
)

// plain is what pages have in common.
type plain struct {
	desk *desk
	body fyne.CanvasObject
}

func (p *plain) content() fyne.CanvasObject     { return p.body }
func (p *plain) update(time.Time) time.Duration { return 0 }
func (p *plain) first() fyne.Focusable          { return nil }
func (p *plain) answer(tray.Action)             {}

// titles are the keys of the pages' titles.
var titles = map[string]string{
	tray.WindowHome: "home_title", tray.WindowCheckOut: "checkout_title", tray.WindowRenew: "renew_title", tray.WindowCode: "code_title",
	tray.WindowEnroll: "enroll_title", tray.WindowReminder: "reminders_title", tray.WindowTerms: "reader_title", tray.WindowMistake: "mistake_title",
	tray.WindowSent: "ledger_title", tray.WindowBrowsers: "browsers_title", tray.WindowRelay: "relay_title", tray.WindowSettings: "settings_title", tray.WindowDiagnostics: "doctor_title",
}

func (d *desk) titleOf(window string) string {
	if key, known := titles[window]; known {
		return d.text(key)
	}
	return d.text(titles[tray.WindowHome])
}

// pageOf makes the page that is asked for; one that nobody knows is the home page. The home page stays, so that it is as
// it was when somebody comes back to it.
func (d *desk) pageOf(r tray.Request) page {
	switch r.Window {
	case tray.WindowCheckOut:
		return d.checkOutPage(r.Argument)
	case tray.WindowRenew:
		return d.renewPage(r.Argument)
	case tray.WindowCode:
		return d.codePage(r.Argument)
	case tray.WindowEnroll:
		return d.enrollPage()
	case tray.WindowReminder:
		return d.remindersPage(r.Argument)
	case tray.WindowTerms:
		return d.readerPage(r.Argument)
	case tray.WindowMistake:
		return d.mistakePage()
	case tray.WindowSent:
		return d.sentPage()
	case tray.WindowRelay:
		return d.relayPage(r.Argument)
	case tray.WindowBrowsers:
		return d.browsersPage()
	case tray.WindowSettings:
		return d.settingsPage()
	case tray.WindowDiagnostics:
		return d.doctorPage()
	}
	if d.home == nil {
		d.home = d.homePage()
	}
	return d.home
}

// sheet is the usual page: something that can be scrolled, and buttons that stay in sight below it.
func sheet(content, buttons fyne.CanvasObject) fyne.CanvasObject {
	if buttons == nil {
		return scrolled(content)
	}
	return container.New(&footed{}, scrolled(content), buttons)
}

// footed puts buttons below the rest.
type footed struct{}

func (*footed) MinSize(o []fyne.CanvasObject) fyne.Size {
	a, b := o[0].MinSize(), o[1].MinSize()
	return fyne.NewSize(max(a.Width, b.Width), a.Height+b.Height+8)
}

func (*footed) Layout(o []fyne.CanvasObject, size fyne.Size) {
	foot := heightFor(o[1], size.Width)
	if !o[1].Visible() {
		foot = -8
	}
	o[0].Resize(fyne.NewSize(size.Width, size.Height-foot-8))
	o[0].Move(fyne.NewPos(0, 0))
	o[1].Resize(fyne.NewSize(size.Width, max(0, foot)))
	o[1].Move(fyne.NewPos(0, size.Height-foot))
}

// headed gives the first thing the height that it needs in the width there is, and the other the rest.
type headed struct{}

func (*headed) MinSize(o []fyne.CanvasObject) fyne.Size {
	a, b := o[0].MinSize(), o[1].MinSize()
	return fyne.NewSize(max(a.Width, b.Width), a.Height+b.Height)
}

func (*headed) Layout(o []fyne.CanvasObject, size fyne.Size) {
	head := heightFor(o[0], size.Width)
	o[0].Resize(fyne.NewSize(size.Width, head))
	o[0].Move(fyne.NewPos(0, 0))
	o[1].Resize(fyne.NewSize(size.Width, max(0, size.Height-head)))
	o[1].Move(fyne.NewPos(0, head))
}

// refit lays the page out anew, after something in it came or went.
func (d *desk) refit() { d.body.Refresh() }
