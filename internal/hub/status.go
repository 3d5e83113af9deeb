package hub

import (
	"context"
	"errors"
	"time"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// Status is how the hub fares.
type Status struct {
	Counts     Counts
	State      HubState
	Connected  int
	Checkpoint Checkpoint
	KEKVersion uint32
	// ClockOff is how far the clock of the hub that was asked is off, ClockWrong that it lends nothing for that.
	ClockOff   time.Duration
	ClockWrong bool
}

// GetStatus tells how the hub fares.
func (h *Hub) GetStatus(ctx context.Context, call Call) (Status, error) {
	return list(ctx, h, call, func(r Reader) (Status, error) {
		counts, err := r.Counts()
		if err != nil {
			return Status{}, err
		}
		row, err := r.Hub()
		if err != nil {
			return Status{}, err
		}
		latest, err := r.LatestCheckpoint()
		return Status{counts, row.State, h.broker.Connected(), latest, h.Vault.Primary(), time.Duration(h.clockOff.Load()), h.clockFault() != nil}, err
	})
}

// rollbackAcceptances is how many different users have to accept a rollback.
const rollbackAcceptances = 2

// AcceptRollback is one user's word that the hub may go on; it gives how many words are missing.
func (h *Hub) AcceptRollback(ctx context.Context, call Call) (missing int64, err error) {
	missing, err = effect(ctx, h, call, Closing, func(tx Tx, c Caller) (int64, error) {
		row, err := tx.Hub()
		switch {
		case err != nil:
			return 0, err
		case row.State != RollbackDetected:
			return 0, keyshift.Refuse(keyshift.CodeAlreadyExists, "No rollback was detected.", "Nothing has to be accepted.")
		}
		accepted, err := tx.AcceptRollback(c.User.ID)
		if err != nil {
			return 0, err
		}
		if err := tx.Append(c.event(keyshift.ActRollbackAccepted)); err != nil || accepted < rollbackAcceptances {
			return rollbackAcceptances - accepted, err
		}
		row.State, row.RollbackAcceptedAt = Serving, tx.Now()
		return 0, errors.Join(tx.SaveHub(row), tx.ClearRollback(), tx.Notify(TopicHub, ""))
	})
	if err == nil && missing == 0 {
		err = h.refreshState(ctx)
	}
	return missing, err
}

// ListEvents lists audit events, newest first.
func (h *Hub) ListEvents(ctx context.Context, call Call, f EventFilter, account, user string) ([]LoggedEvent, error) {
	return list(ctx, h, call, func(r Reader) ([]LoggedEvent, error) {
		if account != "" {
			a, err := accountNamed(r, account)
			if err != nil {
				return nil, err
			}
			f.AccountID = a.ID
		}
		if user != "" {
			u, err := r.UserByName(user)
			if err != nil {
				return nil, notFound(err, "user", user)
			}
			f.UserID = u.ID
		}
		return r.Events(f)
	})
}

// NoteExport records that somebody takes the whole audit log along.
func (h *Hub) NoteExport(ctx context.Context, call Call) error {
	err := h.Store.Write(ctx, Ordinary, func(tx Tx) error {
		caller, err := h.Authorize(tx, call)
		if err != nil {
			return err
		}
		return tx.Append(caller.event(keyshift.ActAuditExported))
	})
	if err == nil {
		h.Tree.Poke()
	}
	return err
}
