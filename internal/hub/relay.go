package hub

import (
	"context"
	"errors"
	"time"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/seal"
)

// relaysAtOnce bounds how many requests a sync tells of.
const relaysAtOnce = 20

// AddCustodian names a user who receives the codes of an account and passes them on when asked.
func (h *Hub) AddCustodian(ctx context.Context, call Call, accountName, userName string) error {
	return h.changeCustodian(ctx, call, Ordinary, accountName, userName, keyshift.ActCustodianAdded, Tx.AddCustodian)
}

// RemoveCustodian takes that back.
func (h *Hub) RemoveCustodian(ctx context.Context, call Call, accountName, userName string) error {
	return h.changeCustodian(ctx, call, Closing, accountName, userName, keyshift.ActCustodianRemoved, Tx.RemoveCustodian)
}

func (h *Hub) changeCustodian(ctx context.Context, call Call, kind WriteKind, accountName, userName string, action keyshift.AuditAction, change func(tx Tx, account, user keyshift.ID) (bool, error)) error {
	_, err := effect(ctx, h, call, kind, func(tx Tx, c Caller) (struct{}, error) {
		none := struct{}{}
		account, err := accountNamed(tx, accountName)
		if err != nil {
			return none, err
		}
		user, err := tx.UserByName(userName)
		if err != nil {
			return none, notFound(err, "user", userName)
		}
		changed, err := change(tx, account.ID, user.ID)
		if err != nil || !changed {
			return none, errors.Join(err, unchanged(err))
		}
		event := c.event(action)
		event.AccountID, event.UserID, event.Details = account.ID, user.ID, map[string]string{"account": account.Name()}
		return none, errors.Join(tx.Append(event), tx.Notify(TopicUser, string(user.ID)))
	})
	return err
}

// ListCustodians lists the custodians of an account.
func (h *Hub) ListCustodians(ctx context.Context, call Call, accountName string) ([]keyshift.User, error) {
	return list(ctx, h, call, func(r Reader) ([]keyshift.User, error) {
		account, err := accountNamed(r, accountName)
		if err != nil {
			return nil, err
		}
		return r.Custodians(account.ID)
	})
}

// AskRelay asks the custodians of a leased account for a code. While a request of the lease waits for an answer, it gives that.
func (h *Hub) AskRelay(ctx context.Context, call Call, lease keyshift.ID) (keyshift.CodeRelay, error) {
	if err := h.limits.relay(call.DeviceID); err != nil {
		return keyshift.CodeRelay{}, err
	}
	return effect(ctx, h, call, Ordinary, func(tx Tx, c Caller) (keyshift.CodeRelay, error) {
		l, account, err := h.usableLease(tx, c, lease)
		if err != nil {
			return keyshift.CodeRelay{}, err
		}
		open, err := tx.OpenRelay(l.ID, tx.Now())
		if err == nil || !errors.Is(err, keyshift.ErrNotFound) {
			return open, err
		}
		custodians, err := tx.Custodians(account.ID)
		switch {
		case err != nil:
			return keyshift.CodeRelay{}, err
		case len(custodians) == 0 || !account.LendsSecret():
			return keyshift.CodeRelay{}, errNoCustodian
		}
		relay := keyshift.CodeRelay{
			ID: tx.NewID(), LeaseID: l.ID, AccountID: account.ID, DeviceID: c.Device.ID, UserID: c.User.ID, AskedAt: tx.Now(), ExpiresAt: tx.Now().Add(keyshift.RelayWithin),
		}
		if err := errors.Join(tx.AddRelay(relay), tx.Append(relayEvent(c, keyshift.ActRelayAsked, relay))); err != nil {
			return relay, err
		}
		for _, custodian := range custodians {
			if err := tx.Notify(TopicUser, string(custodian.ID)); err != nil {
				return relay, err
			}
		}
		return relay, nil
	})
}

var errNoCustodian = keyshift.Refuse(keyshift.CodeNotFound, "Nobody is named who receives the codes of this account.", "Ask your admin to name a custodian (keyshift-hub accounts custodian add).")

