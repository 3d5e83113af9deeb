package hub_test

import (
	"context"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// setClockOff makes the hub find that its clock is off.
func (w *world) setClockOff(off time.Duration) {
	w.t.Helper()
	w.hub.ClockOff = func(context.Context) (time.Duration, error) { return off, nil }
	w.must(w.hub.CompareClock(w.t.Context()))
}

// I8: without the time nothing is allowed; what takes rights away goes on.
func TestAHubThatDoesNotKnowTheTimeLendsNothing(t *testing.T) {
	for _, tt := range []struct {
		off  time.Duration
		want keyshift.Code
	}{
		{0, ""},
		{30 * time.Second, ""},
		{-30 * time.Second, ""},
		{31 * time.Second, keyshift.CodeClockSuspect},
		{-time.Hour, keyshift.CodeClockSuspect},
	} {
		t.Run(tt.off.String(), func(t *testing.T) {
			w := newWorld(t)
			w.addUser("dana")
			device := w.device("dana")
			held := w.mustCheckOut(device, w.account("held", "dana"))
			other := w.account("other", "dana")
			w.setClockOff(tt.off)
			_, checkOut := w.checkOut(device, other)
			_, renew := w.hub.Renew(t.Context(), w.by(device), held.ID, 2*time.Hour)
			_, code := w.hub.GetCode(t.Context(), w.by(device), held.ID)
			show := w.hub.NoteReveal(t.Context(), w.by(device), held.ID)
			if show != nil && keyshift.CodeOf(show) == keyshift.CodeShowForbidden {
				show = nil // asked after the clock
			}
			for name, err := range map[string]error{"check-out": checkOut, "renewal": renew, "one-time code": code, "showing": show} {
				if keyshift.CodeOf(err) != tt.want {
					t.Errorf("%s: %v, want %q", name, err, tt.want)
				}
			}
			_, err := w.hub.Revoke(t.Context(), w.byOwner(), hub.RevokeTarget{Lease: held.ID}, "over")
			w.must(err)
		})
	}
}

func TestAHubThatKnowsTheTimeAgainLends(t *testing.T) {
	w := newWorld(t)
	w.addUser("dana")
	device, account := w.device("dana"), w.account("acme", "dana")
	w.setClockOff(time.Minute)
	if _, err := w.checkOut(device, account); keyshift.CodeOf(err) != keyshift.CodeClockSuspect {
		t.Errorf("got %v, want clock_suspect", err)
	}
	w.setClockOff(0)
	w.mustCheckOut(device, account)
}

func TestSteadyClockNeverGoesBack(t *testing.T) {
	noon := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	now := noon
	c := hub.NewSteadyClock(func() time.Time { return now })
	for _, tt := range []struct {
		at, want   time.Time
		wantBehind time.Duration
	}{
		{noon, noon, 0},
		{noon.Add(time.Hour), noon.Add(time.Hour), 0},
		{noon.Add(-23 * time.Hour), noon.Add(time.Hour), 24 * time.Hour},
		{noon.Add(time.Hour), noon.Add(time.Hour), 0},
		{noon.Add(2 * time.Hour), noon.Add(2 * time.Hour), 0},
	} {
		now = tt.at
		if got, behind := c.Now(), c.Behind(); !got.Equal(tt.want) || behind != tt.wantBehind {
			t.Errorf("at %v: got %v, %v behind, want %v, %v", tt.at, got, behind, tt.want, tt.wantBehind)
		}
	}
}
