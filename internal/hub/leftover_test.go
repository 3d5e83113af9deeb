package hub_test

import (
	"testing"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// A delegated account may still have the login that it lent before. Whoever signs in with a role of their own gets nothing
// of it.
func TestADelegatedAccountLendsNothingOfItsOldLogin(t *testing.T) {
	w := newWorld(t)
	w.addUser("dana")
	device, account := w.device("dana"), w.account("acme", "dana")
	w.update("x/acme", hub.AccountSettings{AccessMode: ptr(keyshift.Delegated), AllowShow: ptr(true)})
	lent, err := w.checkOut(device, account)
	w.must(err)
	if len(lent.Sealed) != 0 {
		t.Error("the credential was lent")
	}
	_, err = w.hub.Activate(t.Context(), w.by(device), lent.Lease.ID)
	w.must(err)
	if _, err := w.hub.GetCode(t.Context(), w.by(device), lent.Lease.ID); keyshift.CodeOf(err) != keyshift.CodeNotFound {
		t.Errorf("one-time code: %v, want not_found", err)
	}
	if err := w.hub.NoteReveal(t.Context(), w.by(device), lent.Lease.ID); keyshift.CodeOf(err) != keyshift.CodeShowForbidden {
		t.Errorf("reveal: %v, want show_forbidden", err)
	}
}
