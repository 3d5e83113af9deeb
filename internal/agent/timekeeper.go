package agent

import (
	"encoding/json"
	"fmt"
	"sync"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/bootclock"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

const timeFile = "time.json"

// pace is how often the hub wants to be asked, and how long after the last contact nothing may be used.
type pace struct {
	StaleAfter time.Duration
	SyncEvery  time.Duration
}

// timekeeper knows what time it is, and how much of that the hub has vouched for.
type timekeeper struct {
	clock bootclock.Clock
	files files

	mu   sync.Mutex
	seen timeState
	// unkept says that something was heard since the last keep.
	unkept bool
}

// timeState is what has to survive a restart.
type timeState struct {
	Witnessed witnessed
	Pace      pace
}

// openTimekeeper reads what was known. Nothing known is no error: then nothing is trusted before the next contact.
func openTimekeeper(clock bootclock.Clock, files files) (*timekeeper, error) {
	k := &timekeeper{clock: clock, files: files}
	raw, err := files.Read(timeFile)
	if err != nil && !nothingKept(err) {
		return nil, err
	}
	if err == nil && json.Unmarshal(raw, &k.seen) != nil {
		k.seen = timeState{}
	}
	k.setPace(k.seen.Pace)
	return k, nil
}

// hear takes in a signed word of the hub about the time, in memory.
func (k *timekeeper) hear(c hubclient.Contact) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.seen.Witnessed, k.unkept = k.seen.Witnessed.hear(c), true
}

// meet takes in a contact: an answer that said what is valid. It is in memory only until keep.
func (k *timekeeper) meet(c hubclient.Contact) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.seen.Witnessed, k.unkept = k.seen.Witnessed.meet(c), true
}

// setPace takes over what the hub wishes, within bounds: it may ask for more care than the default, not for less.
func (k *timekeeper) setPace(p pace) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.seen.Pace = pace{
		StaleAfter: within(p.StaleAfter, time.Second, keyshift.StaleAfter, keyshift.StaleAfter),
		SyncEvery:  within(p.SyncEvery, time.Second, 5*time.Minute, keyshift.SyncEvery),
	}
}

func within(d, low, high, otherwise time.Duration) time.Duration {
	if d <= 0 {
		return otherwise
	}
	return min(max(d, low), high)
}

// keep writes down what is known, so that a restart does not look like a long silence.
func (k *timekeeper) keep() error {
	raw, err := json.Marshal(k.take())
	if err != nil {
		return fmt.Errorf("encode time: %w", err)
	}
	if err := k.files.Write(timeFile, raw); err != nil {
		k.mu.Lock()
		k.unkept = true
		k.mu.Unlock()
		return err
	}
	return nil
}

// take is state for who keeps it.
func (k *timekeeper) take() timeState {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.unkept = false
	return k.seen
}

// behind reports whether something is known that is not kept.
func (k *timekeeper) behind() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.unkept
}

func (k *timekeeper) state() timeState {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.seen
}

// forget starts anew, for another hub.
func (k *timekeeper) forget() error {
	k.mu.Lock()
	k.seen = timeState{}
	k.mu.Unlock()
	k.setPace(pace{})
	return k.files.Remove(timeFile)
}

// judge says why a lease has to end now. A clock that cannot be read ends it: a deadline that nobody can check has
// passed.
func (k *timekeeper) judge(t term) keyshift.EndCause {
	now, err := k.clock.Read()
	if err != nil {
		return keyshift.CauseExpired
	}
	return t.judge(k.state().Witnessed, now)
}

// trust says whether what the device holds may be used now.
func (k *timekeeper) trust() v1.Trust {
	now, err := k.clock.Read()
	if err != nil {
		return v1.Trust_TRUST_CLOCK_SUSPECT
	}
	s := k.state()
	return s.Witnessed.trust(s.Pace.StaleAfter, now)
}

// refusal is trust as an error for a person; nil when all is well.
func (k *timekeeper) refusal() error {
	switch k.trust() {
	case v1.Trust_TRUST_OK:
		return nil
	case v1.Trust_TRUST_STALE:
		return errStale
	}
	now, err := k.clock.Read()
	if err != nil {
		return errClockSuspect.Because(err)
	}
	return clockSuspect(k.state().Witnessed.skew(now))
}

// age is the most time that can have passed since a reading.
func (k *timekeeper) age(from bootclock.Reading) time.Duration {
	now, err := k.clock.Read()
	if err != nil {
		return time.Duration(1<<63 - 1)
	}
	d, _ := passed(from, now)
	return d
}
