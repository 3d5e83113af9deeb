package tray

import (
	"strings"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/i18n"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// EndsSoon is the time left from which a lease counts as ending soon.
const EndsSoon = 10 * time.Minute

// State is what the icon says.
type State string

// The states, the most urgent first.
const (
	Attention   State = "attention" // something keeps Keyshift from working, or a lease from being removed
	NotEnrolled State = "not-enrolled"
	Ending      State = "ends-soon" // the first lease that ends has less than EndsSoon left
	Offline     State = "offline"   // the hub, or the agent so far, is not reached
	Held        State = "held"
	Free        State = "free" // nothing is held
)

// States lists all states.
func States() []State { return []State{Attention, NotEnrolled, Ending, Offline, Held, Free} }

// View is a picture in somebody's language.
type View struct {
	Picture
	Words i18n.Catalog
	// Zone is the time zone of times of day; nil is the computer's.
	Zone *time.Location
	// Wishes are the user's own.
	Wishes Settings
	// NoWindows says that windows cannot be shown on this desk.
	NoWindows bool
}

// Face is what icon and menu show.
type Face struct {
	State   State
	Tooltip string
	Menu    []Item
}

// Face computes what to show at a moment.
func (v View) Face(now time.Time) Face {
	return Face{State: v.State(now), Tooltip: v.Tooltip(now), Menu: v.Menu(now)}
}

// NextChange is how long the face stays as it is if nothing happens: until a minute of some countdown is over. It is 0
// if that is for ever, as while nothing is held.
func (v View) NextChange(now time.Time) time.Duration {
	var next time.Duration
	for _, l := range v.held(now) {
		if d := UntilNextSpan(v.TimeLeft(l, now)); next == 0 || d < next {
			next = d
		}
	}
	for _, b := range v.Asking(now) {
		if d := v.asksFor(b, now); next == 0 || d < next {
			next = d
		}
	}
	for _, r := range v.Waiting(now) {
		if d := relayLeft(r, now); next == 0 || d < next {
			next = d
		}
	}
	return next
}

// State is what the icon says at a moment.
func (v View) State(now time.Time) State {
	switch {
	case v.Problem != nil:
		return Attention
	case v.Status == nil:
		return Offline
	case !v.Status.GetEnrolled():
		return NotEnrolled
	case v.troubled(), len(v.Asking(now)) > 0, len(v.Waiting(now)) > 0:
		return Attention
	}
	return v.heldState(now)
}

func (v View) heldState(now time.Time) State {
	left, holds := v.firstEnd(now)
	switch {
	case holds && left <= EndsSoon:
		return Ending
	case !v.Status.GetConnected():
		return Offline
	case holds:
		return Held
	}
	return Free
}

// troubled reports whether the agent cannot do what it should.
func (v View) troubled() bool {
	if v.Status.GetProblem() != nil || v.Status.GetTrust() == v1.Trust_TRUST_CLOCK_SUSPECT {
		return true
	}
	for _, l := range v.Leases() {
		if l.GetWipeFailure() != "" {
			return true
		}
	}
	return false
}

// firstEnd is the shortest time left of the live leases, if there are any.
func (v View) firstEnd(now time.Time) (left time.Duration, holds bool) {
	for _, l := range v.Leases() {
		if d := v.TimeLeft(l, now); v.Live(l, now) && (!holds || d < left) {
			left, holds = d, true
		}
	}
	return left, holds
}

// mostToldLeases is how many leases a tooltip tells; the menu has all.
const mostToldLeases = 10

// Tooltip says in a line per lease what is held, and in the first line what is wrong if something is.
func (v View) Tooltip(now time.Time) string {
	lines := []string{"Keyshift"}
	if wrong := v.headline(); wrong != "" {
		lines = append(lines, keyshift.CleanText(wrong, longestLine))
	}
	for n, l := range v.held(now) {
		if n == mostToldLeases {
			lines = append(lines, "…")
			break
		}
		lines = append(lines, v.countdown(l, now))
	}
	if len(lines) == 1 {
		lines = append(lines, v.Words.Text("tray_nothing_held"))
	}
	return strings.Join(lines, "\n")
}

// held are the live leases.
func (v View) held(now time.Time) []*v1.HeldLease {
	var held []*v1.HeldLease
	for _, l := range v.Leases() {
		if v.Live(l, now) {
			held = append(held, l)
		}
	}
	return held
}

// countdown is "@acme (X): 42 min left".
func (v View) countdown(l *v1.HeldLease, now time.Time) string {
	return v.Words.Text("tray_lease", Title(l.GetLease()), Span(v.Words, v.TimeLeft(l, now)))
}

// headline says what is wrong; empty if all is well.
func (v View) headline() string {
	switch {
	case v.Problem != nil:
		return ErrorText(v.Words, v.Problem.Code, v.Problem.Text)
	case v.Status == nil:
		return v.Words.Text("tray_starting")
	case !v.Status.GetEnrolled():
		return v.Words.Text("tray_not_enrolled")
	case v.Status.GetProblem() != nil:
		return ErrorText(v.Words, keyshift.Code(v.Status.GetProblem().GetCode()), v.Status.GetProblem().GetText())
	case v.Status.GetTrust() == v1.Trust_TRUST_CLOCK_SUSPECT:
		return v.Words.Text("tray_clock")
	case !v.Status.GetConnected():
		return v.Words.Text("tray_offline")
	}
	return ""
}
