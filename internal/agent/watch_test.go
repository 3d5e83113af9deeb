package agent

import (
	"testing"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
)

func TestProxyThatCollectsStreams(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.hub.mute = true
		a, _ := w.enrolled()
		w.checkedOut(a)
		w.settle(5 * time.Minute)
		streams, polls := w.hub.asked("Watch"), w.hub.asked("AwaitNews")
		if streams != maxMute || polls < 2 {
			t.Errorf("got %d streams and %d polls, want %d streams, then polls", streams, polls, maxMute)
		}
		w.hub.with(func() { w.hub.leases[0].finish(v1.LeaseState_LEASE_STATE_REVOKED, "off-boarding") })
		w.settle(2 * time.Second)
		w.wantNothingLeft()
		// At home there is no proxy.
		w.unplug()
		w.hub.with(func() { w.hub.mute = false })
		w.settle(2 * time.Minute)
		w.plug()
		w.settle(5 * time.Minute)
		if got := w.hub.asked("Watch"); got <= streams {
			t.Error("no stream was tried again")
		}
	})
}

// A23 as the agent sees it: what was ordered while no stream was open is found soon after the hub is back.
func TestHubRestart(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		w.checkedOut(a)
		w.settle(time.Minute)
		w.unplug()
		w.hub.with(func() { w.hub.leases[0].finish(v1.LeaseState_LEASE_STATE_REVOKED, "just before the crash") })
		w.settle(40 * time.Second)
		w.plug()
		w.settle(10 * time.Second)
		w.wantNothingLeft()
		w.wantRemoval(v1.LeaseState_LEASE_STATE_REVOKED, v1.RemovalStep_REMOVAL_STEP_SESSION_CLOSED)
	})
}

// When a hub is back, all its agents come at once, and handshakes are what costs it most: one for the stream, one for the sync.
func TestComingBackTakesTwoConnections(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		w.settle(time.Minute)
		for range 5 {
			w.unplug()
			w.settle(3 * time.Minute)
			before, asked := w.server.Connections(), w.hub.asked("Sync")
			w.plug()
			w.settle(70 * time.Second)
			if got := w.server.Connections() - before; got > 2 || !a.Status().GetConnected() {
				t.Errorf("connected: %v, over %d connections, want at most 2", a.Status().GetConnected(), got)
			}
			if got := w.hub.asked("Sync") - asked; got < 2 {
				t.Errorf("%d syncs, want one that found the hub and one after the stream was open", got)
			}
		}
	})
}

func TestBrokenStreamIsReplaced(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		w.checkedOut(a)
		w.settle(time.Minute)
		w.hub.with(func() { w.hub.pushes = false })
		w.server.Drop()
		w.hub.with(func() { w.hub.leases[0].finish(v1.LeaseState_LEASE_STATE_REVOKED, "while the stream was broken") })
		w.settle(5 * time.Second)
		w.wantNothingLeft()
	})
}

// A device that had nothing may take a minute before it listens again to a hub that was restarted, but not any more when it
// has got a lease from it: that may be revoked at any time.
func TestALeaseIsListenedForAtOnce(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.spread = func(most time.Duration) time.Duration { return most - 1 }
		a, _ := w.enrolled()
		w.settle(time.Minute)
		w.unplug()
		w.settle(time.Second)
		w.plug()
		w.checkedOut(a)
		w.settle(time.Second) // the sync after a check-out is over
		w.hub.with(func() { w.hub.leases[0].finish(v1.LeaseState_LEASE_STATE_REVOKED, "press inquiry") })
		w.settle(2 * time.Second)
		w.wantNothingLeft()
	})
}
