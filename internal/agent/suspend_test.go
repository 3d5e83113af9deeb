package agent

import (
	"strings"
	"testing"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// sleep is a lid that is closed for ten hours: both clocks go on, and no timer does.
func (w *world) sleep() { w.clock.turn(10*time.Hour, 10*time.Hour) }

// A08 at the moments in which something is under way: whatever waits, nothing of the lease is left two seconds after the
// lid is open again.
func TestSleepInTheMiddleOfSomething(t *testing.T) {
	for name, fallAsleep := range map[string]func(*world, *Agent){
		"a stream": func(w *world, _ *Agent) { w.sleep() },
		"a sync": func(w *world, a *Agent) {
			w.onAnswer(func(method string) {
				if strings.HasSuffix(method, "/Sync") {
					w.onAnswer(nil)
					w.sleep()
				}
			})
			_ = a.SyncNow(w.t.Context()) // the hub's answer is ten hours old
		},
		"a wait for the hub": func(w *world, _ *Agent) {
			w.unplug()
			w.settle(30 * time.Second)
			w.sleep()
		},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				a, _ := w.enrolled()
				w.checkedOut(a)
				w.settle(time.Minute)
				fallAsleep(w, a)
				_, err := a.Reveal(t.Context(), "x/acme")
				w.wantCode(err, keyshift.CodeLeaseOver)
				w.settle(2 * time.Second)
				w.wantNoKeys()
				for _, key := range w.ring.Keys() {
					if strings.HasPrefix(key, "lease:") {
						t.Errorf("the keyring still has %s", key)
					}
				}
			})
		})
	}
}

// A clock that was set forward by a day ends what is lent, and setting it back does not bring that to life again.
func TestClockSetForwardAndBack(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		w.checkedOut(a)
		w.clock.turn(24*time.Hour, 0)
		w.settle(2 * time.Second)
		w.wantNoKeys()
		_, err := a.CheckOut(t.Context(), w.request("x/acme"))
		w.wantCode(err, keyshift.CodeClockSuspect)
		w.clock.turn(-24*time.Hour, 0)
		w.settle(2 * time.Minute)
		if got := a.Status().GetTrust(); got != v1.Trust_TRUST_OK {
			t.Errorf("got %v, want ok once the clock is right", got)
		}
		w.wantRemoval(v1.LeaseState_LEASE_STATE_EXPIRED, v1.RemovalStep_REMOVAL_STEP_SESSION_CLOSED)
		w.checkedOut(a)
	})
}
