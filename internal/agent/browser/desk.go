package browser

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/keyshift-hq/keyshift/internal/agent/nativehost"
	"github.com/keyshift-hq/keyshift/internal/agent/workbrowser"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// Desk has the work browsers of package workbrowser as [Work].
type Desk struct{ *workbrowser.Desk }

// Open opens an address in the browser of an account.
func (d Desk) Open(order WorkOrder) (WorkOpened, error) {
	o, err := d.Desk.Open(workbrowser.Order{Account: order.Account, URL: order.Address, Browser: order.Browser, Keep: order.Keep})
	switch {
	case errors.Is(err, workbrowser.ErrConfined):
		err = keyshift.Refuse(keyshift.CodeUnavailable, "The browsers of this computer are snaps or flatpaks, which cannot reach the agent.",
			"Install one as a package, or ask your admin.").Because(err)
	case errors.Is(err, workbrowser.ErrNotInstalled):
		err = keyshift.Refuse(keyshift.CodeUnavailable, "There is no browser that can be used for work.",
			"Install Chromium, Chrome, Edge, Brave or Firefox, or ask your admin.").Because(err)
	case err != nil:
		err = keyshift.Refuse(keyshift.CodeUnavailable, "The work browser could not be started.", "Run keyshift-agent doctor.").Because(err)
	}
	return WorkOpened{o.Browser.ID, o.Mode, o.Missing}, err
}

// prepare puts the native host's manifest into the folder of a work browser: with a data folder of its own, a Chromium does not
// look into that of the user. Firefox does.
func prepare(stateDir string) func(workbrowser.Browser, string) error {
	return func(b workbrowser.Browser, folder string) error {
		place, needed := nativehost.InFolder(folder)
		if b.Family == workbrowser.Firefox || !needed {
			return nil
		}
		program, err := os.Executable()
		if err != nil {
			return fmt.Errorf("find own program: %w", err)
		}
		return place.Install(program, nativehost.Recorded(append(nativehost.SystemFolders(), stateDir)...))
	}
}

// Adopt finds the browsers of an earlier agent. What was left of those that ended is gone, so nobody owes it any more.
func (s *Server) Adopt(d Desk) {
	_, ended, err := d.Desk.Adopt()
	if err != nil {
		s.Log.Error("look for earlier work browsers", "error", err)
	}
	for _, account := range ended {
		s.workGone(d, account)
	}
}

// workGone takes note that a work browser ended, if its folder is gone too, or has nothing of a session.
func (s *Server) workGone(d Desk, account string) {
	if err := d.Close(context.Background(), account); err != nil {
		s.Log.Error("remove folder of work browser", "error", err)
		return
	}
	s.WorkEnded(account)
}
