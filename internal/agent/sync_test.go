package agent

import (
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/bootclock"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

func TestOlderWordsChangeNothing(t *testing.T) {
	lease := func(epoch int64, ends time.Duration) *v1.Lease {
		return &v1.Lease{Id: "one", Epoch: epoch, EndsAt: timestamppb.New(noon.Add(ends))}
	}
	other := lease(9, 2*time.Hour)
	other.Id = "two"
	same, later := heardAt(0), hubclient.Contact{HubTime: noon.Add(time.Minute), Asked: rebooted(time.Minute, time.Second)}
	for _, tt := range []struct {
		name    string
		phase   phase
		theirs  *v1.Lease
		contact hubclient.Contact
		want    bool
	}{
		{"a newer epoch", active, lease(6, 2*time.Hour), same, true},
		{"a newer epoch that shortens", active, lease(6, time.Minute), same, true},
		{"the same", active, lease(5, time.Hour), same, false},
		{"the same epoch, longer", active, lease(5, 2*time.Hour), same, false},
		{"the same epoch, shorter", active, lease(5, time.Minute), same, true},
		{"the same after a new start", active, lease(5, time.Hour), later, true},
		{"an older epoch, longer", active, lease(4, 2*time.Hour), same, false},
		{"an older epoch, shorter", active, lease(4, time.Minute), same, false},
		{"an older epoch after a new start", active, lease(4, time.Hour), later, false},
		{"another lease", active, other, same, false},
		{"a newer epoch before our own activation is answered", requested, lease(6, 2*time.Hour), same, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ours := record{Phase: tt.phase, Lease: lease(5, time.Hour), Given: same}
			if got := ours.supersededBy(tt.theirs, tt.contact); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestHubShortensALease(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		w.checkedOut(a)
		w.hub.with(func() {
			l := w.hub.leases[0]
			l.EndsAt, l.Epoch = timestamppb.New(time.Now().Add(5*time.Minute)), l.Epoch+1
		})
		w.settle(time.Second)
		if left := a.Leases()[0].GetTimeLeft().AsDuration(); left > 5*time.Minute {
			t.Errorf("got %v left, want less than 5m", left)
		}
		w.settle(5 * time.Minute)
		w.wantNothingLeft()
	})
}

// A sync that was asked before a check-out and answered after it does not end the new lease.
func TestCheckOutDuringASync(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		l, s, err := a.talk(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		before := a.snapshot()
		answer, contact, err := hubclient.Ask(t.Context(), s.hub.Sync, &v1.SyncRequest{})
		if err != nil {
			t.Fatal(err)
		}
		w.checkedOut(a)
		a.reconcile(before, answer, contact)
		a.takeOver(l, answer)
		if got := a.Leases(); len(got) != 1 || got[0].GetEnding() != "" {
			t.Errorf("got %v, want the lease to live", got)
		}
		// The same for a renewal: the answer is older than the epoch that we have by then.
		before = a.snapshot()
		if _, err := a.Renew(t.Context(), "x/acme", 2*time.Hour); err != nil {
			t.Fatal(err)
		}
		a.reconcile(before, answer, contact)
		if got := a.Leases(); len(got) != 1 || got[0].GetEnding() != "" {
			t.Errorf("after renewing: got %v, want the lease to live", got)
		}
		// But what was active all the time and is not listed is over.
		a.reconcile(a.snapshot(), answer, contact)
		w.settle(time.Second)
		w.wantNothingLeft()
	})
}

// A sync that was asked before a check-in and answered after it does not make the lease known again.
func TestCheckInDuringASync(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		w.checkedOut(a)
		_, s, err := a.talk(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		before := a.snapshot()
		answer, contact, err := hubclient.Ask(t.Context(), s.hub.Sync, &v1.SyncRequest{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := a.CheckIn(t.Context(), "x/acme"); err != nil {
			t.Fatal(err)
		}
		a.reconcile(before, answer, contact)
		w.settle(time.Second)
		if len(w.hub.causes) != 1 || len(a.journal.all()) != 0 {
			t.Errorf("the hub heard %q, want one check-in", w.hub.causes)
		}
	})
}

func TestLeaseThatIsKnownToTheHubOnly(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*fakeLease)
		state  v1.LeaseState
	}{
		"live":    {func(*fakeLease) {}, v1.LeaseState_LEASE_STATE_CHECKED_IN},
		"revoked": {func(l *fakeLease) { l.finish(v1.LeaseState_LEASE_STATE_REVOKED, "lost") }, v1.LeaseState_LEASE_STATE_REVOKED},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				a, stop := w.enrolled()
				w.checkedOut(a)
				stop()
				request := a.journal.all()[0].RequestID
				_ = w.leases.Remove(request + ".json")
				_ = w.leases.Remove(request + ".key")
				_ = w.ring.Delete(t.Context(), "lease:"+request)
				tt.change(w.hub.leases[0])
				again, _ := w.boot()
				w.settle(time.Minute)
				// What happened before is not known here, so it is not said that no session can be open.
				w.wantRemoval(tt.state, v1.RemovalStep_REMOVAL_STEP_SECRET_WIPED)
				w.wantNothingLeft()
				if got := again.Leases(); len(got) != 0 {
					t.Errorf("got %v, want nothing shown", got)
				}
				w.hub.mu.Lock()
				before := len(w.hub.receipts)
				w.hub.mu.Unlock()
				w.settle(5 * time.Minute)
				if len(w.hub.receipts) != before {
					t.Errorf("the hub was told %d times more", len(w.hub.receipts)-before)
				}
			})
		})
	}
}

