package browser

import (
	"testing"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
)

// TestWorkBrowserHearsOfItsAccountOnly: what is lent beside it is nothing that it could fill in.
func TestWorkBrowserHearsOfItsAccountOnly(t *testing.T) {
	l := &v1.Lease{Network: v1.Network_NETWORK_X, Handle: "acme"}
	for profile, want := range map[string]bool{"work:x/acme": true, "work:x/other": false, "work:facebook/acme": false, "a paired profile": true} {
		if got := concerns(profile, l); got != want {
			t.Errorf("%s hears of x/acme: %v, want %v", profile, got, want)
		}
	}
}

func TestOpenings(t *testing.T) {
	var o openings
	now := time.Unix(1000, 0)
	o.note("lease", opening{"work:x/acme", now})
	o.note("lease", opening{"own", now.Add(time.Minute)})
	for _, tt := range []struct {
		lease, profile string
		at             time.Time
		want           bool
	}{
		{"lease", "own", now, true},
		{"lease", "own", now.Add(time.Minute), false},
		{"lease", "work:x/acme", now, false}, // it was opened elsewhere since
		{"another", "own", now, false},
		{"another", "", time.Time{}, false},
	} {
		if got := o.of(tt.lease).asksIn(tt.profile, tt.at); got != tt.want {
			t.Errorf("%s asks in %q at %v: %v, want %v", tt.lease, tt.profile, tt.at, got, tt.want)
		}
	}
}
