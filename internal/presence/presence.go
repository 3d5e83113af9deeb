// Package presence knows whether somebody sits at the screen and would see a notification now. Nobody is asked for a right,
// no key or pointer is watched, and nothing is kept: the operating system is asked at the moment when it matters.
//
//	           locked                              idle                          does not want to be disturbed
//	Linux      screen savers on D-Bus, logind      Mutter, logind                "Inhibited" of the notification service, dunst, xfce4-notifyd
//	Windows    the session's state                 the last input of the user    the notification state (presenting, full screen, quiet time)
//	macOS      I/O Registry                        I/O Registry                  -
//
// # Unknown is active
//
// A service that is missing, that hangs, or that answers nonsense says nothing, so that a reminder is rather shown to an
// empty chair than never. The X11 idle counter is not asked, because it stands still under Wayland, and neither is
// GetSessionIdleTime of the screen savers, whose unit differs.
//
// # Who comes back
//
// [Desk.Changes] gets a value when the system tells of a change: on Linux when a screen is locked or unlocked, when
// logind's hints or the notification service change, and under GNOME when an idle user touches something. It costs nothing
// while nothing changes. Windows and macOS tell nothing to a program without a window, and neither do some desktops, so who
// waits for a user to come back also has to look from time to time.
package presence

import (
	"context"
	"time"
)

// State is how things are at the screen. The zero value is that of a user who is there, and of what is not known.
type State struct {
	// Locked: the screen is locked, or its saver shows.
	Locked bool
	// Idle is how long nobody has touched keyboard or pointer; 0 while somebody does, or if that is not known.
	Idle time.Duration
	// Quiet: notifications are held back because the user or a program that presents wants that.
	Quiet bool
}

// IdleAfter is how long a user touches nothing before nobody counts as there. Who reads or watches does that for some
// minutes.
const IdleAfter = 5 * time.Minute

// Away reports whether nobody would see a notification, or wants to.
func (s State) Away() bool { return s.Locked || s.Quiet || s.Idle >= IdleAfter }

// lookLimit bounds one look: a service that hangs counts as one that says nothing.
const lookLimit = time.Second

// Desk is the screen of this user. Make it with [New]. It is safe for concurrent use.
type Desk struct {
	changes chan struct{}
	system  system
}

// New gives the desk of the user who runs the program. It does not look yet.
func New() *Desk { return &Desk{changes: make(chan struct{}, 1)} }

// Look tells how things are now. It takes a second at most.
func (d *Desk) Look(ctx context.Context) State {
	ctx, cancel := context.WithTimeout(ctx, lookLimit)
	defer cancel()
	return d.system.look(ctx, d.changed)
}

// Changes gets a value after something may have changed, as far as the system tells; several changes melt into one. It
// begins to do so with the first [Desk.Look], and is never closed.
func (d *Desk) Changes() <-chan struct{} { return d.changes }

// Close ends the connections to the system. The desk can be looked at again.
func (d *Desk) Close() { d.system.close() }

func (d *Desk) changed() {
	select {
	case d.changes <- struct{}{}:
	default:
	}
}
