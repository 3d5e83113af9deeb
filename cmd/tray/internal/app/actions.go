package app

import (
	"context"
	"time"

	"github.com/keyshift-hq/keyshift/internal/tray"
)

// actionLimit bounds what a click sets going.
const actionLimit = time.Minute

// do does what a click asks for.
func (r *resident) do(ctx context.Context, a tray.Action) {
	limited, cancel := context.WithTimeout(ctx, actionLimit)
	defer cancel()
	if err := r.act(limited, a); err != nil {
		r.log.Warn("action failed", "action", string(a.Verb), "error", err.Error())
	}
}

func (r *resident) act(ctx context.Context, a tray.Action) (err error) {
	switch a.Verb {
	case tray.Open:
		r.windows.show(a.Request)
	case tray.Renew:
		_, err = r.agent.Renew(ctx, a.Lease, a.Duration)
	case tray.CheckIn:
		_, err = r.agent.CheckIn(ctx, a.Lease)
	case tray.Pause, tray.Resume:
		_, err = r.agent.PauseReminders(ctx, a.Duration, a.Today)
	case tray.Dismiss:
		_, err = r.agent.DismissReminder(ctx, a.Reminder)
	case tray.Quit:
		r.quit()
	}
	return err
}