// An ended lease that turns up while a check-out of its account waits for an answer may be that check-out's.
func TestUnknownLeaseOfAnAccountThatIsAskedFor(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		now, _ := w.clock.Read()
		if err := a.journal.add(record{RequestID: "one", Phase: requested, AccountID: acmeID, At: now}); err != nil {
			t.Fatal(err)
		}
		lease := &v1.Lease{Id: "lease", AccountId: acmeID, State: v1.LeaseState_LEASE_STATE_EXPIRED, Epoch: 2}
		a.meetRemoval(a.snapshot(), lease)
		if got := a.journal.all(); len(got) != 1 || got[0].Lease != nil {
			t.Errorf("got %v, want to wait", got)
		}
		a.end("one", keyshift.CauseNotStored)
		a.meetRemoval(a.snapshot(), lease)
		if got := a.journal.all(); len(got) != 1 || got[0].Lease.GetId() != "lease" || got[0].Foreign {
			t.Errorf("got %v, want the lease with its check-out", got)
		}
	})
}

func TestHubThatForgotALease(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		w.checkedOut(a)
		w.hub.with(func() { w.hub.leases = nil })
		w.settle(2 * time.Second)
		w.wantNothingLeft()
		if len(a.Leases()) != 0 || w.hub.asked("Report") == 0 {
			t.Errorf("got %v, %d reports, want it told once and forgotten", a.Leases(), w.hub.asked("Report"))
		}
		w.checkedOut(a)
		w.hub.mu.Lock()
		w.hub.leases = nil
		w.hub.mu.Unlock()
		if held, err := a.CheckIn(t.Context(), "x/acme"); err != nil || held.GetEnding() != "" {
			t.Errorf("got %v, %v, want it checked in", held, err)
		}
		w.wantNothingLeft()
	})
}

func TestEndThatTheHubDidNotHearIsRepeated(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		w.checkedOut(a)
		w.unplug()
		held, err := a.CheckIn(t.Context(), "x/acme")
		if err != nil || held.GetEnding() != "reporting" || held.GetLease().GetState() != v1.LeaseState_LEASE_STATE_CHECKED_IN {
			t.Errorf("got %v, %v, want it checked in here, to be reported", held, err)
		}
		w.wantNoKeys()
		w.settle(time.Hour)
		w.plug()
		w.settle(61 * time.Second)
		w.wantRemoval(v1.LeaseState_LEASE_STATE_EXPIRED, v1.RemovalStep_REMOVAL_STEP_SESSION_CLOSED)
		w.wantNothingLeft()
	})
}

func TestReportsWaitOnlyForTheHub(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		w.checkedOut(a)
		w.unplug()
		if _, err := a.CheckIn(t.Context(), "x/acme"); err != nil {
			t.Fatal(err)
		}
		w.settle(10 * time.Minute) // the waits between reports have grown by now
		w.plug()
		if err := a.SyncNow(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.settle(time.Second)
		w.wantRemoval(v1.LeaseState_LEASE_STATE_CHECKED_IN, v1.RemovalStep_REMOVAL_STEP_SESSION_CLOSED)
	})
}

