package hub

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// effect runs do once for a request id, inside one transaction, after authorizing the call there. The result is kept
// with the request id and given again to repetitions; it must not hold anything secret. Neither a refusal is remembered, nor
// what left no audit event, because nothing happened: asking again asks again. do decides before it writes, except for an
// audit event about a refusal of a device.
func effect[T any](ctx context.Context, h *Hub, call Call, kind WriteKind, do func(Tx, Caller) (T, error)) (T, error) {
	var result T
	if err := keyshift.ValidateRequestID(call.RequestID); err != nil {
		return result, err
	}
	err := h.Store.Write(ctx, kind, func(tx Tx) error {
		var fresh T
		result = fresh
		caller, err := h.Authorize(tx, call)
		if err != nil {
			return err
		}
		if err := takeSequence(tx, call, caller); err != nil {
			return err
		}
		actor := effectActor(call, caller)
		before, err := tx.Effect(actor, call.RequestID)
		if err == nil {
			return replay(before, call, &result)
		}
		if !errors.Is(err, keyshift.ErrNotFound) {
			return err
		}
		work := &noting{Tx: tx}
		if result, err = do(work, caller); err != nil {
			return keepRefusal(tx, call, err)
		}
		if !work.noted {
			return nil
		}
		return remember(tx, actor, call, result)
	}, call.ahead())
	h.Tree.Poke() // also for the event about a refusal
	return result, err
}

// ahead is what the effect of a call will read.
func (c Call) ahead() Ahead {
	switch c.Access.Kind {
	case DeviceAccess:
		return Ahead{DeviceID: c.DeviceID, AccountID: c.account, LeaseID: c.lease, RequestID: c.RequestID}
	case UserAccess:
		return Ahead{TokenHash: c.TokenHash, LeaseID: c.lease, RequestID: c.RequestID}
	case AnyoneAccess, NoAccess:
	}
	return Ahead{}
}

// noting is a transaction that notes whether an audit event was written, and wakes whom it affects.
type noting struct {
	Tx
	noted bool
}

func (n *noting) Append(e keyshift.AuditEvent) error {
	n.noted = true
	if err := n.Tx.Append(e); err != nil {
		return err
	}
	if topic, ref := affected(e); ref != "" {
		return n.Notify(topic, ref)
	}
	return nil
}

func effectActor(call Call, caller Caller) keyshift.ID {
	if call.Access.Kind == AnyoneAccess && call.DeviceID != "" {
		return call.DeviceID
	}
	return caller.id
}

// takeSequence marks the number of a device's signed request as used, in the transaction of its effect.
func takeSequence(tx Tx, call Call, caller Caller) error {
	if call.Access.Kind != DeviceAccess {
		return nil
	}
	window := caller.Device.Window
	if !window.Accept(call.Seq) {
		return ErrReplayed
	}
	return tx.SaveWindow(caller.Device.ID, caller.Device.Window, window)
}

// ErrReplayed refuses a signed request whose number was used before.
var ErrReplayed = keyshift.Refuse(keyshift.CodeReplayed, "This signed request was used already.", "Send it again with a new number.")

func replay[T any](before Effect, call Call, result *T) error {
	if before.Procedure != call.Procedure || !bytes.Equal(before.BodyHash, call.BodyHash) {
		return keyshift.Refuse(keyshift.CodeRequestIDReused, "This request id was used for a different request.", "Use a fresh request id for each new request.")
	}
	if err := json.Unmarshal(before.Result, result); err != nil {
		return fmt.Errorf("decode remembered result: %w", err)
	}
	return nil
}

// keepRefusal commits the used sequence number and what do wrote about a device's refusal. Refusals of users leave
// nothing behind.
func keepRefusal(tx Tx, call Call, err error) error {
	var refusal *keyshift.Error
	if call.Access.Kind == DeviceAccess && errors.As(err, &refusal) {
		return tx.Keep(err)
	}
	return err
}

func remember(tx Tx, actor keyshift.ID, call Call, result any) error {
	encoded, err := json.Marshal(result)
	if err != nil {
		return fmt.Errorf("encode result: %w", err)
	}
	return tx.AddEffect(Effect{Actor: actor, RequestID: call.RequestID, Procedure: call.Procedure, BodyHash: call.BodyHash, Result: encoded})
}

// Fingerprint gives what is remembered of a request's content. It is keyed, because the content may hold a password.
func (h *Hub) Fingerprint(content []byte) []byte {
	mac := hmac.New(sha256.New, h.codeKey)
	mac.Write(content)
	return mac.Sum(nil)
}
