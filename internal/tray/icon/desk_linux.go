package icon

import (
	"context"
	"fmt"

	"fyne.io/systray"
	"github.com/godbus/dbus/v5"

	"github.com/keyshift-hq/keyshift/assets"
	"github.com/keyshift-hq/keyshift/internal/sessionbus"
	"github.com/keyshift-hq/keyshift/internal/tray"
)

// title is the item's Id and Title; tests and panels know it by that.
const title = "Keyshift"

// label writes a text for com.canonical.dbusmenu, where an underscore marks a shortcut.
func label(text string) string { return doubled(text, "_") }

func tooltip(text string) string { return text }

func setIcon(s tray.State, dark bool) { systray.SetIcon(straight(assets.Icon(string(s), dark))) }

const watcher = "org.kde.StatusNotifierWatcher"

// Hosts tells at once whether there is a tray host, and again whenever that changes, until ctx ends. Without a session
// bus it is an error. Its connection is its own: on the shared one, package systray takes a signal of anybody's for the end
// of its work, and does not come back with a tray host.
func Hosts(ctx context.Context, tell func(there bool)) error {
	bus, err := sessionbus.Join(ctx)
	if err != nil {
		return err
	}
	defer bus.Close()
	changes := make(chan *dbus.Signal, 8)
	bus.Signal(changes)
	match := []dbus.MatchOption{
		dbus.WithMatchInterface("org.freedesktop.DBus"), dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, watcher),
	}
	if err := bus.AddMatchSignalContext(ctx, match...); err != nil {
		return fmt.Errorf("watch tray host: %w", err)
	}
	var there bool
	if err := bus.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.NameHasOwner", 0, watcher).Store(&there); err != nil {
		return fmt.Errorf("look for tray host: %w", err)
	}
	tell(there)
	follow(ctx, changes, tell)
	return nil
}

func follow(ctx context.Context, changes <-chan *dbus.Signal, tell func(bool)) {
	for {
		select {
		case s, ok := <-changes:
			if !ok {
				return
			}
			if owner, ok := newOwner(s); ok {
				tell(owner != "")
			}
		case <-ctx.Done():
			return
		}
	}
}

// newOwner reads who owns the watcher's name now; nobody is "".
func newOwner(s *dbus.Signal) (owner string, ok bool) {
	var name, before string
	if s.Name != "org.freedesktop.DBus.NameOwnerChanged" || dbus.Store(s.Body, &name, &before, &owner) != nil {
		return "", false
	}
	return owner, name == watcher
}
