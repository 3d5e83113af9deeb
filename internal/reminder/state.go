package reminder

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// State is what is remembered between two steps, and over a restart. It never leaves the device. The zero value is that
// of a new device.
type State struct {
	// Waiting are the reminders that were held back, the most urgent first.
	Waiting []Reminder `json:"waiting,omitempty"`
	// Shown are those of the last hour.
	Shown []Showing `json:"shown,omitempty"`
	// Leases are those of the last step, with what was said about each.
	Leases []Told `json:"leases,omitempty"`
	// Pause is until when advice waits.
	Pause time.Time `json:"pause,omitzero"`
	// LastAdvice is when the last advice was shown, LastTick when the last one by interval became due.
	LastAdvice time.Time `json:"last_advice,omitzero"`
	LastTick   time.Time `json:"last_tick,omitzero"`
	// LastText is the last text that was shown.
	LastText string `json:"last_text,omitempty"`
	// PersonalOn is the day whose first check-out was seen.
	PersonalOn keyshift.Date `json:"personal_on,omitzero"`
	// Turns counts how often each list of texts was used, Made all reminders.
	Turns map[string]int `json:"turns,omitempty"`
	Made  int            `json:"made,omitempty"`
	// Rules are the versions that are known.
	Rules map[string]string `json:"rules,omitempty"`
	// Counts are how often each kind was shown.
	Counts map[Kind]int `json:"counts,omitempty"`
}

// Showing is a reminder that was shown.
type Showing struct {
	At   time.Time `json:"at"`
	Kind Kind      `json:"kind"`
}

// Told is a lease with the warnings that became due.
type Told struct {
	Lease
	Early bool `json:"early,omitempty"`
	Late  bool `json:"late,omitempty"`
}

// copy gives a state that can be changed without changing the other.
func (s State) copy() State {
	s.Waiting, s.Shown, s.Leases = slices.Clone(s.Waiting), slices.Clone(s.Shown), slices.Clone(s.Leases)
	s.Turns, s.Rules, s.Counts = clone(s.Turns), clone(s.Rules), clone(s.Counts)
	return s
}

func clone[K comparable, V any](m map[K]V) map[K]V {
	if m == nil {
		return map[K]V{}
	}
	return maps.Clone(m)
}

// notAfter brings moments back to now that the clock, set back, has left in the future.
func (s *State) notAfter(now time.Time) {
	for _, t := range []*time.Time{&s.LastAdvice, &s.LastTick} {
		if t.After(now) {
			*t = now
		}
	}
	for i := range s.Shown {
		if s.Shown[i].At.After(now) {
			s.Shown[i].At = now
		}
	}
	if s.Pause.After(now.Add(24 * time.Hour)) {
		s.Pause = time.Time{}
	}
}

// forget drops showings that do not count any more.
func (s *State) forget(now time.Time) {
	s.Shown = slices.DeleteFunc(s.Shown, func(v Showing) bool { return now.Sub(v.At) >= time.Hour })
}

// wait adds a reminder that became due.
func (s *State) wait(r Reminder) {
	s.Made++
	r.ID = strconv.Itoa(s.Made)
	s.Waiting = append(s.Waiting, r)
}

// drop removes waiting reminders that have lost their sense.
func (s *State) drop(pointless func(Reminder) bool) {
	s.Waiting = slices.DeleteFunc(s.Waiting, pointless)
}

// Dismiss removes a waiting reminder that the user has read or does not want; unknown ids are ignored.
func (s State) Dismiss(id string) State {
	s = s.copy()
	s.drop(func(r Reminder) bool { return r.ID == id })
	return s
}

// PauseFor makes advice wait. Notices still come: they are about something that is held.
func (s State) PauseFor(d time.Duration, now time.Time) State {
	s.Pause = now.Add(d)
	return s
}

// PauseForToday makes advice wait until the next day at the place of work.
func (s State) PauseForToday(hours keyshift.WorkHours, now time.Time) State {
	s.Pause = hours.EndOfDay(now)
	return s
}

// Resume ends a pause.
func (s State) Resume() State {
	s.Pause = time.Time{}
	return s
}
