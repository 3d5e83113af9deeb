package systest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/systest/badnet"
)

// wired puts a wire between the hub and whoever enrolls from now on. The owner stays beside the hub.
func (w *World) wired() *badnet.Wire {
	w.t.Helper()
	hub := w.Replica[0]
	wire := badnet.NewWire(w.t, strings.TrimPrefix(hub.URL(), "https://"))
	hub.Hub.PublicURL = "https://" + wire.Addr()
	return wire
}

// takesAtMost waits until something is so, for as long as a promise allows.
func takesAtMost(t testing.TB, limit time.Duration, what string, so func() bool) (took time.Duration) {
	t.Helper()
	start, late := time.Now(), time.NewTimer(limit)
	defer late.Stop()
	for !so() {
		select {
		case <-late.C:
			t.Fatalf("not within %v: %s", limit, what)
		case <-time.After(20 * time.Millisecond):
		}
	}
	return time.Since(start)
}

// revoke ends a lease at the hub.
func (w *World) revoke(lease string) {
	w.t.Helper()
	if got := Do(w.t, w.Owner.Leases.Revoke, &v1.RevokeRequest{Target: &v1.RevokeRequest_LeaseId{LeaseId: lease}, Reason: "off-boarding"}); got.GetLeasesRevoked() != 1 {
		w.t.Fatalf("revoked %d leases, want 1", got.GetLeasesRevoked())
	}
}

// I5: a revoke reaches a device however bad its network is, as long as there is one.
func TestARevokeArrivesOverABadNetwork(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		fault func(*badnet.Wire)
		limit time.Duration
	}{
		{"slow", func(w *badnet.Wire) { w.Set(badnet.Fault{Delay: 300 * time.Millisecond}) }, 10 * time.Second},
		{"dripping", func(w *badnet.Wire) { w.Set(badnet.Fault{Drip: time.Millisecond}) }, 20 * time.Second},
		{"broken and back", func(w *badnet.Wire) { w.Break() }, 30 * time.Second},
		{"all that is open is half-open", func(w *badnet.Wire) { w.Silence() }, 30 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			promised(t, tt.limit, func(patience time.Duration) time.Duration { return revokedOver(t, tt.fault, patience) })
		})
	}
}

// promised wants something to take no longer than a limit. A machine that does something else meanwhile says nothing about the
// promise, so there are three tries.
func promised(t *testing.T, limit time.Duration, try func(patience time.Duration) time.Duration) {
	t.Helper()
	var took time.Duration
	for n := range 3 {
		if took = try(3 * limit); took <= limit {
			t.Logf("took %v", took.Round(time.Millisecond))
			return
		}
		t.Logf("try %d took %v", n, took)
	}
	t.Errorf("it took %v, want at most %v", took, limit)
}

// revokedOver gives how long a revoke took through a bad network until the secret was gone, or the hub knew, whichever was longer.
func revokedOver(t *testing.T, fault func(*badnet.Wire), patience time.Duration) time.Duration {
	t.Helper()
	w := SQLite(t)
	wire := w.wired()
	w.AddUser("dana")
	w.AddAccount("acme", nil, "dana")
	desk := w.Desk(0, "dana")
	lease := desk.mustCheckOut("x/acme", time.Hour)
	Eventually(t, "the stream is open", func() bool { return w.status().GetConnectedDevices() == 1 })
	fault(wire)
	w.revoke(lease.GetId())
	took := takesAtMost(t, patience, "the secret is gone", func() bool { return desk.leaseKeys() == 0 })
	return max(took, takesAtMost(t, patience, "the hub knows", func() bool { return w.removalText(lease.GetId()) == "Access removed" }))
}

func (w *World) status() *v1.GetStatusResponse {
	w.t.Helper()
	return Do(w.t, w.Owner.Hub.GetStatus, &v1.GetStatusRequest{})
}

