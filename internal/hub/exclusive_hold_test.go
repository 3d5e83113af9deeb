package hub_test

import (
	"testing"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// Whoever held the account beside others has to have wiped it before one person gets it alone, or it was rotated.
func TestAnAccountThatBecameExclusiveIsNotLentBeforeItIsWiped(t *testing.T) {
	w := newWorld(t)
	w.addUser("dana")
	w.addUser("lee")
	account := w.account("acme", "dana", "lee")
	w.update("x/acme", hub.AccountSettings{Exclusive: ptr(false)})
	w.mustCheckOut(w.device("dana"), account)                     // stays offline, wipes nothing
	w.update("x/acme", hub.AccountSettings{Exclusive: ptr(true)}) // ends it
	if _, err := w.checkOut(w.device("lee"), account); keyshift.CodeOf(err) != keyshift.CodeAccountInUse {
		t.Errorf("after flip: %v", err)
	}
	_, err := w.hub.MarkRotated(t.Context(), w.byOwner(), "x/acme")
	w.must(err)
	w.mustCheckOut(w.device("lee"), account)
}
