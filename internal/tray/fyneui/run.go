package fyneui

import (
	"context"

	"github.com/keyshift-hq/keyshift/internal/tray"
)

// Options are what a window process is given.
type Options = tray.WindowOptions

// Run shows windows until ctx ends, Requests is closed, or no window was open for o.Linger. It needs OpenGL; where that is
// missing, the toolkit ends the process with a message.
func Run(ctx context.Context, o Options) error {
	a := newDesk(o)
	stop := context.AfterFunc(ctx, a.quit)
	defer stop()
	go a.take()
	go a.follow(ctx)
	a.show(o.First)
	a.app.Run()
	return nil
}
