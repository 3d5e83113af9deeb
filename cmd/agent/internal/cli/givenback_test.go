//go:build linux || darwin

package cli

import (
	"encoding/json"
	"testing"

	"github.com/keyshift-hq/keyshift/internal/agent/localapi/localapitest"
	"github.com/keyshift-hq/keyshift/internal/api"
)

// A script that gives an account back must not take it for removed when the keyring keeps the secret.
func TestAnUnwipedSecretIsAnErrorForScripts(t *testing.T) {
	for _, args := range [][]string{{"checkin", "x/acme"}, {"checkin", "--all"}} {
		w := newWorld(t).enrolled().holding().serve()
		w.Change(func(s *localapitest.State) { s.Unwiped = "the keyring refused to delete the item" })
		got := w.run(append(args, "--json")...)
		var doc struct {
			Lease  struct{ Ending string }
			Leases []struct{ Ending string }
			Error  struct {
				Code  string
				Facts map[string]string
			}
		}
		if err := json.Unmarshal([]byte(got.out), &doc); err != nil {
			t.Fatalf("%q: %v: %s", args, err, got.out)
		}
		for _, l := range doc.Leases {
			doc.Lease = l
		}
		if got.exit != api.ExitKeyring || doc.Error.Code != "wipe_failed" || doc.Error.Facts["lease_id"] == "" || doc.Lease.Ending != "wipe_failed" {
			t.Errorf("%q: exit code %d and %+v, want %d, the lease and wipe_failed", args, got.exit, doc, api.ExitKeyring)
		}
	}
}
