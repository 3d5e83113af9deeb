package agent

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// derivedID makes a request id out of another, so that a repeated step repeats its request.
func derivedID(step, request string) string {
	sum := sha256.Sum256([]byte("keyshift " + step + " v1|" + request))
	return hex.EncodeToString(sum[:16])
}

// sayDelivered tells the hub at once that we know of the end it ordered, while the wipe begins. The returned function
// waits until that is said or not.
func (a *Agent) sayDelivered(ctx context.Context, rec record) (wait func()) {
	l := a.link.Load()
	if l == nil || rec.Lease == nil || rec.Cause != "" || rec.Delivered || rec.Phase != ending {
		return func() {}
	}
	return a.beside(func() {
		s, err := l.talk(ctx)
		if err != nil {
			return
		}
		receipt := &v1.Receipt{
			LeaseId: rec.Lease.GetId(), Step: v1.RemovalStep_REMOVAL_STEP_DELIVERED,
			SessionUnconfirmed: rec.HandedOut || a.sessions.owed(rec.Lease.GetId()),
		}
		if a.report(ctx, s, receipt) == nil {
			a.after(rec, func(r record) record { r.Delivered = true; return r })
		}
	})
}

// tell gives the hub its receipt, and forgets the lease once nothing remains to be done or said.
func (a *Agent) tell(ctx context.Context, rec record) (record, bool) {
	l := a.link.Load()
	if l == nil || rec.Lease == nil {
		return rec, a.nobodyToTell(rec, l)
	}
	if !rec.news() {
		return rec, false
	}
	s, err := l.talk(ctx)
	if err != nil {
		return rec, false
	}
	lease, err := a.sendReceipt(ctx, s, rec)
	if !final(err) {
		a.log.Info("report again later", "request_id", rec.RequestID, "error", err)
		return rec, false
	}
	rec = a.after(rec, func(r record) record {
		r.Told, r.Delivered, r.ToldFailure = true, true, r.WipeFailure
		if lease != nil {
			r.Lease = lease
		}
		return r
	})
	return rec, rec.Phase == wiped && a.forget(rec)
}

// news reports whether there is anything that the hub has not heard.
func (r record) news() bool {
	return r.Phase == wiped || r.Cause != "" && !r.Told || r.WipeFailure != r.ToldFailure
}

// sendReceipt ends the lease at the hub, or adds to an end that the hub knows. A check-in of a lease that has ended
// otherwise meanwhile keeps that end and takes the receipt.
func (a *Agent) sendReceipt(ctx context.Context, s *line, rec record) (*v1.Lease, error) {
	if rec.Cause == "" || rec.Told {
		return nil, a.report(ctx, s, a.receipt(rec))
	}
	answer, _, err := hubclient.Ask(ctx, s.hub.CheckIn, &v1.CheckInRequest{
		RequestId: a.newID(), LeaseId: rec.Lease.GetId(), Cause: string(rec.Cause), Receipt: a.receipt(rec),
	})
	err = a.heard(err)
	return answer.GetLease(), err
}

func (a *Agent) report(ctx context.Context, s *line, receipt *v1.Receipt) error {
	_, _, err := hubclient.Ask(ctx, s.hub.Report, &v1.ReportRequest{RequestId: a.newID(), Receipts: []*v1.Receipt{receipt}})
	err = a.heard(err)
	return err
}

// final reports whether the hub's answer to a receipt will not change: it took it, or it has nothing to do with the lease.
func final(err error) bool {
	switch keyshift.CodeOf(err) {
	case "", keyshift.CodeNotFound, keyshift.CodeDeviceNotTrusted:
		return true
	}
	return false
}

// nobodyToTell is for what the hub cannot hear of: no lease is known, or there is no hub any more. A check-out whose
// answer was lost stays as long as the hub may still bring up its lease.
func (a *Agent) nobodyToTell(rec record, l *link) bool {
	if rec.Phase != wiped {
		return false
	}
	if l != nil && rec.AccountID != "" && a.times.age(rec.At) < keyshift.ActivateWithin+keyshift.ReissueMargin {
		return false
	}
	return a.forget(rec)
}

func (a *Agent) forget(rec record) bool {
	if rec.HandedOut {
		if err := a.sessions.elsewhere(rec.Lease.GetId()); err != nil {
			a.log.Error("write open sessions", "error", err)
		}
	}
	defer poke(a.closedSoon)
	if err := a.journal.drop(rec.RequestID); err != nil {
		a.log.Error("forget lease", "request_id", rec.RequestID, "error", err)
		return false
	}
	return true
}
