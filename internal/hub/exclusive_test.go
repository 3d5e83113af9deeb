package hub_test

import (
	"testing"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// An account that becomes exclusive while several hold it must not stay with all of them.
func TestAnAccountThatBecomesExclusiveHasOneLeaseAtMost(t *testing.T) {
	w := newWorld(t)
	w.addUser("dana")
	w.addUser("lee")
	account := w.account("acme", "dana", "lee")
	w.update("x/acme", hub.AccountSettings{Exclusive: ptr(false)})
	dana, lee := w.device("dana"), w.device("lee")
	first, second := w.mustCheckOut(dana, account), w.mustCheckOut(lee, account)

	ended, err := w.hub.UpdateAccount(t.Context(), w.byOwner(), "x/acme", hub.AccountSettings{Exclusive: ptr(true)})
	w.must(err)
	if a, b := w.lease(first.ID), w.lease(second.ID); ended.Ended.Leases != 2 || a.State.Live() || b.State.Live() {
		t.Errorf("%d leases ended, they are %s and %s, want both revoked", ended.Ended.Leases, a.State, b.State)
	}
}

func TestAnExclusiveAccountThatStaysSoKeepsItsLease(t *testing.T) {
	w := newWorld(t)
	w.addUser("dana")
	account := w.account("acme", "dana")
	l := w.mustCheckOut(w.device("dana"), account)
	w.update("x/acme", hub.AccountSettings{Exclusive: ptr(true)})
	if got := w.lease(l.ID); got.State != keyshift.LeaseActive {
		t.Errorf("the lease is %s, want active", got.State)
	}
}
