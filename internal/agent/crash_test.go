package agent

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/osring"
)

// crashStories are what a program may die in the middle of. Each begins with an enrolled agent in contact.
var crashStories = []struct {
	name    string
	account string
	act     func(w *world, a *Agent)
}{
	{"check out, show, check in", "x/acme", func(w *world, a *Agent) {
		if held, err := a.CheckOut(w.t.Context(), w.request("x/acme")); err == nil {
			_ = w.reveal(a, held.GetLease().GetId())
			_, _ = a.CheckIn(w.t.Context(), held.GetLease().GetId())
		}
	}},
	{"check out, be revoked", "x/acme", func(w *world, a *Agent) {
		if _, err := a.CheckOut(w.t.Context(), w.request("x/acme")); err == nil {
			w.hub.with(func() { w.hub.leases[0].finish(v1.LeaseState_LEASE_STATE_REVOKED, "off-boarding") })
			w.settle(5 * time.Second)
		}
	}},
	{"check out while the keyring is locked", "x/acme", func(w *world, a *Agent) {
		w.ring.FailWith(osring.ErrLocked)
		_, _ = a.CheckOut(w.t.Context(), w.request("x/acme"))
		w.ring.FailWith(nil)
	}},
	{"delegated", "instagram/acme", func(w *world, a *Agent) {
		if held, err := a.CheckOut(w.t.Context(), w.request("instagram/acme")); err == nil {
			_, _ = a.CheckIn(w.t.Context(), held.GetLease().GetId())
		}
	}},
	{"in memory", "x/ephemera", func(w *world, a *Agent) {
		if held, err := a.CheckOut(w.t.Context(), w.request("x/ephemera")); err == nil {
			_, _ = a.CheckIn(w.t.Context(), held.GetLease().GetId())
		}
	}},
}

// TestCrashAfterEveryStep kills the agent after each step that has an effect: a file written or removed, a keyring item
// stored or deleted, a request received by the hub, an answer received by the agent. Then the computer goes on with a
// new agent.
func TestCrashAfterEveryStep(t *testing.T) {
	for _, story := range crashStories {
		t.Run(story.name, func(t *testing.T) {
			whole := false
			for n := 0; !whole; n++ {
				t.Run(fmt.Sprintf("after step %d", n), func(t *testing.T) {
					inWorld(t, func(t *testing.T, w *world) {
						whole = w.crash(n, story.act)
						w.recover(-1)
						w.wantConsistent()
					})
				})
				if n > 200 {
					t.Fatal("the story does not end")
				}
			}
		})
	}
}

// TestLostAnswersAreAskedForAgain: what the hub did before the crash is found again with the same request id.
func TestLostAnswersAreAskedForAgain(t *testing.T) {
	for _, tt := range []struct {
		name  string
		calls string // the crash comes right after this many calls of this method reached the hub
		after time.Duration
		live  int
	}{
		{"the lease is given, its answer lost", "CheckOut", time.Second, 1},
		{"the lease is active, its answer lost", "Activate", time.Second, 1},
		{"the lease is given, its answer lost, too late", "CheckOut", 2 * time.Minute, 0},
		{"the lease is active, its answer lost, too late", "Activate", 2 * time.Minute, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				a, stop := w.enrolled()
				w.onAnswer(func(method string) {
					if strings.HasSuffix(method, tt.calls) {
						w.fuse.arm(0)
					}
				})
				if _, err := a.CheckOut(t.Context(), w.request("x/acme")); err == nil {
					t.Fatal("the check-out outlived the crash")
				}
				stop()
				w.onAnswer(nil)
				w.settle(tt.after)
				w.fuse.arm(-1)
				again, _ := w.boot()
				w.settle(10 * time.Second)
				if got := len(again.Leases()); got != tt.live || len(w.hub.leases) != 1 {
					t.Errorf("got %d leases of %d at the hub, want %d of 1", got, len(w.hub.leases), tt.live)
				}
				if len(w.hub.activations) > 1 {
					t.Errorf("one lease was asked to be active by %d requests", len(w.hub.activations))
				}
				w.check(again)
				w.settle(5 * time.Minute)
				w.wantConsistent()
			})
		})
	}
}

// TestCrashWhileRecovering kills the agent a second time.
func TestCrashWhileRecovering(t *testing.T) {
	story, whole := crashStories[0], false
	for n := 0; !whole; n++ {
		for m := 0; m < 16; m += 3 {
			t.Run(fmt.Sprintf("after step %d and step %d", n, m), func(t *testing.T) {
				inWorld(t, func(t *testing.T, w *world) {
					whole = w.crash(n, story.act)
					w.recover(m)
					w.recover(-1)
					w.wantConsistent()
				})
			})
		}
	}
}

