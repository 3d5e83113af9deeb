package fyneui

import (
	"context"
	"time"

	"fyne.io/fyne/v2"
)

// bridge is the only way between the goroutine of the user interface and others. No page asks the agent, reads a file or
// waits for anything but through it.
type bridge struct {
	ctx context.Context
	// post runs a function on the goroutine of the user interface, spawn on one of its own.
	post, spawn func(func())
	// after runs a function on the goroutine of the user interface once a time is over, unless it is stopped before.
	after func(time.Duration, func()) (stop func())
}

func newBridge(ctx context.Context) bridge {
	return bridge{
		ctx: ctx, post: fyne.Do, spawn: func(f func()) { go f() },
		after: func(d time.Duration, f func()) func() {
			timer := time.AfterFunc(d, func() { fyne.Do(f) })
			return func() { timer.Stop() }
		},
	}
}

// ask does work away from the user interface and hands what came of it to then, unless another page was opened since.
func ask[T any](d *desk, work func(context.Context) (T, error), then func(T, error)) {
	asking := d.page
	d.spawn(func() {
		got, err := work(d.ctx)
		d.post(func() {
			if d.page == asking {
				then(got, err)
			}
		})
	})
}
