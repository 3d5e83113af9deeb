package workbrowser

import (
	"errors"
	"fmt"
	"net/url"

	"github.com/keyshift-hq/keyshift/internal/native"
)

// Order says what to open.
type Order struct {
	// Account is whose folder is used: any text that stays the same for the account.
	Account string
	// URL is the address to open, https and without anything secret: it becomes visible to every user of the computer.
	URL string
	// Mode is what keeps it apart; empty is a browser of its own.
	Mode native.ProfileMode
	// Browser is the id of the one that is wanted; empty is any.
	Browser string
	// Keep leaves the folder when the browser ends, as the policy for this account says.
	Keep bool
}

// Opened says what was opened, so that it can be told honestly.
type Opened struct {
	Browser Browser
	Mode    native.ProfileMode
	// Apart: what is done there is kept apart from the user's own browsing.
	Apart bool
	// Started: a process was started. Otherwise the account's browser runs already and this desk could not tell it to open
	// the address, which Firefox takes from nobody once it runs with a profile of its own.
	Started bool
	// Missing is the wanted browser, if another one had to be taken.
	Missing string
}

var errBadOrder = errors.New("bad order")

func (o Order) validate() error {
	u, err := url.Parse(o.URL)
	switch {
	case o.Account == "":
		return fmt.Errorf("open work browser: %w: no account", errBadOrder)
	case err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil:
		return fmt.Errorf("open work browser: %w: the address is not https", errBadOrder)
	}
	return nil
}

// mode is the order's mode as far as the browser can do it.
func (o Order) mode(b Browser) native.ProfileMode {
	switch {
	case o.Mode == "", o.Mode == native.ModeContainer && b.Family != Firefox:
		return native.ModeWork
	}
	return o.Mode
}

// arguments is the command line.
func (b Browser) arguments(m native.ProfileMode, folder, extension, address string) []string {
	if m != native.ModeWork {
		return []string{address}
	}
	if b.Family == Firefox {
		return []string{"-no-remote", "--profile", folder, address}
	}
	args := []string{"--user-data-dir=" + folder, "--no-first-run", "--no-default-browser-check"}
	if extension != "" && b.ID == "chromium" { // the others ignore it, and have it by policy
		args = append(args, "--load-extension="+extension)
	}
	return append(args, "--new-window", address)
}
