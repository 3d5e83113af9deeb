package hub

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/seal"
	"github.com/keyshift-hq/keyshift/internal/totp"
)

// SealedCode is a one-time code for one device.
type SealedCode struct {
	Sealed     []byte
	ValidUntil time.Time
	Lease      LeaseView
}

// usableFor is how much of its time a code must still have when it is released, so that a person can type it.
const usableFor = 4 * time.Second

// GetCode releases the account's one-time code, once per time step and live lease. The seed never leaves the hub: the
// device gets six to eight digits. A code that is about to end is not given; the call waits for the next one.
func (h *Hub) GetCode(ctx context.Context, call Call, lease keyshift.ID) (SealedCode, error) {
	seed, err := h.seedFor(ctx, call, lease)
	if err != nil {
		return SealedCode{}, err
	}
	if err := h.waitForUsableStep(ctx, seed); err != nil {
		return SealedCode{}, err
	}
	step, err := effect(ctx, h, call, Ordinary, func(tx Tx, c Caller) (uint64, error) {
		l, account, err := h.usableLease(tx, c, lease)
		switch {
		case err != nil:
			return 0, err
		case !account.LendsSecret():
			return 0, errNoCode
		}
		step := seed.Step(tx.Now())
		first, err := tx.UseCodeStep(l.ID, int64(step)) //nolint:gosec // steps are seconds/30
		if err != nil {
			return 0, err
		}
		if !first {
			return 0, codeReleased(seed.StepEnd(step))
		}
		return step, tx.Append(leaseEvent(c, keyshift.ActCodeReleased, l))
	})
	if err != nil {
		return SealedCode{}, err
	}
	return h.sealCode(ctx, lease, seed, step)
}

// seedFor gives the seed of the caller's lease. The transaction asks again whether the caller may have a code.
func (h *Hub) seedFor(ctx context.Context, call Call, lease keyshift.ID) (totp.Seed, error) {
	r := h.Store.Read(ctx)
	caller, err := h.Authorize(r, call)
	if err != nil {
		return totp.Seed{}, err
	}
	l, err := ownLease(r, caller, lease)
	if err != nil {
		return totp.Seed{}, err
	}
	sealed, err := r.Credential(l.AccountID)
	if err != nil && !errors.Is(err, keyshift.ErrNotFound) {
		return totp.Seed{}, fmt.Errorf("read credential: %w", err)
	}
	if len(sealed.Seed) == 0 {
		return totp.Seed{}, errNoCode
	}
	plain, err := h.Vault.Open(h.placeSeed(l.AccountID), sealed.Seed)
	if err != nil {
		return totp.Seed{}, integrity("The stored one-time-code seed of this account does not open.", err)
	}
	defer seal.Wipe(plain)
	return totp.Unmarshal(plain)
}

var errNoCode = keyshift.Refuse(keyshift.CodeNotFound, "This account has no one-time codes here.", "Use the second factor that your admin told you about.")

func (h *Hub) waitForUsableStep(ctx context.Context, seed totp.Seed) error {
	now := h.Now()
	left := seed.StepEnd(seed.Step(now)).Sub(now)
	if left >= usableFor {
		return nil
	}
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// usableLease reads an active, live lease of the caller and its account.
func (h *Hub) usableLease(tx Tx, c Caller, id keyshift.ID) (keyshift.Lease, keyshift.Account, error) {
	l, err := ownLease(tx, c, id)
	if err == nil {
		err = h.clockFault()
	}
	if err == nil && (l.State != keyshift.LeaseActive || !l.LiveAt(tx.Now())) {
		err = keyshift.ErrLeaseOver
	}
	if err != nil {
		return l, keyshift.Account{}, err
	}
	account, err := tx.Account(l.AccountID)
	return l, account, err
}

func codeReleased(next time.Time) error {
	return keyshift.Refuse(keyshift.CodeCodeReleased, "This one-time code was handed out already; each works once.",
		"The next one is there at "+next.Format("15:04:05")+".").With("next", next.UTC().Format(time.RFC3339))
}

func (h *Hub) sealCode(ctx context.Context, lease keyshift.ID, seed totp.Seed, step uint64) (SealedCode, error) {
	r := h.Store.Read(ctx)
	view, err := r.LeaseView(lease)
	if err != nil {
		return SealedCode{}, fmt.Errorf("read lease: %w", err)
	}
	device, err := r.Device(view.DeviceID)
	if err != nil {
		return SealedCode{}, fmt.Errorf("read device: %w", err)
	}
	until := seed.StepEnd(step)
	if !view.LiveAt(h.Now()) || !h.Now().Before(until) {
		return SealedCode{}, codeReleased(seed.StepEnd(seed.Step(h.Now())))
	}
	sealed, err := seal.SealToDevice(device.SealingKey, h.sealContext(view.Lease, seal.PurposeCode, until), []byte(seed.Code(step)))
	return SealedCode{sealed, until, view}, err
}

// NoteReveal records that the holder is about to see the secret, and refuses where the account does not allow it. From
// then on the end of the session has to be confirmed by somebody.
func (h *Hub) NoteReveal(ctx context.Context, call Call, lease keyshift.ID) error {
	if err := h.limits.use(call.UserID); err != nil {
		return err
	}
	_, err := effect(ctx, h, call, Ordinary, func(tx Tx, c Caller) (struct{}, error) {
		none := struct{}{}
		l, account, err := h.usableLease(tx, c, lease)
		switch {
		case err != nil:
			return none, err
		case !account.AllowShow || !account.LendsSecret():
			return none, errShow
		}
		l.Removal.SessionUnconfirmed, l.Epoch = true, l.Epoch+1
		return none, errors.Join(tx.SaveLease(l), tx.Append(leaseEvent(c, keyshift.ActSecretShown, l)))
	})
	return err
}

var errShow = keyshift.Refuse(keyshift.CodeShowForbidden, "The secret of this account is not shown to people.", "Ask your admin to allow showing it.")
