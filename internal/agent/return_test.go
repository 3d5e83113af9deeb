package agent

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
)

// returns lets the hub be away for ten minutes and more, so many times, and gives how long after its return the agent
// was back each time. What is drawn is drawn from a seed, so that each run sees the same.
func (w *world) returns(a *Agent, times int) (after []time.Duration) {
	changes, cancel := a.Subscribe()
	defer cancel()
	random := rand.New(rand.NewPCG(39, 10))
	for range times {
		w.unplug()
		w.settle(10*time.Minute + time.Duration(random.Int64N(int64(time.Minute))))
		w.plug()
		began := time.Now()
		for limit := time.After(2 * time.Minute); !a.online.Load(); {
			select {
			case <-changes:
			case <-limit:
				w.t.Fatal("the agent does not come back")
			}
		}
		after = append(after, time.Since(began))
		w.settle(time.Minute) // in touch again, stream and all
	}
	return after
}

// A39: agents that lost the hub together do not come back together. One agent that does it four hundred times shows what four
// hundred do once.
func TestAgentsComeBackSpreadOverAMinute(t *testing.T) {
	for _, tt := range []struct {
		name   string
		hold   bool
		rounds int
	}{{"nothing is lent", false, 400}, {"an account is lent", true, 200}} {
		t.Run(tt.name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				w.spread = fromOneSeed()
				a, stop := w.enrolled()
				if tt.hold {
					w.hub.accounts[0].grace = 8 * time.Hour
					w.checkedOut(a)
				}
				wantSpread(t, w.returns(a, tt.rounds))
				stop()
			})
		})
	}
}

// fromOneSeed draws the same times in every run.
func fromOneSeed() func(time.Duration) time.Duration {
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(1, 2))
	return func(most time.Duration) time.Duration {
		mu.Lock()
		defer mu.Unlock()
		return time.Duration(random.Int64N(int64(max(most, 1))))
	}
}

// wantSpread holds times of return against I10: all within a minute, and no five seconds with more than three times the
// mean of the minute.
func wantSpread(t *testing.T, after []time.Duration) {
	t.Helper()
	const width, slots = 5 * time.Second, 12
	var came [slots + 1]int
	for _, d := range after {
		came[min(int(d/width), slots)]++
	}
	t.Logf("came back in each 5 s: %v", came)
	if came[slots] > 0 {
		t.Errorf("%d of %d took longer than a minute", came[slots], len(after))
	}
	for i, n := range came {
		if n*slots > 3*len(after) {
			t.Errorf("%d of %d came back in the 5 s from %v on, want at most three times the mean", n, len(after), time.Duration(i)*width)
		}
	}
}

// For somebody who works, a short interruption is over soon, whoever else was interrupted.
func TestWhoWorksIsBackWithinSeconds(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		w.checkedOut(a)
		for range 20 {
			w.settle(time.Minute)
			w.unplug()
			w.settle(40 * time.Second)
			w.plug()
			w.settle(9 * time.Second)
			if a.Status().GetTrust() != v1.Trust_TRUST_OK || !a.online.Load() {
				t.Fatal("not back 9 s after an interruption of 40 s")
			}
		}
	})
}
