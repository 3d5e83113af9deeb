package systest

import (
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// startAt starts a replica whose clock is off.
func (w *World) startAt(clock *Turned) {
	w.t.Helper()
	w.Config.Clock = clock.Now
	w.Start()
	w.Config.Clock = nil
}

// A replica compares its clock with the database's: a little off is told, much off lends nothing.
func TestAReplicaWithAWrongClockLendsNothing(t *testing.T) {
	t.Parallel()
	w := Postgres(t, 1)
	w.AddUser("dana")
	account := w.AddAccount("acme", nil, "dana")
	for _, tt := range []struct {
		off       time.Duration
		wantState string
		want      keyshift.Code
	}{
		{5 * time.Second, "serving", ""},
		{time.Minute, "clock_suspect", keyshift.CodeClockSuspect},
		{-time.Minute, "clock_suspect", keyshift.CodeClockSuspect},
	} {
		clock := &Turned{}
		clock.Turn(tt.off, 0)
		w.startAt(clock)
		n := len(w.Replica) - 1
		status := Do(t, w.Admin(n, w.OwnerToken).Hub.GetStatus, &v1.GetStatusRequest{})
		if got := status.GetClockOff().AsDuration(); status.GetState() != tt.wantState || (got-tt.off).Abs() > 20*time.Second {
			t.Errorf("%v: %s, off by %v, want %s", tt.off, status.GetState(), got, tt.wantState)
		}
		device := w.RawDevice(n, "dana")
		lent, err := device.CheckOut(t, account, time.Hour)
		if keyshift.CodeOf(err) != tt.want {
			t.Errorf("%v: check-out: %v, want %q", tt.off, err, tt.want)
		}
		if err == nil {
			device.Give(t, lent.GetLease().GetId())
		}
	}
	if _, err := w.RawDevice(0, "dana").CheckOut(t, account, time.Hour); err != nil {
		t.Errorf("check-out at the replica that is right: %v", err)
	}
}

// When the clocks of hub and device are set back together, no lease gets longer than was asked for; and once the hub has
// noticed, it lends nothing.
func TestAHubWhoseClockIsSetBackLendsNoLongerThanItSays(t *testing.T) {
	t.Parallel()
	w := SQLite(t)
	w.AddUser("dana")
	account := w.AddAccount("acme", &v1.AccountSettings{Exclusive: ptr(false)}, "dana")
	clock := &Turned{}
	w.Stop()
	w.startAt(clock)
	w.Owner = w.Admin(0, w.OwnerToken)
	device := w.RawDevice(0, "dana")
	clock.Turn(-24*time.Hour, 0)

	answer, contact, err := hubclient.Ask(t.Context(), device.Device.CheckOut, &v1.CheckOutRequest{
		RequestId: hubclient.NewRequestID(), AccountId: account, Reason: "post", Duration: durationpb.New(time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	if ttl := answer.GetLease().GetEndsAt().AsTime().Sub(contact.HubTime); ttl > time.Hour+time.Second {
		t.Errorf("the device counts %v, want the hour that was asked for", ttl)
	}
	if err := w.Replica[0].Hub.CompareClock(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := device.CheckOut(t, account, time.Hour); keyshift.CodeOf(err) != keyshift.CodeClockSuspect {
		t.Errorf("check-out once it is noticed: %v, want clock_suspect", err)
	}
	clock.Turn(24*time.Hour, 0)
	if err := w.Replica[0].Hub.CompareClock(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := device.CheckOut(t, account, time.Hour); err != nil {
		t.Errorf("check-out once the clock is right: %v", err)
	}
}
