package agent

import (
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// snapshot is what we hold when a sync is sent. Its answer is younger than that and older than what came meanwhile, so it
// cannot say anything about the latter.
type snapshot struct {
	// active are the epochs of the active leases.
	active map[string]int64
	// known are all leases on record, those that are ending too.
	known map[string]bool
}

func (a *Agent) snapshot() snapshot {
	s := snapshot{active: map[string]int64{}, known: map[string]bool{}}
	for _, rec := range a.journal.all() {
		if rec.Lease == nil {
			continue
		}
		s.known[rec.Lease.GetId()] = true
		if rec.Phase == active {
			s.active[rec.Lease.GetId()] = rec.Lease.GetEpoch()
		}
	}
	return s
}

// reconcile makes what we hold what the hub says is valid.
func (a *Agent) reconcile(before snapshot, answer *v1.SyncResponse, contact hubclient.Contact) {
	listed := map[string]bool{}
	for _, lease := range answer.GetLeases() {
		listed[lease.GetId()] = true
		a.meetLive(before, lease, contact)
	}
	for _, lease := range answer.GetRemovals() {
		listed[lease.GetId()] = true
		a.meetRemoval(before, lease)
	}
	for _, rec := range a.journal.live() {
		if rec.Lease == nil || listed[rec.Lease.GetId()] {
			continue
		}
		if epoch, ok := before.active[rec.Lease.GetId()]; ok && rec.Lease.GetEpoch() == epoch {
			a.endByHub(rec.RequestID, nil)
		}
	}
}

// meetLive takes in a lease that the hub says is live.
func (a *Agent) meetLive(before snapshot, lease *v1.Lease, contact hubclient.Contact) {
	rec, ok := a.journal.byLease(lease.GetId())
	switch {
	case !ok:
		a.meetUnknown(before, lease, keyshift.CauseNotStored)
	case rec.Phase.live():
		if _, err := a.refresh(rec.RequestID, lease, contact); err != nil {
			a.log.Error("refresh lease", "lease_id", lease.GetId(), "error", err)
		}
	default:
		poke(a.wipeSoon) // our end of it has not arrived yet
	}
}

// meetRemoval takes in a lease that has ended, and of whose removal the hub has no receipt.
func (a *Agent) meetRemoval(before snapshot, lease *v1.Lease) {
	rec, ok := a.journal.byLease(lease.GetId())
	switch {
	case ok && rec.Phase.live():
		a.endByHub(rec.RequestID, lease)
	case ok:
		poke(a.wipeSoon)
	case lease.GetRemoval().GetStep() < v1.RemovalStep_REMOVAL_STEP_SECRET_WIPED:
		a.meetUnknown(before, lease, "")
	}
}

// meetUnknown is for a lease of ours that we know nothing of. It may be one whose answer was lost: then its check-out is
// on record. Otherwise the record was lost, by a power cut before the disk had it or with the folder, and all that can be
// said is that nothing is here. The wipe looks before that is reported.
func (a *Agent) meetUnknown(before snapshot, lease *v1.Lease, cause keyshift.EndCause) {
	if before.known[lease.GetId()] {
		return // it was wiped and told while the answer was on its way
	}
	if a.adopt(lease) || a.askedFor(lease) {
		return
	}
	a.log.Warn("nothing here of a lease that the hub knows", "lease_id", lease.GetId())
	rec := record{
		RequestID: lease.GetId(), Phase: ending, AccountID: lease.GetAccountId(), Lease: lease, Cause: cause, Foreign: true,
	}
	if err := a.journal.replace(rec); err != nil {
		a.log.Error("write lease record", "lease_id", lease.GetId(), "error", err)
	}
	poke(a.wipeSoon)
}

// adopt gives an unknown lease to a given-up check-out of its account that never heard of one.
func (a *Agent) adopt(lease *v1.Lease) bool {
	for _, rec := range a.journal.all() {
		if rec.Lease != nil || rec.Phase.live() || rec.AccountID != lease.GetAccountId() {
			continue
		}
		a.after(rec, func(r record) record { r.Lease = lease; return r })
		a.wiper.hurry(rec.RequestID)
		poke(a.wipeSoon)
		return true
	}
	return false
}

// askedFor reports whether a check-out is under way that the lease may belong to.
func (a *Agent) askedFor(lease *v1.Lease) bool {
	for _, rec := range a.journal.live() {
		if rec.Lease == nil && rec.AccountID == lease.GetAccountId() {
			return true
		}
	}
	return false
}

// refresh takes over a newer word of the hub about a live lease. An older one, by its epoch, changes nothing, and the
// same epoch may shorten a lease but not lengthen it.
func (a *Agent) refresh(request string, lease *v1.Lease, contact hubclient.Contact) (record, error) {
	rec, ok := a.journal.get(request)
	if !ok || !rec.supersededBy(lease, contact) {
		return rec, nil
	}
	return a.journal.change(request, func(r record) (record, error) {
		if !r.Phase.live() || !r.supersededBy(lease, contact) {
			return r, nil
		}
		return r.withLease(lease, contact), nil
	})
}

// supersededBy reports whether a lease from the hub says something new: a change, or, after a new start, the same with
// a time by this start's clock.
func (r record) supersededBy(lease *v1.Lease, contact hubclient.Contact) bool {
	ours, theirs := r.Lease, lease
	switch {
	case ours == nil || theirs.GetId() != ours.GetId() || theirs.GetEpoch() < ours.GetEpoch():
		return false
	case theirs.GetEpoch() > ours.GetEpoch():
		return r.Phase == active
	}
	before, after := ours.GetEndsAt().AsTime(), theirs.GetEndsAt().AsTime()
	return after.Before(before) || after.Equal(before) && r.Given.Asked.BootID != contact.Asked.BootID
}
