package keyshift

import (
	"strings"
	"testing"
	"time"
)

func TestOnlyAConfirmedEndReadsAccessRemoved(t *testing.T) {
	l := leaseOf(time.Hour)
	contact := noon.Add(2 * time.Minute)
	for _, tt := range []struct {
		name    string
		removal Removal
		at      time.Duration
		want    string
	}{
		{"live", Removal{}, 0, ""},
		{"requested", Removal{Step: RemovalRequested}, 5 * time.Minute, "Ends by 12:17 at the latest: last contact 12:02, offline limit 15m"},
		{"requested, time passed", Removal{Step: RemovalRequested}, 20 * time.Minute, "Not confirmed, ended at 12:17 at the latest"},
		{"rotation due", Removal{Step: RemovalRequested, Rotation: RotationDue}, 20 * time.Minute, "Not confirmed, ended at 12:17 at the latest – change the password at the network"},
		{"delivered", Removal{Step: RemovalDelivered}, 0, "The device knows; the wipe is not confirmed yet"},
		{"wipe failed", Removal{Step: RemovalDelivered, WipeFailure: "the keyring is locked"}, 0, "Not removed: the keyring is locked"},
		{"wiped, session open", Removal{Step: RemovalSecretWiped}, 0, "Secret wiped; the end of the browser session is not confirmed"},
		{"closed", Removal{Step: RemovalSessionClosed}, 0, "Access removed"},
	} {
		l.Removal = tt.removal
		if got := l.RemovalText(contact, noon.Add(tt.at)); got != tt.want {
			t.Errorf("%s: text = %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestReceiptsMayComeLateTwiceAndOutOfOrder(t *testing.T) {
	r := Removal{Step: RemovalRequested, RequestedAt: noon}
	apply := func(rc Receipt, minute int, wantChange bool) {
		t.Helper()
		var changed bool
		if r, changed = r.Apply(rc, noon.Add(time.Duration(minute)*time.Minute)); changed != wantChange {
			t.Errorf("receipt %+v changed = %v, want %v", rc, changed, wantChange)
		}
	}
	apply(Receipt{Step: RemovalDelivered, WipeFailure: "the keyring is locked"}, 1, true)
	apply(Receipt{Step: RemovalDelivered, WipeFailure: "the keyring is locked"}, 2, false)
	if r.WipeFailure == "" || r.Done() {
		t.Fatalf("removal = %+v, want a failure that is shown", r)
	}
	apply(Receipt{Step: RemovalSecretWiped, SessionUnconfirmed: true}, 3, true)
	apply(Receipt{Step: RemovalDelivered, WipeFailure: "the keyring is locked"}, 4, false)
	if r.WipeFailure != "" || r.Step != RemovalSecretWiped || !r.SessionUnconfirmed {
		t.Fatalf("removal = %+v, want wiped with an unconfirmed session", r)
	}
	apply(Receipt{Step: RemovalSessionClosed}, 5, true)
	if !r.Done() || !r.WipedAt.Equal(noon.Add(3*time.Minute)) || !r.ClosedAt.Equal(noon.Add(5*time.Minute)) || r.SessionUnconfirmed {
		t.Errorf("removal = %+v, want each step with its own time", r)
	}
	apply(Receipt{Step: RemovalStep(9)}, 6, false)
}

func TestAWipeFailureIsCleanText(t *testing.T) {
	r, _ := Removal{Step: RemovalRequested}.Apply(Receipt{WipeFailure: "bad\x1b[31m\n" + strings.Repeat("x", 500)}, noon)
	if strings.ContainsAny(r.WipeFailure, "\x1b\n") || len([]rune(r.WipeFailure)) > 201 {
		t.Errorf("wipe failure = %q, want clean and short", r.WipeFailure)
	}
}
