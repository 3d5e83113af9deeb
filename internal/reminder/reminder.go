// Package reminder decides when to remind of what, without nagging. It is pure: it takes the moment and the situation as
// arguments, keeps what it remembers in a [State], and asks nobody.
//
// # Kinds
//
// Advice is about manners: the terms of a network at check-out, no personal use, a short lesson, terms that changed.
// Notices are about a lease that is held: it ends soon, it ended.
//
// # When something is shown
//
// A reminder becomes due, waits, and is shown when nothing holds it:
//
//   - nobody is there to see it: the screen is locked, the user is idle, or does not want to be disturbed
//   - the cap: never more reminders in any hour than the company allows, and advice leaves room for the notices to come
//   - advice waits until work hours, until a pause is over, and some minutes after the advice before it
//
// What waits is in [State.Waiting], which the tray lists, so nothing is lost. What has lost its sense, such as a warning
// of a lease that is over, is dropped, and what waits twice for a user who is away becomes one reminder, so that there are
// never more than accounts and terms. Notices come outside of work hours too: whoever may use an account then has to know
// when it ends.
//
// # Clocks
//
// All moments are of the wall clock. If it is set back, moments that would be in the future count as now. After a suspend
// only the warnings that still make sense come.
package reminder

import (
	"slices"
	"time"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// Kind is what a reminder is about.
type Kind string

// The kinds, the most urgent first.
const (
	EndsSoon Kind = "ends_soon"
	Ended    Kind = "ended"
	Changed  Kind = "changed"
	Terms    Kind = "terms"
	Personal Kind = "personal"
	Lesson   Kind = "lesson"
)

var urgency = []Kind{EndsSoon, Ended, Changed, Terms, Personal, Lesson}

// Kinds lists all kinds, the most urgent first.
func Kinds() []Kind { return slices.Clone(urgency) }

// Advice reports whether the kind is about manners and not about a lease that is held.
func (k Kind) Advice() bool { return k != EndsSoon && k != Ended }

// Lease is what a reminder needs to know of a lease. It is comparable, and serves as its own description.
type Lease struct {
	ID      keyshift.ID      `json:"id"`
	Network keyshift.Network `json:"network"`
	Handle  string           `json:"handle"`
	EndsAt  time.Time        `json:"ends_at"`
}

func (l Lease) sameAccount(other Lease) bool {
	return l.Network == other.Network && l.Handle == other.Handle
}

// Reminder is something to tell the user.
type Reminder struct {
	// ID is unique on this device and stays the same while the reminder waits.
	ID   string `json:"id"`
	Kind Kind   `json:"kind"`
	// Text is the key of the text in package i18n.
	Text string `json:"text"`
	// Also is the key of a second text: at the first check-out of a day the terms come with the word on personal use.
	Also    string           `json:"also,omitempty"`
	Network keyshift.Network `json:"network,omitempty"`
	// Leases are those that the reminder is about; several that end together share one.
	Leases []Lease `json:"leases,omitempty"`
	// Left is how long before the end a warning is meant to come: [Early] or [Late].
	Left time.Duration `json:"left,omitempty"`
	// Due is since when it waits.
	Due time.Time `json:"due"`
	// Held says what it waits for; set while it waits.
	Held Hold `json:"held,omitempty"`
}

// Hold is what keeps a reminder waiting.
type Hold string

// What a reminder may wait for.
const (
	ForUser  Hold = "user"       // to be there
	ForHours Hold = "work_hours" // to begin
	ForPause Hold = "pause"      // to be over
	ForRoom  Hold = "room"       // under the cap, or after the advice before it
)

// How long before the end of a lease the two warnings come.
const (
	Early = 10 * time.Minute
	Late  = 2 * time.Minute
)

// Settings are the company's wishes.
type Settings struct {
	Hours keyshift.WorkHours
	// Cap is how many reminders may be shown in any hour; 0 means [DefaultCap].
	Cap int
	// Every is how long after advice the next about personal use or a lesson comes, while a lease is live; 0 means
	// [DefaultEvery].
	Every time.Duration
}

// What counts where the company does not say otherwise.
const (
	DefaultCap   = 4
	DefaultEvery = 45 * time.Minute
	// gap is between two pieces of advice, whatever they are about.
	gap = 5 * time.Minute
)

func (s Settings) limit() int {
	if s.Cap <= 0 {
		return DefaultCap
	}
	return s.Cap
}

func (s Settings) every() time.Duration {
	if s.Every <= 0 {
		return DefaultEvery
	}
	return s.Every
}

// Situation is what is so at a moment.
type Situation struct {
	Now    time.Time
	Leases []Lease
	// Away: nobody would see a reminder, or nobody wants to. If unknown, false.
	Away bool
	// Rules are the versions of the terms and policies that concern the user, by their name. Terms are named after their
	// network.
	Rules map[string]string
}

func (s Situation) has(id keyshift.ID) bool {
	return slices.ContainsFunc(s.Leases, func(l Lease) bool { return l.ID == id })
}
