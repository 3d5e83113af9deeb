package store

import (
	"database/sql"
	"errors"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/hub/store/db"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

var margin = keyshift.ReissueMargin.Microseconds()

func (r *reader) Lease(id keyshift.ID) (keyshift.Lease, error) {
	view, err := r.LeaseView(id)
	return view.Lease, err
}

func (r *reader) LeaseView(id keyshift.ID) (hub.LeaseView, error) {
	return r.leaseView(r.q(), id)
}

func (r *reader) leaseView(q *db.Queries, id keyshift.ID) (hub.LeaseView, error) {
	row, err := q.Lease(r.ctx, string(id))
	return one(r, "lease", viewOf, row, err)
}

func (t *tx) Lease(id keyshift.ID) (keyshift.Lease, error) {
	view, err := t.LeaseView(id)
	return view.Lease, err
}

// LeaseView waits for no other change than those of the lease itself.
func (t *tx) LeaseView(id keyshift.ID) (hub.LeaseView, error) {
	if t.batch == nil || t.batch.changed[id] {
		return t.reader.LeaseView(id)
	}
	if f := t.known(id); f != nil && f.view.ID == id {
		return f.view, nil
	}
	return t.leaseView(t.aside(), id)
}

func (r *reader) LeaseDevice(id keyshift.ID) (keyshift.ID, error) {
	device, err := r.q().LeaseDevice(r.ctx, string(id))
	return one(r, "device of a lease", func(id string) keyshift.ID { return keyshift.ID(id) }, device, err)
}

func (r *reader) Leases(f hub.LeaseFilter) ([]hub.LeaseView, error) {
	var rows []db.LeaseView
	var err error
	switch {
	case f.Revocation != "":
		rows, err = r.q().LeasesOfBatch(r.ctx, db.LeasesOfBatchParams{Batch: string(f.Revocation), Before: before(string(f.Before)), AllSteps: bit(!f.Open), Most: most(f.Limit)})
	case f.Open:
		rows, err = r.q().OpenLeases(r.ctx, db.OpenLeasesParams{Before: before(string(f.Before)), Most: most(f.Limit)})
	default:
		rows, err = r.q().Leases(r.ctx, db.LeasesParams{Before: before(string(f.Before)), Most: most(f.Limit)})
	}
	return list(r, "leases", viewOf, rows, err)
}

func (r *reader) LiveLeases(device keyshift.ID) ([]hub.LeaseView, error) {
	rows, err := r.q().LiveLeases(r.ctx, string(device))
	return list(r, "live leases", viewOf, rows, err)
}

func (r *reader) RemovalsOpen(device keyshift.ID) ([]hub.LeaseView, error) {
	rows, err := r.q().RemovalsOpen(r.ctx, string(device))
	return list(r, "open removals", viewOf, rows, err)
}

func (r *reader) RemovalsToDo(device keyshift.ID, limit int) ([]hub.LeaseView, error) {
	rows, err := r.q().RemovalsToDo(r.ctx, db.RemovalsToDoParams{DeviceID: string(device), Most: most(limit)})
	return list(r, "removals to do", viewOf, rows, err)
}

// mostHolders bounds how many holders are seen to go while one asks for the holder.
const mostHolders = 10

// Holder asks for the id alone first: most of the time there is none, and a wide row costs even when it is not there.
// Between the two looks the account may be given back; then it asks again, so that nobody hears of a holder who is gone.
func (r *reader) Holder(account keyshift.ID, now time.Time) (hub.LeaseView, error) {
	for seen := 1; ; seen++ {
		id, err := r.q().Holder(r.ctx, db.HolderParams{AccountID: string(account), Now: micros(now), Margin: margin})
		if err != nil {
			return hub.LeaseView{}, r.failed("read holder", err)
		}
		view, err := r.LeaseView(keyshift.ID(id))
		if err != nil || view.HoldsAt(now) || seen == mostHolders {
			return view, err
		}
	}
}

// HeldAt looks only as far back as a lease can last.
func (r *reader) HeldAt(account keyshift.ID, at time.Time) ([]hub.LeaseView, error) {
	rows, err := r.q().HeldAt(r.ctx, db.HeldAtParams{AccountID: string(account), At: micros(at), Earliest: micros(at.Add(-keyshift.MaxLeaseLength))})
	return list(r, "leases held", viewOf, rows, err)
}

func (r *reader) RevokedDevices(batch keyshift.ID) ([]keyshift.ID, error) {
	rows, err := r.q().DevicesOfBatch(r.ctx, string(batch))
	return list(r, "devices of a batch", func(id string) keyshift.ID { return keyshift.ID(id) }, rows, err)
}

func (r *reader) NextDue() (time.Time, error) {
	due, err := r.q().NextDue(r.ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	return one(r, "next due lease", moment, due, err)
}

// AddLease inserts first and asks later: the unique index knows best who holds an exclusive account. Only when
// somebody does, it takes the hold from whom it does not belong to any more, and tries again.
func (t *tx) AddLease(l keyshift.Lease) error {
	row := leaseRow(l)
	t.lent++
	_, err := t.later().AddLease(t.ctx, row)
	t.changedLease(l.ID)
	t.batch.link.memory.remember(l)
	if l.Exclusive {
		t.batch.change(l.AccountID)
		t.batch.last().missed = func() error { return t.addLeaseAgain(row) }
	}
	return err
}

// addLeaseAgain is for an exclusive account that another lease still holds: perhaps its time is over.
func (t *tx) addLeaseAgain(row db.AddLeaseParams) error {
	n, err := t.q().ReleaseAccount(t.ctx, db.ReleaseAccountParams{AccountID: row.AccountID, Now: micros(t.now), Margin: margin})
	released, err := t.changed("release account", n, err)
	if err != nil {
		return err
	}
	if released {
		n, err := t.q().AddLease(t.ctx, row)
		if added, err := t.changed("add lease", n, err); added || err != nil {
			return err
		}
	}
	t.conflict("add lease")
	return t.failure
}

// SaveLease is refused with the rest of the command, which then runs again, when somebody else has changed the lease since it
// was read.
func (t *tx) SaveLease(l keyshift.Lease) error {
	row := leaseRow(l)
	_, err := t.later().SaveLease(t.ctx, db.SaveLeaseParams{
		ID: row.ID, EpochBefore: l.Epoch - 1, Epoch: row.Epoch, State: row.State, OfflineGrace: row.OfflineGrace, ActivateBy: row.ActivateBy,
		EndsAt: row.EndsAt, EndedAt: row.EndedAt, EndReason: row.EndReason, FreeAt: row.FreeAt, DueAt: row.DueAt,
		RemovalStep: row.RemovalStep, RequestedAt: row.RequestedAt, DeliveredAt: row.DeliveredAt, WipedAt: row.WipedAt, ClosedAt: row.ClosedAt,
		WipeFailure: row.WipeFailure, SessionUnconfirmed: row.SessionUnconfirmed, Rotation: row.Rotation, Wiped: wiped(l),
	})
	t.changedLease(l.ID)
	return err
}

// changedLease notes that a change of a lease waits.
func (t *tx) changedLease(id keyshift.ID) {
	t.batch.change(id)
	t.batch.leases = true
}

func (t *tx) SaveRemoval(l keyshift.Lease) error {
	row := leaseRow(l)
	_, err := t.later().SaveRemoval(t.ctx, db.SaveRemovalParams{
		ID: row.ID, RemovalStep: row.RemovalStep, RequestedAt: row.RequestedAt, DeliveredAt: row.DeliveredAt, WipedAt: row.WipedAt,
		ClosedAt: row.ClosedAt, WipeFailure: row.WipeFailure, SessionUnconfirmed: row.SessionUnconfirmed, Rotation: row.Rotation, Wiped: wiped(l),
	})
	t.changedLease(l.ID)
	return err
}

func (t *tx) UseCodeStep(lease keyshift.ID, step int64) (bool, error) {
	n, err := t.q().UseCodeStep(t.ctx, db.UseCodeStepParams{ID: string(lease), Step: step})
	return t.changed("use code step", n, err)
}

// leaseRow also computes what only queries need: when a live lease is due, and whether it holds its account.
func leaseRow(l keyshift.Lease) db.AddLeaseParams {
	r := l.Removal
	return db.AddLeaseParams{
		ID: string(l.ID), AccountID: string(l.AccountID), UserID: string(l.UserID), DeviceID: string(l.DeviceID), Reason: l.Reason,
		State: string(l.State), Exclusive: bit(l.Exclusive), OfflineGrace: l.OfflineGrace.Microseconds(), Epoch: l.Epoch,
		StartedAt: micros(l.StartedAt), ActivateBy: micros(l.ActivateBy), EndsAt: micros(l.EndsAt), EndedAt: micros(l.EndedAt),
		EndReason: l.EndReason, FreeAt: micros(l.FreeAt), RemovalStep: int64(r.Step), RequestedAt: micros(r.RequestedAt),
		DeliveredAt: micros(r.DeliveredAt), WipedAt: micros(r.WipedAt), ClosedAt: micros(r.ClosedAt), WipeFailure: r.WipeFailure,
		SessionUnconfirmed: unconfirmed(r), Rotation: string(r.Rotation), Holds: bit(l.Exclusive && wiped(l) == 0), DueAt: micros(due(l)),
	}
}

// due is when a live lease ends by time, zero for others.
func due(l keyshift.Lease) time.Time {
	switch l.State {
	case keyshift.LeasePending:
		return l.ActivateBy
	case keyshift.LeaseActive:
		return l.EndsAt
	}
	return time.Time{}
}

func wiped(l keyshift.Lease) int64 { return bit(l.Removal.Step >= keyshift.RemovalSecretWiped) }

// What stands in session_unconfirmed.
const (
	nothingToConfirm = iota
	sessionUnconfirmed
	browserPending
)

func unconfirmed(r keyshift.Removal) int64 {
	switch {
	case r.BrowserPending:
		return browserPending
	case r.SessionUnconfirmed:
		return sessionUnconfirmed
	}
	return nothingToConfirm
}

func viewOf(row db.LeaseView) hub.LeaseView {
	return hub.LeaseView{
		Lease: leaseOf(row),
		Account: accountOf(db.Account{
			ID: row.AccountID, Network: row.AccountNetwork, Handle: row.AccountHandle, AccessMode: row.AccountAccessMode, Exclusive: row.AccountExclusive,
			Enabled: row.AccountEnabled, MaxDuration: row.AccountMaxDuration, OfflineGrace: row.AccountOfflineGrace,
			LeaseStorage: row.AccountLeaseStorage, AllowShow: row.AccountAllowShow, CredentialVersion: row.AccountCredentialVersion,
			HasCodeSeed: row.AccountHasCodeSeed, RotationDue: row.AccountRotationDue, CreatedAt: row.AccountCreatedAt,
		}),
		UserName: row.UserName, UserShown: keyshift.User{Name: row.UserName, DisplayName: row.UserDisplayName}.Shown(),
		DeviceName: row.DeviceName, LastContact: moment(row.LastContact),
	}
}

func leaseOf(row db.LeaseView) keyshift.Lease {
	return keyshift.Lease{
		ID: keyshift.ID(row.ID), AccountID: keyshift.ID(row.AccountID), UserID: keyshift.ID(row.UserID), DeviceID: keyshift.ID(row.DeviceID),
		Reason: row.Reason, State: keyshift.LeaseState(row.State), Exclusive: row.Exclusive == 1, OfflineGrace: duration(row.OfflineGrace),
		Epoch: row.Epoch, StartedAt: moment(row.StartedAt), ActivateBy: moment(row.ActivateBy), EndsAt: moment(row.EndsAt),
		EndedAt: moment(row.EndedAt), EndReason: row.EndReason, FreeAt: moment(row.FreeAt),
		Removal: keyshift.Removal{
			Step: keyshift.RemovalStep(row.RemovalStep), RequestedAt: moment(row.RequestedAt), DeliveredAt: moment(row.DeliveredAt),
			WipedAt: moment(row.WipedAt), ClosedAt: moment(row.ClosedAt), WipeFailure: row.WipeFailure,
			SessionUnconfirmed: row.SessionUnconfirmed != nothingToConfirm, BrowserPending: row.SessionUnconfirmed == browserPending,
			Rotation: keyshift.Rotation(row.Rotation),
		},
	}
}
