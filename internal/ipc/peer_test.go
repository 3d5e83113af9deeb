//go:build linux || darwin

package ipc

import (
	"testing"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

func TestPeersAreToldByKind(t *testing.T) {
	for user, want := range map[string]keyshift.CallerKind{
		"": keyshift.CallerUnknown, "dana": keyshift.CallerUnknown, "-1": keyshift.CallerUnknown,
		"0": keyshift.CallerAdmin, "33": keyshift.CallerService, "1001": keyshift.CallerUser, "54321": keyshift.CallerUser,
	} {
		if got := (Peer{OSUser: user}).Kind(); got != want {
			t.Errorf("user %q: got %q, want %q", user, got, want)
		}
	}
}