func TestIdleAgentRests(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		w.settle(time.Minute)
		count := func() int {
			return w.hub.asked("Sync") + w.hub.asked("Watch") + w.hub.asked("AwaitNews")
		}
		asked, woke := count(), w.clock.instants()
		const minutes = 60
		w.settle(minutes * time.Minute)
		if got := count() - asked; got < minutes/2*4/5 || got > minutes/2*6/5+1 {
			t.Errorf("asked %d times in %d minutes, want about once every two", got, minutes)
		}
		// The stream's heartbeats, three in two minutes, leave two and a half wake-ups of the four in a minute.
		if got := w.clock.instants() - woke; got > minutes*5/2 {
			t.Errorf("woke up %d times in %d minutes: something ticks", got, minutes)
		}
		if _, err := w.state.Read(timeFile); err != nil {
			t.Error(err)
		}
		_ = a
	})
}

func TestAHubOutOfReachIsLookedForCalmly(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		w.settle(time.Minute)
		w.unplug()
		w.settle(time.Hour)
		woke := w.clock.instants()
		const minutes = 24 * 60
		w.settle(minutes * time.Minute)
		if got := w.clock.instants() - woke; got > 4*minutes || got < minutes {
			t.Errorf("woke up %d times in %d minutes, want one to four a minute", got, minutes)
		}
		if a.Status().GetConnected() {
			t.Error("the agent says that it is connected")
		}
		w.plug()
		w.settle(time.Minute)
		if !a.Status().GetConnected() {
			t.Error("the agent has not found the hub within a minute")
		}
	})
}

func TestSubscribersHearOfChanges(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		changes, cancel := a.Subscribe()
		heard := func() bool {
			select {
			case <-changes:
				return true
			default:
				return false
			}
		}
		w.checkedOut(a)
		if !heard() || heard() {
			t.Error("a check-out has to be heard once")
		}
		w.settle(time.Minute)
		heard()
		w.unplug()
		w.settle(40 * time.Second) // a sync, and a fifth
		if !heard() {
			t.Error("the loss of contact was not heard")
		}
		w.plug()
		w.settle(30 * time.Second)
		if !heard() {
			t.Error("the return of contact was not heard")
		}
		cancel()
		_, _ = a.CheckIn(t.Context(), "x/acme")
		if heard() {
			t.Error("heard something after cancel")
		}
	})
}

func TestUnreadableClock(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		w.checkedOut(a)
		w.clock.fail(true)
		_, err := a.Reveal(t.Context(), "x/acme")
		w.wantCode(err, keyshift.CodeLeaseOver)
		w.wantNoKeys()
	})
}

var _ bootclock.Clock = (*testClock)(nil)

// TestAnotherLeaseIsNoContact: somebody who lets everything through but syncs keeps no older lease alive.
func TestAnotherLeaseIsNoContact(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.hub.accounts[0].grace, w.hub.pace = time.Minute, pace{SyncEvery: 30 * time.Second}
		a, _ := w.enrolled()
		old := w.checkedOut(a).GetLease().GetId()
		w.cut.change("/Sync")
		w.settle(50 * time.Second)
		if _, err := a.CheckOut(t.Context(), w.request("x/ephemera")); err != nil {
			t.Fatalf("check out: %v", err)
		}
		w.settle(20 * time.Second)
		for _, h := range a.Leases() {
			if h.GetLease().GetId() == old && h.GetEnding() == "" {
				t.Error("the older lease outlived its offline grace")
			}
		}
	})
}

func TestAnAgentThatHoldsNothingRestsAfterEachSync(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var rests atomic.Int32
		w.atRest = func() { rests.Add(1) }
		a, _ := w.enrolled()
		w.settle(30 * time.Minute)
		before, asked := rests.Load(), w.hub.asked("Sync")
		w.settle(30 * time.Minute)
		if rested, syncs := int(rests.Load()-before), w.hub.asked("Sync")-asked; rested != syncs || rested == 0 {
			t.Errorf("rested %d times in %d syncs", rested, syncs)
		}
		w.checkedOut(a)
		w.settle(time.Second)
		before = rests.Load()
		w.settle(10 * time.Minute)
		if rests.Load() != before {
			t.Error("rested while something is held")
		}
	})
}