// TestAKeyringLockedAfterTheRestartMayHoldAnItem: what the run before the crash stored is wiped, too, when the run after it is
// refused by the keyring, and until then the hub does not hear of a wipe.
func TestAKeyringLockedAfterTheRestartMayHoldAnItem(t *testing.T) {
	checkOut := func(w *world, a *Agent) { _, _ = a.CheckOut(w.t.Context(), w.request("x/acme")) }
	whole, met := false, 0
	for n := 0; !whole; n++ {
		t.Run(fmt.Sprintf("after step %d", n), func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				whole = w.crash(n, checkOut)
				w.fuse.arm(-1)
				w.onAnswer(func(method string) {
					if strings.HasSuffix(method, "CheckOut") {
						w.ring.FailWith(osring.ErrLocked)
					}
				})
				a, _ := w.boot()
				w.settle(10 * time.Second)
				if lies := slices.ContainsFunc(w.ring.Keys(), isLease); lies && len(w.hub.leases) == 1 {
					met++
					if step := w.hub.one().GetRemoval().GetStep(); step >= v1.RemovalStep_REMOVAL_STEP_SECRET_WIPED {
						t.Errorf("the hub has %v while the keyring has the item", step)
					}
				}
				w.onAnswer(nil)
				w.ring.FailWith(nil)
				w.settle(5 * time.Minute)
				w.check(a)
				w.wantConsistent()
			})
		})
	}
	if met == 0 {
		t.Error("no crash left an item in the keyring")
	}
}

func isLease(key string) bool { return strings.HasPrefix(key, "lease:") }

// reveal remembers of which leases the user has seen the secret.
func (w *world) reveal(a *Agent, lease string) error {
	_, err := a.Reveal(w.t.Context(), lease)
	if err == nil {
		w.shown[lease] = true
	}
	return err
}

// crash runs a story that is cut off after n steps, and reports whether it came to its end before.
func (w *world) crash(n int, act func(*world, *Agent)) (whole bool) {
	a, stop := w.enrolled()
	w.fuse.arm(n)
	act(w, a)
	whole = !w.fuse.dead()
	w.fuse.arm(0)
	stop()
	return whole
}

// recover goes on with a new agent, which dies after m steps unless m is negative.
func (w *world) recover(m int) {
	w.fuse.arm(m)
	a, err := open(w.config(), fusedFiles{w.state, w.fuse}, fusedFiles{w.leases, w.fuse})
	if err != nil {
		if !w.fuse.dead() {
			w.t.Fatalf("open agent again: %v", err)
		}
		return
	}
	stop := w.run(a)
	w.settle(10 * time.Second)
	if m >= 0 {
		w.fuse.arm(0)
		stop()
		return
	}
	w.settle(5 * time.Minute)
	w.check(a)
	stop()
}

// check asks the recovered agent whether it holds exactly what the hub thinks.
func (w *world) check(a *Agent) {
	w.t.Helper()
	w.hub.mu.Lock()
	var live []string
	for _, l := range w.hub.leases {
		if l.expire(); liveState(l.Lease) {
			live = append(live, l.Id)
		}
	}
	w.hub.mu.Unlock()
	if len(live) > 1 {
		w.t.Errorf("the hub has %d live leases of an exclusive account", len(live))
	}
	held := a.Leases()
	if len(held) != len(live) {
		w.t.Errorf("the agent has %d leases, the hub %d", len(held), len(live))
	}
	for _, h := range held {
		l := h.GetLease()
		if !slices.Contains(live, l.GetId()) || l.GetState() != v1.LeaseState_LEASE_STATE_ACTIVE || h.GetTimeLeft() == nil {
			w.t.Errorf("the agent has %v, the hub has %v live", l, live)
		}
		if err := w.reveal(a, l.GetId()); err != nil && !delegated(l) {
			w.t.Errorf("the secret of a live lease is not there: %v", err)
		}
		_, _ = a.CheckIn(w.t.Context(), l.GetId())
	}
	synctest.Wait()
}

// wantConsistent checks what has to hold in the end: nothing is left, and the hub knows.
func (w *world) wantConsistent() {
	w.t.Helper()
	w.wantNothingLeft()
	w.hub.mu.Lock()
	defer w.hub.mu.Unlock()
	requests := map[string]int{}
	for _, l := range w.hub.leases {
		requests[l.request]++
		if liveState(l.Lease) || l.Removal.GetStep() < v1.RemovalStep_REMOVAL_STEP_SECRET_WIPED {
			w.t.Errorf("the hub has %v, %v", l.State, l.Removal)
		}
		if w.shown[l.Id] && l.Removal.GetStep() == v1.RemovalStep_REMOVAL_STEP_SESSION_CLOSED {
			w.t.Error("the secret was shown, and the hub was told that no session can be open")
		}
	}
	for request, n := range requests {
		if n > 1 {
			w.t.Errorf("the request %s has %d leases", request, n)
		}
	}
	if strings.Contains(w.log.String(), password) {
		w.t.Error("the password is in the log")
	}
}
