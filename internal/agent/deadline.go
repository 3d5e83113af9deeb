package agent

import (
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/bootclock"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

const (
	// maxSkew is how far the wall clock may be from the hub's.
	maxSkew = 2 * time.Minute
	// slack is how far the wall clock may lie behind what the hub told.
	slack = 60 * time.Second
)

// term is what bounds a lease in time.
type term struct {
	// EndsAt is the end by the hub's clock.
	EndsAt time.Time
	// Given is the contact that brought the end.
	Given hubclient.Contact
	// Grace is how long the lease survives without contact.
	Grace time.Duration
	// Begun is when the lease was asked for: for itself that is as good as a contact.
	Begun bootclock.Reading
}

// ttl is how long the lease still had when the hub told its end.
func (t term) ttl() time.Duration { return t.EndsAt.Sub(t.Given.HubTime) }

func (t term) grace() time.Duration { return max(t.Grace, keyshift.KeptGrace) }

// witnessed is what the device knows of the hub's time.
type witnessed struct {
	// Told is the newest signed word of the hub about the time, whatever it was an answer to.
	Told hubclient.Contact
	// Last is the newest contact: an answer that also said which leases are valid. Other answers do not count, because
	// somebody between us and the hub could let only those through, and keep a revocation from us for ever.
	Last hubclient.Contact
	// High is the highest hub time ever seen.
	High time.Time
}

// passed is how much time went by between two readings. When boot time does not tell, because the computer was started
// anew, it is the most that can be concluded, and sure is false.
func passed(from, now bootclock.Reading) (d time.Duration, sure bool) {
	if d, ok := now.Since(from); ok {
		return d, true
	}
	return max(now.Boot, now.Wall.Sub(from.Wall)), false
}

// judge says why a lease has to end now, or "" while it may live on. It ends at the first of: its time by boot time, its
// end by the wall clock, and its grace without contact. After a new start with a clock that lies behind what the hub
// told before, nobody knows how long the computer was off: then it ends too.
func (t term) judge(w witnessed, now bootclock.Reading) keyshift.EndCause {
	held, _ := passed(t.Given.Asked, now)
	if !now.Wall.Before(t.EndsAt) || held >= t.ttl() {
		return keyshift.CauseExpired
	}
	silent, sure := t.silence(w, now)
	if silent >= t.grace() || !sure && w.behind(now) {
		return keyshift.CauseOffline
	}
	return ""
}

// silence is how long there was no contact while the lease needed one.
func (t term) silence(w witnessed, now bootclock.Reading) (d time.Duration, sure bool) {
	silent, sure := passed(w.Last.Asked, now)
	age, young := passed(t.Begun, now)
	return min(silent, age), sure || young
}

// timeLeft is how long the lease still has by the device's own clocks if contact is kept; never negative.
func (t term) timeLeft(now bootclock.Reading) time.Duration {
	held, _ := passed(t.Given.Asked, now)
	return max(0, min(t.ttl()-held, t.EndsAt.Sub(now.Wall)))
}

// offlineEnd is when the lease ends unless the hub is reached before.
func (t term) offlineEnd(w witnessed, now bootclock.Reading) time.Time {
	silent, _ := t.silence(w, now)
	return now.Wall.Add(max(0, min(t.grace()-silent, t.timeLeft(now))))
}

// behind reports whether the wall clock lies behind anything that the hub ever told.
func (w witnessed) behind(now bootclock.Reading) bool { return now.Wall.Before(w.High.Add(-slack)) }

// turnedBack reports whether the wall clock lies behind the hub's newest word. That it told a later time once, before
// its own clock was set right, is no reason to distrust a clock that is right too.
func (w witnessed) turnedBack(now bootclock.Reading) bool {
	return now.Wall.Before(w.Told.HubTime.Add(-slack))
}

// skew is how far the wall clock is ahead of the hub's by what is known; 0 after a new start.
func (w witnessed) skew(now bootclock.Reading) time.Duration {
	since, ok := now.Since(w.Told.Asked)
	if !ok {
		return 0
	}
	return now.Wall.Sub(w.Told.HubTime.Add(since))
}

// trust says whether what the device holds may be used now.
func (w witnessed) trust(staleAfter time.Duration, now bootclock.Reading) v1.Trust {
	if _, ok := now.Since(w.Told.Asked); !ok || w.turnedBack(now) || w.skew(now).Abs() > maxSkew {
		return v1.Trust_TRUST_CLOCK_SUSPECT
	}
	if silent, ok := now.Since(w.Last.Asked); !ok || silent >= staleAfter {
		return v1.Trust_TRUST_STALE
	}
	return v1.Trust_TRUST_OK
}

// hear takes in a signed word about the time. The highest time stays.
func (w witnessed) hear(c hubclient.Contact) witnessed {
	if c.HubTime.After(w.High) {
		w.High = c.HubTime
	}
	w.Told = newer(w.Told, c)
	return w
}

// meet takes in a contact.
func (w witnessed) meet(c hubclient.Contact) witnessed {
	w = w.hear(c)
	w.Last = newer(w.Last, c)
	return w
}

// newer gives the one that was asked later: answers may overtake each other.
func newer(known, c hubclient.Contact) hubclient.Contact {
	if c.Asked.BootID != known.Asked.BootID || c.Asked.Boot >= known.Asked.Boot {
		return c
	}
	return known
}
