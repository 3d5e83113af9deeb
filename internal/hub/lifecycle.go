package hub

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// Activate makes a pending lease usable, once the device has confirmed that it has the credential; what it cannot store it
// gives back. It is harmless to repeat.
func (h *Hub) Activate(ctx context.Context, call Call, lease keyshift.ID) (LeaseView, error) {
	return h.changeOwn(ctx, call, Ordinary, lease, func(tx Tx, c Caller, l *keyshift.Lease) error {
		switch {
		case !l.LiveAt(tx.Now()):
			return keyshift.ErrLeaseOver
		case l.State == keyshift.LeaseActive:
			return nil
		}
		l.State, l.Epoch = keyshift.LeaseActive, l.Epoch+1
		return errors.Join(tx.SaveLease(*l), tx.Append(leaseEvent(c, keyshift.ActLeaseActivated, *l)))
	})
}

// changeOwn changes a lease of the calling device and answers with it. Of a request that was answered before it answers with the
// lease as it is now.
func (h *Hub) changeOwn(ctx context.Context, call Call, kind WriteKind, lease keyshift.ID, change func(Tx, Caller, *keyshift.Lease) error) (LeaseView, error) {
	call.lease = lease
	var changed LeaseView
	id, err := effect(ctx, h, call, kind, func(tx Tx, c Caller) (keyshift.ID, error) {
		view, err := tx.LeaseView(lease)
		if err := own(c, lease, view.Lease, err); err != nil {
			return "", err
		}
		err = change(tx, c, &view.Lease)
		changed = view
		return view.ID, err
	})
	if err == nil && changed.ID != id {
		changed, err = h.Store.Read(ctx).LeaseView(id)
	}
	if err != nil {
		return LeaseView{}, err
	}
	return h.withContact(changed, nil)
}

// Renew prolongs a live lease by a duration from now, after asking the gates again.
func (h *Hub) Renew(ctx context.Context, call Call, lease keyshift.ID, duration time.Duration) (LeaseView, error) {
	if err := h.limits.use(call.UserID); err != nil {
		return LeaseView{}, err
	}
	return h.changeOwn(ctx, call, Ordinary, lease, func(tx Tx, c Caller, l *keyshift.Lease) error {
		account, err := tx.Account(l.AccountID)
		if err != nil {
			return err
		}
		if err := h.mayRenew(tx, c, account, *l, duration); err != nil {
			return err
		}
		end, err := l.RenewedEnd(duration, tx.Now())
		if err != nil {
			return err
		}
		l.EndsAt, l.FreeAt, l.Epoch = end, end.Add(keyshift.ReissueMargin), l.Epoch+1
		event := leaseEvent(c, keyshift.ActLeaseRenewed, *l)
		event.Details["ends_at"] = end.UTC().Format(time.RFC3339)
		return errors.Join(tx.SaveLease(*l), tx.Append(event))
	})
}

func (h *Hub) mayRenew(tx Tx, c Caller, account keyshift.Account, l keyshift.Lease, duration time.Duration) error {
	if !l.LiveAt(tx.Now()) {
		return keyshift.ErrLeaseOver
	}
	if duration == 0 {
		return account.ValidateDuration(0)
	}
	q := question{r: tx, now: tx.Now(), user: c.User, device: c.Device, account: account, duration: duration, own: l.ID, treeFault: h.Tree.Fault(), clockFault: h.clockFault()}
	return q.ask()
}

// CheckIn ends a device's own lease. The receipt says how far the wipe has come by now. A lease that has ended already
// keeps its end; the receipt is taken all the same.
func (h *Hub) CheckIn(ctx context.Context, call Call, lease keyshift.ID, cause keyshift.EndCause, receipt keyshift.Receipt) (LeaseView, error) {
	if cause.State() == "" {
		return LeaseView{}, keyshift.Invalid(keyshift.CodeFieldInvalid, "The cause of the end is unknown.", "Use one of the causes of the contract.")
	}
	return h.changeOwn(ctx, call, Releasing, lease, func(tx Tx, c Caller, l *keyshift.Lease) error {
		receipt.LeaseID = l.ID
		if !l.State.Live() {
			return takeReceipt(tx, c, l, receipt)
		}
		return endByDevice(tx, c, l, cause, receipt)
	})
}