// AnswerRelay takes a code from a custodian, sealed to the asking device: the hub cannot read it. The first answer counts.
func (h *Hub) AnswerRelay(ctx context.Context, call Call, id keyshift.ID, sealed []byte) error {
	if len(sealed) < seal.DeviceOverhead || len(sealed) > keyshift.MaxSealedCode {
		return keyshift.Invalid(keyshift.CodeFieldInvalid, "The answer is not a sealed code.", "Update the agent.")
	}
	if err := h.limits.relay(call.DeviceID); err != nil {
		return err
	}
	_, err := effect(ctx, h, call, Ordinary, func(tx Tx, c Caller) (struct{}, error) {
		none := struct{}{}
		relay, err := askedOf(tx, c, id)
		if err != nil {
			return none, err
		}
		l, err := tx.Lease(relay.LeaseID)
		switch {
		case err != nil:
			return none, err
		case !relay.OpenAt(tx.Now()) || !l.LiveAt(tx.Now()):
			return none, errRelayOver
		}
		first, err := tx.AnswerRelay(id, sealed, tx.Now())
		if err != nil || !first {
			return none, errors.Join(err, lateAnswer(err))
		}
		return none, errors.Join(tx.Append(relayEvent(c, keyshift.ActRelayAnswered, relay)), tx.Notify(TopicDevice, string(relay.DeviceID)))
	})
	return err
}

func lateAnswer(err error) error {
	if err != nil {
		return nil
	}
	return errRelayOver
}

// askedOf reads a request that the caller, a custodian now, was asked; others do not exist for them.
func askedOf(r Reader, c Caller, id keyshift.ID) (keyshift.CodeRelay, error) {
	relay, err := r.Relay(id)
	if err != nil {
		return relay, notFound(err, "request for a code", string(id))
	}
	custodians, err := r.Custodians(relay.AccountID)
	if err != nil {
		return relay, err
	}
	for _, custodian := range custodians {
		if custodian.ID == c.User.ID {
			return relay, nil
		}
	}
	return relay, notFound(keyshift.ErrNotFound, "request for a code", string(id))
}

var errRelayOver = keyshift.Refuse(keyshift.CodeRelayOver, "The request for a code was answered already, is too old, or its lease is over.", "If the code is still needed, have it asked for again.")

// RelayedCode is an answer for the device that asked.
type RelayedCode struct {
	Sealed    []byte
	ExpiresAt time.Time
}

// TakeRelay gives the answer to the device that asked, once: the same request id gives it again, another does not.
func (h *Hub) TakeRelay(ctx context.Context, call Call, id keyshift.ID) (RelayedCode, error) {
	if err := h.limits.relay(call.DeviceID); err != nil {
		return RelayedCode{}, err
	}
	_, err := effect(ctx, h, call, Ordinary, func(tx Tx, c Caller) (struct{}, error) {
		none := struct{}{}
		relay, err := tx.Relay(id)
		if err != nil || relay.DeviceID != c.Device.ID {
			return none, notFound(orNotFound(err), "request for a code", string(id))
		}
		_, _, err = h.usableLease(tx, c, relay.LeaseID)
		switch {
		case err != nil:
			return none, err
		case relay.AnsweredAt.IsZero() && tx.Now().Before(relay.ExpiresAt):
			return none, errRelayWaits
		case !tx.Now().Before(relay.ExpiresAt):
			return none, errRelayOver
		}
		first, err := tx.TakeRelay(id, tx.Now())
		if err != nil || !first {
			return none, errors.Join(err, lateAnswer(err))
		}
		return none, tx.Append(relayEvent(c, keyshift.ActRelayTaken, relay))
	})
	if err != nil {
		return RelayedCode{}, err
	}
	relay, err := h.Store.Read(ctx).Relay(id)
	if err != nil || !h.Now().Before(relay.ExpiresAt) {
		return RelayedCode{}, errRelayOver
	}
	return RelayedCode{relay.Sealed, relay.ExpiresAt}, nil
}

var errRelayWaits = keyshift.Refuse(keyshift.CodeRelayWaits, "Nobody has typed the code in yet.", "Wait, or call the person who receives it.")

func relayEvent(c Caller, action keyshift.AuditAction, r keyshift.CodeRelay) keyshift.AuditEvent {
	event := c.event(action)
	event.AccountID, event.LeaseID, event.Details = r.AccountID, r.LeaseID, map[string]string{"relay": string(r.ID)}
	return event
}
