package app

import (
	"context"
	"fmt"
	"os/exec"
	"time"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
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
	case tray.Browse:
		return browse(ctx, a.Network)
	case tray.StartAgent:
		return r.startAgent(ctx)
	case tray.Quit:
		r.quit()
	}
	return err
}

// pages are where the networks are.
var pages = map[keyshift.Network]string{
	keyshift.X: "https://x.com/", keyshift.Facebook: "https://www.facebook.com/",
	keyshift.Instagram: "https://www.instagram.com/", keyshift.Pinterest: "https://www.pinterest.com/",
}

// browse opens a network's page in the browser.
func browse(ctx context.Context, n keyshift.Network) error {
	words := opener(pages[n])
	return launch(ctx, exec.Command(words[0], words[1:]...)) // #nosec G204 -- constants
}

// launch starts a program that outlives the tray, and tells of one that fails before ctx ends. On a desk without a desktop
// environment the program that opens an address is the browser itself, which goes on.
func launch(ctx context.Context, cmd *exec.Cmd) error {
	detach(cmd)
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("open browser: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			return fmt.Errorf("open browser: %w", err)
		}
	case <-ctx.Done():
	}
	return nil
}
