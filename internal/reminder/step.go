package reminder

import (
	"cmp"
	"slices"
	"time"
)

// Step takes what is so and gives what to show now, most urgent first, the state to keep, and when to step again if
// nothing changes before; the zero time is never. The state that is given is not changed.
func Step(s State, settings Settings, now Situation) (State, []Reminder, time.Time) {
	s = s.copy()
	s.notAfter(now.Now)
	s.forget(now.Now)
	become(&s, settings, now)
	slices.SortStableFunc(s.Waiting, func(a, b Reminder) int {
		return cmp.Compare(slices.Index(urgency, a.Kind), slices.Index(urgency, b.Kind))
	})
	shown := show(&s, settings, now)
	return s, shown, next(s, settings, now)
}

// show takes from the waiting what nothing holds.
func show(s *State, settings Settings, now Situation) []Reminder {
	var shown []Reminder
	waiting := s.Waiting
	s.Waiting = nil
	for _, r := range waiting {
		if r.Kind == Terms && r.Text == s.LastText && r.Also == "" {
			continue // the user has just read them
		}
		if r.Held = s.hold(r, settings, now); r.Held != "" {
			s.Waiting = append(s.Waiting, r)
			continue
		}
		s.remember(r, now.Now)
		shown = append(shown, r)
	}
	return shown
}

// hold says what a reminder has to wait for; empty is nothing.
func (s *State) hold(r Reminder, settings Settings, now Situation) Hold {
	switch {
	case now.Away:
		return ForUser
	case r.Kind.Advice() && !settings.Hours.Contain(now.Now):
		return ForHours
	case r.Kind.Advice() && now.Now.Before(s.Pause):
		return ForPause
	case r.Kind.Advice() && now.Now.Sub(s.LastAdvice) < gap:
		return ForRoom
	case len(s.Shown)+s.reserve(r, now) >= settings.limit():
		return ForRoom
	}
	return ""
}

// reserve is how many places under the cap advice leaves free for the notices of the next hour.
func (s *State) reserve(r Reminder, now Situation) int {
	if !r.Kind.Advice() {
		return 0
	}
	moments := map[time.Time]bool{}
	for _, l := range s.Leases {
		for _, at := range l.notices() {
			if at.Before(now.Now.Add(time.Hour)) {
				moments[at.Truncate(time.Minute)] = true
			}
		}
	}
	return len(moments)
}

// notices are the moments of the warnings that did not become due yet, and of the end.
func (t Told) notices() []time.Time {
	at := []time.Time{t.EndsAt}
	if !t.Early {
		at = append(at, t.EndsAt.Add(-Early))
	}
	if !t.Late {
		at = append(at, t.EndsAt.Add(-Late))
	}
	return at
}

func (s *State) remember(r Reminder, now time.Time) {
	s.Shown = append(s.Shown, Showing{At: now, Kind: r.Kind})
	s.Counts[r.Kind]++
	s.LastText = r.Text
	if r.Kind.Advice() {
		s.LastAdvice = now
	}
}

// next is the earliest moment at which a step may have something to do.
func next(s State, settings Settings, now Situation) time.Time {
	var moments []time.Time
	for _, l := range s.Leases {
		moments = append(moments, l.notices()...)
	}
	if len(s.Leases) > 0 {
		moments = append(moments, s.LastTick.Add(settings.every()))
	}
	for _, r := range s.Waiting {
		moments = append(moments, s.freed(r, settings, now))
	}
	return soonest(moments, now.Now)
}

// freed is when what holds a reminder may be over; the zero time if only the user's return ends it.
func (s *State) freed(r Reminder, settings Settings, now Situation) time.Time {
	switch r.Held {
	case ForHours:
		return settings.Hours.Next(now.Now)
	case ForPause:
		return s.Pause
	case ForRoom:
		free := s.LastAdvice.Add(gap)
		if len(s.Shown) > 0 && !free.After(now.Now) {
			free = s.Shown[0].At.Add(time.Hour)
		}
		return free
	}
	return time.Time{}
}

func soonest(moments []time.Time, after time.Time) time.Time {
	var first time.Time
	for _, m := range moments {
		if m.After(after) && (first.IsZero() || m.Before(first)) {
			first = m
		}
	}
	return first
}
