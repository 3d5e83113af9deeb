package app

import (
	"context"
	"errors"
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
		r.complain(ctx, err)
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
	case tray.CopyCode:
		err = r.copyCode(ctx, a.Lease)
	case tray.Pause, tray.Resume:
		_, err = r.agent.PauseReminders(ctx, a.Duration, a.Today)
	case tray.Dismiss:
		_, err = r.agent.DismissReminder(ctx, a.Reminder)
	case tray.Accept, tray.Refuse:
		_, err = r.agent.AnswerPairing(ctx, a.Code, a.Verb == tray.Accept)
	case tray.OpenWork:
		err = r.openWork(ctx, a.Lease)
	case tray.StartAgent:
		return r.startAgent(ctx)
	case tray.Quit:
		r.quit()
	}
	return err
}

// openWork opens an account in the work browser, and says so where that is the user's own profile.
func (r *resident) openWork(ctx context.Context, lease string) error {
	got, err := r.agent.OpenAccount(ctx, lease)
	if err == nil && got.GetMode() == "same_profile" {
		words := r.words()
		r.tell(ctx, tray.Notice{ID: "opened", Title: words.Text("tray_notice_terms"), Body: tray.OpenedText(words, got)})
	}
	if err != nil {
		return errors.Join(errNotOpened, err)
	}
	return nil
}

// errNotOpened marks why the work browser was not opened.
var errNotOpened = errors.New("work browser not opened")
