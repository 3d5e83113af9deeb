package simulation

import (
	"fmt"
	"strings"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// ledger is what the world saw the hub commit and answer. It knows nothing of the code, and only adds.
type ledger struct {
	began   time.Time
	commits int64
	leases  map[keyshift.ID]*entry
	order   []*entry
	// counts are effects by "action lease": how many were answered for, and how many were asked for.
	answered, asked map[string]int
	// revocations are the batches that were answered for, with the number of their leases.
	revocations map[keyshift.ID]int64
	// rotated is when a new credential was stored, by account.
	rotated map[keyshift.ID]time.Time
}

// entry is a lease as the hub committed it.
type entry struct {
	name    string
	request string
	hub.LeaseView
	// ends are the ends that it was ever given, by epoch.
	ends      map[int64]time.Time
	wasActive bool
	grantedAt time.Time // by true time
	seen      int64     // the newest epoch that its agent showed
}

func newLedger() ledger {
	return ledger{
		began: time.Now(), leases: map[keyshift.ID]*entry{}, answered: map[string]int{}, asked: map[string]int{},
		revocations: map[keyshift.ID]int64{}, rotated: map[keyshift.ID]time.Time{},
	}
}

// nameOf gives the short name of a lease.
func (w *world) nameOf(id string) string {
	if e := w.ledger.leases[keyshift.ID(id)]; e != nil {
		return e.name
	}
	return "?"
}

// look reads what the hub committed since the last look, and holds it against what was committed before.
func (w *world) look() {
	s := w.hub
	if s.store == nil || s.store.Stats().Commits == w.ledger.commits || w.ledger.leases == nil {
		return
	}
	w.ledger.commits = s.store.Stats().Commits
	views, err := s.store.Read(w.ctx).Leases(hub.LeaseFilter{Limit: 1000})
	w.must(err)
	live := map[keyshift.ID]int{}
	for i := len(views) - 1; i >= 0; i-- {
		w.enter(views[i])
		if views[i].Account.Exclusive && views[i].LiveAt(s.now()) {
			if live[views[i].AccountID]++; live[views[i].AccountID] > 1 {
				w.violated("I1: the exclusive account %s has two live leases", views[i].Account.Name())
			}
		}
	}
}

func (w *world) enter(v hub.LeaseView) {
	e := w.ledger.leases[v.ID]
	if e == nil {
		e = &entry{name: fmt.Sprintf("L%d", len(w.ledger.order)+1), LeaseView: v, ends: map[int64]time.Time{}, grantedAt: time.Now()}
		w.ledger.leases[v.ID], w.ledger.order = e, append(w.ledger.order, e)
		w.granted(e)
	}
	w.follow(e, v)
	e.LeaseView, e.ends[v.Epoch] = v, v.EndsAt
	e.wasActive = e.wasActive || v.State == keyshift.LeaseActive
	w.claims(e)
}

// follow checks that a lease only goes on.
func (w *world) follow(e *entry, v hub.LeaseView) {
	before := e.LeaseView
	switch {
	case v.Epoch < before.Epoch:
		w.violated("I5: %s went back from epoch %d to %d", e.name, before.Epoch, v.Epoch)
	case v.Epoch == before.Epoch && (v.State != before.State || !v.EndsAt.Equal(before.EndsAt)):
		w.violated("I15: %s changed without a new epoch: %s until %v, %s until %v", e.name, before.State, before.EndsAt, v.State, v.EndsAt)
	case !before.State.Live() && (v.State != before.State || v.EndReason != before.EndReason || !v.EndedAt.Equal(before.EndedAt)):
		w.violated("I5: %s was %s (%s) and is now %s (%s)", e.name, before.State, before.EndReason, v.State, v.EndReason)
	case v.Removal.Step < before.Removal.Step:
		w.violated("I5: the removal of %s went back from %s to %s", e.name, before.Removal.Step, v.Removal.Step)
	}
	if v.EndReason == string(keyshift.CauseCheckedIn) && w.ledger.asked["check in "+string(v.ID)] == 0 {
		w.violated("I15: %s was checked in, and nobody asked for that", e.name)
	}
	if v.State != before.State || v.Removal.Step != before.Removal.Step {
		w.say("hub: %s is %s, removal %s", e.name, v.State, v.Removal.Step)
	}
}

// granted is asked when the hub has given a new lease: nobody else may still be able to use the account.
func (w *world) granted(e *entry) {
	d := w.deskOf(e.DeviceID)
	e.request = w.requestOf(d, e.ID)
	w.say("hub: %s is %s lent to %s until %s", e.name, e.Account.Name(), d.name, e.EndsAt.Sub(w.ledger.began).Round(time.Second))
	if !w.hub.keyed && e.Account.LendsSecret() || w.hub.full {
		w.violated("I8: %s was lent while the hub could not do its part", e.name)
	}
	for _, other := range w.ledger.order {
		if e.Account.Exclusive && other != e && other.AccountID == e.AccountID && other.wasActive && other.DeviceID != e.DeviceID {
			w.mustBeOver(other, e)
		}
	}
}

// mustBeOver checks that who held an exclusive account cannot use it when the next one gets it: nothing is left, or by
// boot time its lease or its offline grace is over, or the password is another.
func (w *world) mustBeOver(old, next *entry) {
	d := w.deskOf(old.DeviceID)
	now := time.Now()
	ends := old.EndsAt.Add(-w.hub.clock)
	rotated := !old.EndedAt.IsZero() && w.ledger.rotated[old.AccountID].After(old.EndedAt.Add(-2*maxHubStep))
	if d.holds(old.request) && now.Before(ends) && now.Before(old.offlineBy(d)) && !rotated {
		w.violated("I1: %s was lent as %s while %s still has the secret of %s until %v", old.Account.Name(), next.name, d.name, old.name, ends)
	}
}

// claims checks what the hub says of a removal against the computer itself.
func (w *world) claims(e *entry) {
	d := w.deskOf(e.DeviceID)
	if e.Removal.Step >= keyshift.RemovalSecretWiped && e.request != "" && d.holds(e.request) {
		w.violated("P4: the hub says %s of %s, but the secret is still on %s", e.Removal.Step, e.name, d.name)
	}
	if e.Removal.Step == keyshift.RemovalSessionClosed && d.handedOut[string(e.ID)] {
		w.violated("P4: the hub says access is removed, but the secret of %s was given to the user of %s", e.name, d.name)
	}
}

// requestOf finds out which check-out a lease is the answer to.
func (w *world) requestOf(d *desk, lease keyshift.ID) string {
	for id, q := range d.requests {
		known, err := w.hub.store.Read(w.ctx).Effect(keyshift.ID(d.id), id)
		if err != nil || !strings.Contains(string(known.Result), string(lease)) {
			continue
		}
		if q.lease != "" && q.lease != string(lease) {
			w.violated("I6: the request of %s got a second lease, %s", w.nameOf(q.lease), lease)
		}
		q.lease = string(lease)
		return id
	}
	w.violated("I6: a lease that nobody asked for: %s", lease)
	return ""
}

func (w *world) ask(action keyshift.AuditAction, lease string) {
	w.ledger.asked[string(action)+" "+lease]++
}
func (w *world) answer(action keyshift.AuditAction, lease string) {
	w.ledger.answered[string(action)+" "+lease]++
}
