// Package workbrowser starts a browser for one account, apart from the user's own, watches it, and leaves nothing of it.
//
// [Installed] finds the browsers of a computer, [Choose] takes one by what the admin or the user said. A [Desk] keeps one
// folder per account and a browser in it:
//
//   - Chromium, Chrome, Edge, Brave: with a --user-data-dir of its own;
//   - Firefox: with a profile of its own (-no-remote --profile), or, in [native.ModeContainer], in the user's running
//     Firefox, where the extension makes a container;
//   - [native.ModeSameProfile]: the user's own profile. Nothing keeps it apart, the extension cleans up afterwards, and
//     [Opened.Apart] says so: an interface must not claim more.
//
// A folder is fresh by default: it is deleted when its browser ended, unless the order says that the policy keeps it, and the
// browser ended well. Only settings, bookmarks and extensions are kept.
// A browser outlives the agent that started it; the next one finds it again by the note in its folder ([Desk.Adopt]).
//
// Nothing secret is in a command line or in the environment: there is the folder and the address of the network.
package workbrowser

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
)

// Family says how a browser is started.
type Family string

const (
	Chromium Family = "chromium"
	Firefox  Family = "firefox"
)

// Browser is an installed browser.
type Browser struct {
	ID     string // chromium, chrome, edge, brave or firefox
	Name   string
	Family Family
	Path   string // of the program, absolute
	// Confined: a snap or flatpak, which cannot start native hosts reliably. It is found, to be able to say why it is not used.
	Confined bool
}

var (
	// ErrNotInstalled: there is no browser that can be used, or not the one that was chosen.
	ErrNotInstalled = errors.New("browser is not installed")
	// ErrConfined: the chosen browser is a snap or flatpak.
	ErrConfined = errors.New("browser is a snap or flatpak, which cannot reach the agent")
)

// Choose takes a browser: by id, by the absolute path of a program of the admin's choice, or, if want is empty, the first
// that is not confined.
func Choose(installed []Browser, want string) (Browser, error) {
	if filepath.IsAbs(want) {
		return named(want), nil
	}
	confined := false
	for _, b := range installed {
		if want != "" && b.ID != want {
			continue
		}
		if !b.Confined {
			return b, nil
		}
		confined = true
	}
	if confined {
		return Browser{}, fmt.Errorf("choose browser %s: %w", want, ErrConfined)
	}
	return Browser{}, fmt.Errorf("choose browser %s: %w", want, ErrNotInstalled)
}

// ChooseFor takes the browser that is wanted for an account, by id; own is what was chosen for this computer, as in [Choose],
// and counts where nothing is wanted. A program of the computer's own choice goes first where it is the wanted kind.
func ChooseFor(installed []Browser, want, own string) (Browser, error) {
	if filepath.IsAbs(own) && (want == "" || named(own).ID == want) {
		return named(own), nil
	}
	return Choose(installed, cmp.Or(want, own))
}

// named describes a program by its file name.
func named(path string) Browser {
	name := strings.ToLower(strings.TrimSuffix(filepath.Base(path), ".exe"))
	b := Browser{ID: "chromium", Name: filepath.Base(path), Family: Chromium, Path: path}
	switch {
	case strings.Contains(name, "firefox"):
		b.ID, b.Family = "firefox", Firefox
	case strings.Contains(name, "edge"):
		b.ID = "edge"
	case strings.Contains(name, "brave"):
		b.ID = "brave"
	case strings.Contains(name, "chrome"):
		b.ID = "chrome"
	}
	return b
}
