package fyneui

import (
	"context"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/tray"
)

// do does what a button is for.
func (d *desk) do(a tray.Action) {
	switch a.Verb {
	case tray.Open:
		d.visit(a.Request)
	case tray.CheckIn:
		d.checkIn(a.Lease)
	case tray.Renew:
		d.renew(a.Lease, a.Duration)
	case tray.AskHub:
		d.sync()
	case tray.StartAgent:
		d.startAgent()
	case tray.OpenWork:
		d.openWork(a.Lease)
	case tray.Accept, tray.Refuse:
		d.answerBrowser(a.Code, a.Verb == tray.Accept)
	case tray.Forget:
		d.forgetBrowser(a.Text)
	case tray.Copy:
		d.copy(a.Text)
	default:
		d.page.answer(a)
	}
}

func (d *desk) text(key string, args ...string) string { return d.words.Text(key, args...) }

// copy puts a text on the clipboard.
func (d *desk) copy(text string) {
	d.app.Clipboard().SetContent(text)
	d.tell(d.text("win_copied"))
}

func (d *desk) checkIn(lease string) {
	d.tell(d.text("win_working"))
	ask(d, func(ctx context.Context) (struct{}, error) {
		_, err := d.Agent.CheckIn(ctx, lease)
		return struct{}{}, err
	}, func(_ struct{}, err error) {
		if err == nil && d.request.Window != tray.WindowHome {
			d.visit(tray.Request{Window: tray.WindowHome})
		}
		d.tellOutcome(d.text("checked_in"), err)
	})
}

// renew prolongs a lease with one tap.
func (d *desk) renew(lease string, duration time.Duration) {
	d.tell(d.text("win_working"))
	ask(d, func(ctx context.Context) (*v1.LocalServiceRenewResponse, error) {
		return d.Agent.Renew(ctx, lease, duration)
	},
		func(got *v1.LocalServiceRenewResponse, err error) {
			d.tellOutcome(d.text("renew_done", tray.Clock(d.words, got.GetLease().GetLease().GetEndsAt().AsTime(), d.Now())), err)
		})
}

func (d *desk) sync() {
	d.tell(d.text("win_working"))
	ask(d, func(ctx context.Context) (struct{}, error) {
		_, err := d.Agent.Sync(ctx)
		return struct{}{}, err
	}, func(_ struct{}, err error) { d.tellOutcome("", err) })
}

func (d *desk) startAgent() {
	if d.StartAgent == nil {
		return
	}
	d.tell(d.text("win_working"))
	ask(d, func(ctx context.Context) (struct{}, error) { return struct{}{}, d.StartAgent(ctx) },
		func(_ struct{}, err error) { d.tellOutcome("", err) })
}

// tellOutcome says in passing how something went.
func (d *desk) tellOutcome(well string, err error) {
	if t := tray.TroubleOf(d.words, err, d.Now()); t != nil {
		d.tell(t.Text + " " + t.Hint)
		return
	}
	d.tell(well)
}

// showMenu opens the menu with the other windows.
func (d *desk) showMenu() {
	var items []*fyne.MenuItem
	for _, w := range []string{tray.WindowReminder, tray.WindowTerms, tray.WindowMistake, tray.WindowSent, tray.WindowBrowsers, tray.WindowSettings, tray.WindowDiagnostics} {
		r := tray.Request{Window: w}
		items = append(items, fyne.NewMenuItem(d.titleOf(w), func() { d.visit(r) }))
	}
	menu := widget.NewPopUpMenu(fyne.NewMenu("", items...), d.window.Canvas())
	menu.ShowAtRelativePosition(fyne.NewPos(d.more.Size().Width-menu.MinSize().Width, d.more.Size().Height), d.more)
}
