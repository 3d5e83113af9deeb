package reminder

import (
	"cmp"
	"maps"
	"slices"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// become puts what is due now among the waiting, and drops what has lost its sense.
func become(s *State, settings Settings, now Situation) {
	ended := s.follow(settings, now)
	s.drop(func(r Reminder) bool { return pointless(r, now) })
	s.tellEnded(ended, now)
	s.warn(now)
	s.tellRules(now)
	s.tick(settings, now)
}

// pointless reports whether a reminder speaks of leases that are over.
func pointless(r Reminder, now Situation) bool {
	switch r.Kind {
	case Personal, Lesson:
		return len(now.Leases) == 0
	case EndsSoon, Terms:
		return !slices.ContainsFunc(r.Leases, func(l Lease) bool { return now.has(l.ID) })
	}
	return false
}

// follow compares the leases with those of the last step and gives those that are over. What is new gets the reminders
// of a check-out.
func (s *State) follow(settings Settings, now Situation) []Lease {
	var ended []Lease
	known := map[keyshift.ID]Told{}
	for _, t := range s.Leases {
		known[t.ID] = t
		if !now.has(t.ID) {
			ended = append(ended, t.Lease)
		}
	}
	s.Leases = nil
	for _, l := range now.Leases {
		t, old := known[l.ID]
		if t.EndsAt.Before(l.EndsAt) { // new, or renewed
			t.Early, t.Late = false, false
		}
		t.Lease = l
		s.Leases = append(s.Leases, t)
		if !old {
			s.wait(Reminder{Kind: Terms, Text: "terms_" + string(l.Network), Also: s.firstToday(settings, now), Network: l.Network, Leases: []Lease{l}, Due: now.Now})
		}
	}
	return ended
}

// tellEnded tells of all leases that ended in one reminder, together with those of which nobody has heard yet: of each account
// the last.
func (s *State) tellEnded(ended []Lease, now Situation) {
	if len(ended) == 0 {
		return
	}
	s.drop(func(r Reminder) bool {
		if r.Kind == Ended {
			ended = slices.Concat(r.Leases, ended)
		}
		return r.Kind == Ended
	})
	text := "ended_last"
	if len(now.Leases) > 0 {
		text = "ended_one"
	}
	s.wait(Reminder{Kind: Ended, Text: text, Leases: lastOfEach(ended), Due: now.Now})
}

// lastOfEach gives of each account the last lease, in the order in which they came.
func lastOfEach(leases []Lease) []Lease {
	var last []Lease
	for i, l := range leases {
		if !slices.ContainsFunc(leases[i+1:], l.sameAccount) {
			last = append(last, l)
		}
	}
	return last
}

// warn makes one warning for all leases that have the same time left.
func (s *State) warn(now Situation) {
	var early, late []Lease
	for i := range s.Leases {
		l := &s.Leases[i]
		switch left := l.EndsAt.Sub(now.Now); {
		case left <= Late && !l.Late:
			l.Early, l.Late = true, true
			late = append(late, l.Lease)
		case left <= Early && !l.Early:
			l.Early = true
			early = append(early, l.Lease)
		}
	}
	if len(late) > 0 { // it says all that an earlier one would
		s.drop(func(r Reminder) bool {
			return r.Kind == EndsSoon && !slices.ContainsFunc(r.Leases, func(l Lease) bool { return !slices.Contains(late, l) })
		})
		s.wait(Reminder{Kind: EndsSoon, Text: "ends_soon_late", Leases: late, Left: Late, Due: now.Now})
	}
	if len(early) > 0 {
		s.wait(Reminder{Kind: EndsSoon, Text: "ends_soon_early", Leases: early, Left: Early, Due: now.Now})
	}
}

// tellRules tells of terms and policies whose version is another than the one that is known. What is new is not told: it
// comes with the check-out.
func (s *State) tellRules(now Situation) {
	for _, name := range slices.Sorted(maps.Keys(now.Rules)) {
		version := now.Rules[name]
		if known, ok := s.Rules[name]; ok && known != version {
			text := "changed_" + name
			s.drop(func(r Reminder) bool { return r.Text == text })
			s.wait(Reminder{Kind: Changed, Text: text, Network: keyshift.Network(name), Due: now.Now})
		}
		s.Rules[name] = version
	}
}

// firstToday gives a text about personal use at the first check-out of a day.
func (s *State) firstToday(settings Settings, now Situation) string {
	today := settings.Hours.Day(now.Now)
	if s.PersonalOn == today {
		return ""
	}
	s.PersonalOn, s.LastTick = today, now.Now
	return s.text(Personal, "")
}

// tick makes the advice of every interval.
func (s *State) tick(settings Settings, now Situation) {
	if len(now.Leases) == 0 || !settings.Hours.Contain(now.Now) || now.Now.Sub(s.LastTick) < settings.every() {
		return
	}
	s.LastTick = now.Now
	if s.turn("interval")%2 == 0 {
		newest := slices.MaxFunc(now.Leases, func(a, b Lease) int { return cmp.Compare(a.ID, b.ID) })
		s.advise(Lesson, newest.Network, now)
	} else {
		s.advise(Personal, "", now)
	}
}

// advise replaces waiting advice of its kind, so that it does not pile up while nobody is there.
func (s *State) advise(kind Kind, network keyshift.Network, now Situation) {
	s.drop(func(r Reminder) bool { return r.Kind == kind })
	s.wait(Reminder{Kind: kind, Text: s.text(kind, network), Network: network, Due: now.Now})
}

func (s *State) turn(list string) int {
	turn := s.Turns[list]
	s.Turns[list]++
	return turn
}

// text takes the next of a list of texts, and another one than the last that was shown.
func (s *State) text(kind Kind, network keyshift.Network) string {
	list := Texts(kind, network)
	text := list[s.turn(string(kind)+string(network))%len(list)]
	if text == s.LastText {
		text = list[s.turn(string(kind)+string(network))%len(list)]
	}
	return text
}
