package fyneui

import (
	"context"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"
	"fyne.io/fyne/v2/widget"

	"github.com/keyshift-hq/keyshift/internal/tray"
)

// appID is the one of FyneApp.toml.
const appID = "com.github.keyshift-hq.keyshift"

// desk is the process with its window. Its methods belong to the goroutine of the user interface, unless they say else.
type desk struct {
	Options
	app    fyne.App
	window fyne.Window
	text   *widget.Label
	leave  *time.Timer
}

func newDesk(o Options) *desk {
	d := &desk{Options: o, app: app.NewWithID(appID), text: widget.NewLabel("")}
	d.leave = time.AfterFunc(o.Linger, d.quit)
	d.leave.Stop()
	return d
}

// quit ends the process, from any goroutine.
func (d *desk) quit() { fyne.Do(d.app.Quit) }

// take shows what is asked for. It runs on a goroutine of its own.
func (d *desk) take() {
	for r := range d.Requests {
		fyne.Do(func() { d.show(r) })
	}
	d.quit()
}

func (d *desk) show(r tray.Request) {
	d.leave.Stop()
	if d.window == nil {
		d.window = d.app.NewWindow("Keyshift")
		d.window.SetContent(d.text)
		d.window.Resize(fyne.NewSize(420, 320))
		d.window.SetCloseIntercept(func() {
			d.window.Hide()
			d.leave.Reset(d.Linger)
		})
	}
	d.window.Show()
	d.window.RequestFocus()
	d.Shown(r)
}

// follow draws what the agent says. It runs on a goroutine of its own.
func (d *desk) follow(ctx context.Context) {
	feed := tray.Feed{Agent: d.Agent, Now: d.Now, Show: func(p tray.Picture) {
		view := tray.View{Picture: p, Words: d.Words}
		lines := []string{view.Tooltip(d.Now())}
		for _, a := range p.Accounts {
			lines = append(lines, tray.Title(a))
		}
		fyne.Do(func() { d.text.SetText(strings.Join(lines, "\n")) })
	}}
	feed.Run(ctx)
}
