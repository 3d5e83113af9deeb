package hub_test

import (
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/hub/store"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// cost is what do costs in statements and durable transactions.
func (w *world) cost(do func()) (statements, commits int64) {
	w.t.Helper()
	spent := w.spend(do)
	return spent.Statements, spent.Commits
}

func (w *world) spend(do func()) (spent store.Stats) {
	w.t.Helper()
	s, ok := w.hub.Store.(*store.Store)
	if !ok {
		w.t.Fatal("the hub is not on a real store")
	}
	before := s.Stats()
	do()
	after := s.Stats()
	return store.Stats{Statements: after.Statements - before.Statements, Alone: after.Alone - before.Alone, Commits: after.Commits - before.Commits}
}

// shareable adds an account that several may hold, granted to a user.
func (w *world) shareable(handle, user string) keyshift.ID {
	w.t.Helper()
	account, several := w.account(handle, user), false
	_, err := w.hub.UpdateAccount(w.t.Context(), w.byOwner(), "x/"+handle, hub.AccountSettings{Exclusive: &several})
	w.must(err)
	return account
}

// What the steps of a lease ask of the database. Each statement that goes alone is a round trip more on PostgreSQL.
func TestStatementsAndTransactionsOfWhatIsDoneMost(t *testing.T) {
	w := newWorld(t)
	w.addUser("dana")
	device, account := w.device("dana"), w.shareable("acme", "dana")
	w.mustCheckOut(device, account) // what is read once is read
	var lent hub.Lent
	for _, tt := range []struct {
		name       string
		do         func() error
		statements int64
	}{
		// what is lent and what the gates ask, and four changes: sequence number, lease, event, effect
		{"check-out", func() (err error) { lent, err = w.checkOut(device, account); return err }, 5},
		// who asks and the lease, and four changes; the answer is made of what was read
		{"activate", func() error {
			_, err := w.hub.Activate(t.Context(), w.by(device), lent.Lease.ID)
			return err
		}, 6},
		// who asks and whose the lease is; then the lease, its event and the order, the wake-up, and the effect
		{"revoke", func() error {
			_, err := w.hub.Revoke(t.Context(), w.byOwner(), hub.RevokeTarget{Lease: lent.Lease.ID}, "over")
			return err
		}, 5},
		{"check-in, of a lease that has ended", func() error {
			_, err := w.hub.CheckIn(t.Context(), w.by(device), lent.Lease.ID, keyshift.CauseCheckedIn, keyshift.Receipt{Step: keyshift.RemovalSecretWiped})
			return err
		}, 6},
	} {
		t.Run(tt.name, func(t *testing.T) {
			want := store.Stats{Statements: tt.statements, Commits: 1}
			if got := w.spend(func() { w.must(tt.do()) }); got != want {
				t.Errorf("it cost %+v, want %+v", got, want)
			}
		})
	}
}

// Thousands of agents that hold nothing ask again and again, and all of them at once when a hub is back.
func TestASyncWithoutNewsIsOneQuestion(t *testing.T) {
	w := newWorld(t)
	w.addUser("dana")
	device := w.device("dana")
	statements, commits := w.cost(func() {
		_, err := w.hub.Sync(t.Context(), w.by(device), hub.SyncRequest{})
		w.must(err)
	})
	if statements != 1 || commits != 0 {
		t.Errorf("%d statements in %d transactions, want 1 in none", statements, commits)
	}
}

func TestAMassRevocationHasAsManyStatementsAsASmallOne(t *testing.T) {
	w := newWorld(t)
	w.addUser("dana")
	device, account := w.device("dana"), w.shareable("acme", "dana")
	var costs []int64
	for _, leases := range []int{1, 1000} {
		w.lendMany(device, account, leases)
		statements, commits := w.cost(func() {
			ended, err := w.hub.Revoke(t.Context(), w.byOwner(), hub.RevokeTarget{All: true}, "over")
			w.must(err)
			if ended.Leases != int64(leases) {
				t.Errorf("%d leases were revoked, want %d", ended.Leases, leases)
			}
		})
		if commits != 1 {
			t.Errorf("%d leases were revoked in %d transactions, want 1", leases, commits)
		}
		costs = append(costs, statements)
	}
	if costs[0] != costs[1] {
		t.Errorf("one lease is revoked with %d statements, 1,000 with %d", costs[0], costs[1])
	}
}

func (w *world) lendMany(device, account keyshift.ID, leases int) {
	w.t.Helper()
	w.must(w.hub.Store.Write(w.t.Context(), hub.Ordinary, func(tx hub.Tx) error {
		d, u, err := tx.DeviceAndUser(device)
		if err != nil {
			return err
		}
		a, err := tx.Account(account)
		for range leases {
			if err == nil {
				err = tx.AddLease(keyshift.NewLease(tx.NewID(), a, u, d, "post", time.Hour, tx.Now()))
			}
		}
		return err
	}))
}

// mostAllocations of a check-out from gates to seal are a little more than there are; about half are the seal's own.
const mostAllocations = 520

func TestACheckOutAllocatesLittle(t *testing.T) {
	w := newWorld(t)
	w.addUser("dana")
	device, account := w.device("dana"), w.shareable("acme", "dana")
	got := testing.AllocsPerRun(50, func() {
		if _, err := w.checkOut(device, account); err != nil {
			t.Fatal(err)
		}
	})
	t.Logf("%.0f allocations", got)
	if got > mostAllocations {
		t.Errorf("a check-out makes %.0f allocations, want at most %d", got, mostAllocations)
	}
}