func endByDevice(tx Tx, c Caller, l *keyshift.Lease, cause keyshift.EndCause, receipt keyshift.Receipt) error {
	l.EndedAt = l.OverAt(tx.Now())
	l.State, l.Epoch, l.EndReason = cause.State(), l.Epoch+1, string(cause)
	l.Removal.Step = keyshift.RemovalRequested
	l.Removal, _ = l.Removal.Apply(receipt, tx.Now())
	action := keyshift.ActLeaseCheckedIn
	if l.State == keyshift.LeaseExpired {
		action = keyshift.ActLeaseExpired
	}
	event := leaseEvent(c, action, *l)
	event.Details["cause"] = string(cause)
	noteRemoval(event, l.Removal, receipt)
	return errors.Join(tx.SaveLease(*l), tx.Append(event))
}

// Report takes receipts about the removal of ended leases. A receipt for a lease that the hub still thinks live ends
// it: the device knows better.
func (h *Hub) Report(ctx context.Context, call Call, receipts []keyshift.Receipt) ([]keyshift.ID, error) {
	if len(receipts) > maxReceipts || repeats(receipts) {
		return nil, keyshift.Invalid(keyshift.CodeFieldInvalid, "There are too many receipts at once, or two for one lease.", "Send at most 500, and one for each lease.")
	}
	return effect(ctx, h, call, Releasing, func(tx Tx, c Caller) ([]keyshift.ID, error) {
		taken := make([]keyshift.ID, 0, len(receipts))
		for _, receipt := range receipts {
			l, err := ownLease(tx, c, receipt.LeaseID)
			if errors.Is(err, keyshift.ErrNotFound) {
				continue
			}
			if err == nil {
				err = takeReceiptOrEnd(tx, c, &l, receipt)
			}
			if err != nil {
				return nil, err
			}
			taken = append(taken, l.ID)
		}
		return taken, nil
	})
}

const maxReceipts = 500

func repeats(receipts []keyshift.Receipt) bool {
	seen := make(map[keyshift.ID]bool, len(receipts))
	for _, r := range receipts {
		if seen[r.LeaseID] {
			return true
		}
		seen[r.LeaseID] = true
	}
	return false
}

func takeReceiptOrEnd(tx Tx, c Caller, l *keyshift.Lease, receipt keyshift.Receipt) error {
	if !l.State.Live() {
		return takeReceipt(tx, c, l, receipt)
	}
	cause := keyshift.CauseCheckedIn
	if !l.LiveAt(tx.Now()) {
		cause = keyshift.CauseExpired
	}
	return endByDevice(tx, c, l, cause, receipt)
}

func takeReceipt(tx Tx, c Caller, l *keyshift.Lease, receipt keyshift.Receipt) error {
	removal, changed := l.Removal.Apply(receipt, tx.Now())
	if !changed {
		return nil
	}
	news := removal.IsNewsAfter(l.Removal)
	l.Removal = removal
	if err := tx.SaveRemoval(*l); err != nil || !news {
		return err
	}
	event := leaseEvent(c, keyshift.ActLeaseRemoval, *l)
	noteRemoval(event, removal, receipt)
	if removal.WipeFailure != "" {
		event.Personal = map[string]string{"wipe_failure": removal.WipeFailure} // a device's words may name files and people
	}
	return tx.Append(event)
}

// noteRemoval writes into an event how far the removal is, and what the browser said of its part.
func noteRemoval(event keyshift.AuditEvent, r keyshift.Removal, receipt keyshift.Receipt) {
	event.Details["removal"] = r.Step.String()
	if r.BrowserPending {
		event.Details["browser"] = "pending"
	}
	if slices.Contains(keyshift.SignOuts(), receipt.SignOut) {
		event.Details["sign_out"] = receipt.SignOut
	}
}

// ownLease reads a lease of the calling device; another's does not exist for it.
func ownLease(r Reader, c Caller, id keyshift.ID) (keyshift.Lease, error) {
	l, err := r.Lease(id)
	if err := own(c, id, l, err); err != nil {
		return keyshift.Lease{}, err
	}
	return l, nil
}

func own(c Caller, id keyshift.ID, l keyshift.Lease, err error) error {
	if err != nil || l.DeviceID != c.Device.ID {
		return notFound(orNotFound(err), "lease", string(id))
	}
	return nil
}

func orNotFound(err error) error {
	if err == nil {
		return keyshift.ErrNotFound
	}
	return err
}

func leaseEvent(c Caller, action keyshift.AuditAction, l keyshift.Lease) keyshift.AuditEvent {
	event := c.event(action)
	event.UserID, event.DeviceID, event.AccountID, event.LeaseID = l.UserID, l.DeviceID, l.AccountID, l.ID
	event.Details = map[string]string{}
	return event
}
