package browser

import (
	"testing"

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

func TestOpenedIn(t *testing.T) {
	var o opened
	if o.at("lease") != "" {
		t.Error("nobody opened it")
	}
	o.in("lease", "work:x/acme")
	if o.at("lease") != "work:x/acme" || o.at("another") != "" {
		t.Error("it was opened in its work browser, and no other was")
	}
	o.in("lease", "own")
	if o.at("lease") != "own" {
		t.Error("it was opened where the user browses")
	}
}