// I6: wherever answers break off, the same request is one lease, and one check-in ends it.
func TestBrokenAnswersDoNothingTwice(t *testing.T) {
	t.Parallel()
	for _, cut := range []int64{1, 700, 1500, 2500, 3500} {
		t.Run(fmt.Sprintf("after %d bytes", cut), func(t *testing.T) {
			t.Parallel()
			w := SQLite(t)
			wire := w.wired()
			w.AddUser("dana")
			w.AddAccount("acme", nil, "dana")
			desk := w.Desk(0, "dana")
			request := &v1.LocalServiceCheckOutRequest{Account: "x/acme", Reason: "post", Duration: durationpb.New(time.Hour), RequestId: hubclient.NewRequestID()}
			wire.Set(badnet.Fault{Cut: cut})
			wire.Break()
			if _, err := desk.Agent.CheckOut(t.Context(), request); err != nil {
				helpful(t, err, keyshift.CodeHubUnreachable)
			}
			wire.Set(badnet.Fault{})
			wire.Break()
			Eventually(t, "the check-out succeeds", func() bool {
				held, err := desk.Agent.CheckOut(t.Context(), request)
				return err == nil && held.GetLease().GetState() == v1.LeaseState_LEASE_STATE_ACTIVE
			})
			wire.Set(badnet.Fault{Cut: cut})
			wire.Break()
			if _, err := desk.Agent.CheckIn(t.Context(), "x/acme"); err != nil {
				t.Errorf("check in: %v", err)
			}
			if desk.leaseKeys() != 0 {
				t.Error("the secret is still there")
			}
			wire.Set(badnet.Fault{})
			all := w.Leases()
			takesAtMost(t, 60*time.Second, "the hub knows", func() bool { return w.removalText(all[0].GetId()) == "Access removed" })
			if n, ended := w.countEvents("lease.granted"), w.countEvents("lease.checked_in"); len(all) != 1 || n != 1 || ended != 1 {
				t.Errorf("%d leases, granted %d and checked in %d times, want one of each", len(all), n, ended)
			}
		})
	}
}

// helpful fails unless an error says what a person can do about it.
func helpful(t *testing.T, err error, want keyshift.Code) {
	t.Helper()
	e, ok := err.(*keyshift.Error) //nolint:errorlint // the agent gives nothing else
	if !ok || e.Code != want || e.Text == "" || e.Hint == "" {
		t.Errorf("got %v, want %s with a text and a hint", err, want)
	}
}

// What does not come through at all is out of reach, and nothing follows from what was changed on the way.
func TestAnUnusableNetworkIsNoHub(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		fault badnet.Fault
	}{
		{"answers are held back", badnet.Fault{Hold: 64 << 10}},
		{"connections are taken and never answered", badnet.Fault{Mute: true}},
		{"a byte is changed", badnet.Fault{Flip: 1200}},
		{"connections break at once", badnet.Fault{Cut: 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := SQLite(t)
			wire := w.wired()
			w.AddUser("dana")
			w.AddAccount("acme", &v1.AccountSettings{AllowShow: ptr(true)}, "dana")
			desk := w.Desk(0, "dana")
			lease := desk.mustCheckOut("x/acme", time.Hour)
			wire.Set(tt.fault)
			wire.Break()
			err := desk.Agent.SyncNow(t.Context())
			helpful(t, err, keyshift.CodeHubUnreachable)
			if err == nil || !strings.Contains(err.Error(), "You can work until ") {
				t.Errorf("got %v, want it to say until when one can work", err)
			}
			if _, err := desk.Agent.Reveal(t.Context(), "x/acme"); keyshift.CodeOf(err) != keyshift.CodeHubUnreachable {
				t.Errorf("Reveal: %v, want hub_unreachable", err)
			}
			if s := desk.Agent.Status(); s.GetConnected() || len(s.GetLeases()) != 1 {
				t.Errorf("connected %v with %d leases, want not connected, and the lease untouched", s.GetConnected(), len(s.GetLeases()))
			}
			wire.Set(badnet.Fault{})
			wire.Break()
			takesAtMost(t, 30*time.Second, "the hub is back", func() bool { return desk.Agent.Status().GetConnected() })
			w.revoke(lease.GetId())
			takesAtMost(t, 30*time.Second, "the secret is gone", func() bool { return desk.leaseKeys() == 0 })
		})
	}
}
