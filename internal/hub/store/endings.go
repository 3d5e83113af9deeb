package store

import (
	"errors"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/hub/store/db"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// The reasons that a lease which ended by time bears.
const (
	reasonExpired     = "expired"
	reasonUnactivated = "not activated in time"
)

// EndLeases ends every live lease of the target in one statement, whether or not its time is over already. The wake-up
// is the caller's: it may end more in the same batch.
func (t *tx) EndLeases(e hub.Ending) (int64, error) {
	if f := t.known(e.Target.ID); f != nil && e.Target.Kind == hub.TargetLease && f.lease.id == e.Target.ID && !e.RotationDue {
		return t.endLease(e, f.lease)
	}
	n, err := t.leases().EndLeases(t.ctx, db.EndLeasesParams{
		Batch: string(e.Batch), Kind: string(e.Target.Kind), Target: string(e.Target.ID), Reason: e.Reason, Now: micros(t.now),
		Margin: margin, RotationDue: bit(e.RotationDue),
	})
	if ended, err := t.changed("end leases", n, err); err != nil || !ended {
		return 0, err
	}
	if e.RotationDue {
		marked, err := t.q().MarkAccountsOfBatch(t.ctx, string(e.Batch))
		if _, err := t.changed("mark rotation due", marked, err); err != nil {
			return 0, err
		}
	}
	return n, t.appendForBatch(e.Batch, e.Reason, revokedEvent(e))
}

func revokedEvent(e hub.Ending) keyshift.AuditEvent {
	return keyshift.AuditEvent{Action: keyshift.ActLeaseRevoked, ActorKind: e.ActorKind, ActorID: e.ActorID, Details: map[string]string{"revocation": string(e.Batch)}}
}

// endLease ends a lease of which everything was read ahead. Should it have ended since, the command runs again.
func (t *tx) endLease(e hub.Ending, l foreseenLease) (int64, error) {
	if !l.live {
		return 0, nil
	}
	_, err := t.later().EndLease(t.ctx, db.EndLeaseParams{ID: string(l.id), Batch: string(e.Batch), Reason: e.Reason, Now: micros(t.now), Margin: margin})
	t.changedLease(l.id)
	event := revokedEvent(e)
	event.ID = string(e.Batch) + "-" + string(l.id) // as AppendLeaseEvents names it
	event.UserID, event.DeviceID, event.AccountID, event.LeaseID = l.user, l.device, l.account, l.id
	return 1, errors.Join(err, t.append(event, []byte{}))
}

// leases gives the queries, to change leases that are there. Of what waits, only other changes of leases matter.
func (t *tx) leases() *db.Queries {
	if t.batch.leases {
		return t.q()
	}
	return t.aside()
}

// ExpireDue dates each end to the moment at which the lease was over, not to the moment at which somebody looked.
func (t *tx) ExpireDue(batch keyshift.ID) (int64, error) {
	n, err := t.q().ExpireDue(t.ctx, db.ExpireDueParams{Batch: string(batch), Now: micros(t.now), Margin: margin,
		Expired: reasonExpired, Unactivated: reasonUnactivated})
	if ended, err := t.changed("expire leases", n, err); err != nil || !ended {
		return 0, err
	}
	for _, reason := range []string{reasonExpired, reasonUnactivated} {
		event := keyshift.AuditEvent{Action: keyshift.ActLeaseExpired, ActorKind: keyshift.ActorHub, Details: map[string]string{"cause": reason}}
		if err := t.appendForBatch(batch, reason, event); err != nil {
			return 0, err
		}
	}
	return n, nil
}

// appendForBatch appends the event for each lease that the batch ended for the reason.
func (t *tx) appendForBatch(batch keyshift.ID, reason string, e keyshift.AuditEvent) error {
	_, err := t.later().AppendLeaseEvents(t.ctx, db.AppendLeaseEventsParams{
		Batch: string(batch), EndReason: reason, At: micros(t.now), Action: string(e.Action), ActorKind: string(e.ActorKind),
		ActorID: string(e.ActorID), Details: keyshift.FactsText(e.Details), Salt: []byte{},
	})
	last := t.batch.last()
	last.any, last.event = true, true
	return err
}

// MarkUnconfirmed counts from the latest possible end, which lies one margin before the lease's FreeAt.
func (t *tx) MarkUnconfirmed() (int64, error) {
	limit := micros(t.now.Add(keyshift.ReissueMargin - keyshift.UnconfirmedAfter))
	accounts, err := t.q().MarkUnconfirmedAccounts(t.ctx, limit)
	if _, err := t.changed("mark accounts", accounts, err); err != nil {
		return 0, err
	}
	n, err := t.q().MarkUnconfirmed(t.ctx, limit)
	_, err = t.changed("mark unconfirmed removals", n, err)
	return n, err
}
