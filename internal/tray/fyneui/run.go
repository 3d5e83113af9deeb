package fyneui

import (
	"context"

	"fyne.io/fyne/v2/app"

	"github.com/keyshift-hq/keyshift/internal/tray"
)

// Options are what a window process is given.
type Options = tray.WindowOptions

// appID is the one of FyneApp.toml.
const appID = "com.github.keyshift-hq.keyshift"

// Run shows windows until ctx ends, Requests is closed, or no window was open for o.Linger. It needs OpenGL; where that is
// missing, the toolkit ends the process with a message.
func Run(ctx context.Context, o Options) error {
	a := app.NewWithID(appID)
	d := newDesk(newBridge(ctx), a, o)
	stop := context.AfterFunc(ctx, d.quit)
	defer stop()
	go d.listen()
	d.show(o.First)
	a.Run()
	return nil
}

// quit ends the process, from any goroutine.
func (d *desk) quit() { d.post(d.app.Quit) }

// listen shows what is asked for. It runs on a goroutine of its own.
func (d *desk) listen() {
	for r := range d.Requests {
		d.post(func() { d.show(r) })
	}
	d.quit()
}
