package keyshift

import (
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func leaseOf(duration time.Duration) Lease {
	a := NewAccount(X, "acme")
	a.ID = "a"
	return NewLease("l", a, User{ID: "u"}, Device{ID: "d"}, "post", duration, noon)
}

func TestALeaseIsLiveUntilItsTimeIsOver(t *testing.T) {
	for _, tt := range []struct {
		name  string
		state LeaseState
		after time.Duration
		want  bool
	}{
		{"pending, just granted", LeasePending, 0, true},
		{"pending, never confirmed", LeasePending, ActivateWithin, false},
		{"active", LeaseActive, time.Hour - time.Microsecond, true},
		{"active, at its end", LeaseActive, time.Hour, false},
		{"checked in", LeaseCheckedIn, 0, false},
		{"revoked", LeaseRevoked, 0, false},
		{"expired", LeaseExpired, 0, false},
	} {
		l := leaseOf(time.Hour)
		l.State = tt.state
		if got := l.LiveAt(noon.Add(tt.after)); got != tt.want {
			t.Errorf("%s: LiveAt = %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestALeaseHoldsItsAccountUntilTheWipeOrTheMargin(t *testing.T) {
	for _, tt := range []struct {
		name  string
		state LeaseState
		step  RemovalStep
		after time.Duration
		want  bool
	}{
		{"pending", LeasePending, RemovalNone, 0, true},
		{"pending, never confirmed", LeasePending, RemovalNone, ActivateWithin + ReissueMargin - 1, true},
		{"pending, never confirmed, after the margin", LeasePending, RemovalNone, ActivateWithin + ReissueMargin, false},
		{"active, over but not marked so", LeaseActive, RemovalNone, time.Hour + ReissueMargin - 1, true},
		{"active, after the margin", LeaseActive, RemovalNone, time.Hour + ReissueMargin, false},
		{"revoked, delivered", LeaseRevoked, RemovalDelivered, time.Hour + ReissueMargin - 1, true},
		{"revoked, after the margin", LeaseRevoked, RemovalDelivered, time.Hour + ReissueMargin, false},
		{"checked in, wiped", LeaseCheckedIn, RemovalSecretWiped, 0, false},
		{"checked in, closed", LeaseCheckedIn, RemovalSessionClosed, 0, false},
	} {
		l := leaseOf(time.Hour)
		l.State, l.Removal.Step = tt.state, tt.step
		if got := l.HoldsAt(noon.Add(tt.after)); got != tt.want {
			t.Errorf("%s: holds = %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestARenewalProlongsFromNowAndNeverPastADay(t *testing.T) {
	for _, tt := range []struct {
		name     string
		at, by   time.Duration
		want     time.Duration
		wantCode Code
	}{
		{"half way", 30 * time.Minute, time.Hour, 90 * time.Minute, ""},
		{"shorter than what is left", 10 * time.Minute, 20 * time.Minute, 0, CodeDurationInvalid},
		{"over", time.Hour, time.Hour, 0, CodeLeaseOver},
	} {
		l := leaseOf(time.Hour)
		l.State = LeaseActive
		got, err := l.RenewedEnd(tt.by, noon.Add(tt.at))
		if CodeOf(err) != tt.wantCode || err == nil && !got.Equal(noon.Add(tt.want)) {
			t.Errorf("%s: RenewedEnd = %v, %v, want %v, code %q", tt.name, got, err, noon.Add(tt.want), tt.wantCode)
		}
	}
	l := leaseOf(time.Hour)
	l.State, l.EndsAt = LeaseActive, noon.Add(23*time.Hour)
	if got, err := l.RenewedEnd(4*time.Hour, noon.Add(22*time.Hour)); err != nil || !got.Equal(noon.Add(MaxLeaseLength)) {
		t.Errorf("close to a day: RenewedEnd = %v, %v, want the end of the day", got, err)
	}
}

func TestAPendingLeaseIsNotRenewed(t *testing.T) {
	if _, err := leaseOf(time.Hour).RenewedEnd(2*time.Hour, noon); CodeOf(err) != CodeLeaseOver {
		t.Errorf("RenewedEnd = %v, want lease_over", err)
	}
}

func TestAnAgentEndsByItselfAtTheLatestAfterItsGrace(t *testing.T) {
	l := leaseOf(time.Hour) // grace 15 min
	for _, tt := range []struct {
		name    string
		contact time.Time
		want    time.Time
	}{
		{"never any contact", time.Time{}, noon.Add(15 * time.Minute)},
		{"contact before the lease", noon.Add(-time.Hour), noon.Add(15 * time.Minute)},
		{"contact while it lasts", noon.Add(10 * time.Minute), noon.Add(25 * time.Minute)},
		{"contact shortly before the end", noon.Add(50 * time.Minute), noon.Add(time.Hour)},
	} {
		if got := l.EndsBy(tt.contact); !got.Equal(tt.want) {
			t.Errorf("%s: EndsBy = %v, want %v", tt.name, got, tt.want)
		}
	}
	l.OfflineGrace = 0
	if got, want := l.EndsBy(noon), noon.Add(10*time.Second); !got.Equal(want) {
		t.Errorf("with a grace of nothing: EndsBy = %v, want %v: an agent waits so long for an answer", got, want)
	}
}

func TestEveryCauseHasAnEndState(t *testing.T) {
	for _, c := range []EndCause{CauseCheckedIn, CauseExpired, CauseOffline, CauseAgentRestarted, CauseNotStored, CauseTampered} {
		if s := c.State(); s == "" || s.Live() {
			t.Errorf("%q ends as %q", c, s)
		}
	}
	if EndCause("because").State() != "" {
		t.Error("an unknown cause has a state")
	}
}
