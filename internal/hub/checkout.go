package hub

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/keyshift-hq/keyshift/internal/kek"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/seal"
)

// CheckOutRequest asks to use an account.
type CheckOutRequest struct {
	AccountID keyshift.ID
	Reason    string
	Duration  time.Duration
}

// Lent is a lease and, for the device alone, what was lent.
type Lent struct {
	Lease LeaseView
	// Sealed is the credential sealed to the device key; nil when there is none or the lease is over.
	Sealed []byte
}

// CheckOut asks every gate and lends the account: the lease and its audit event are durable before it answers. A
// refusal is in the audit log too. The same request id gives the same lease, sealed anew.
func (h *Hub) CheckOut(ctx context.Context, call Call, req CheckOutRequest) (Lent, error) {
	reason, err := keyshift.ValidateReason(req.Reason)
	if err != nil {
		return Lent{}, err
	}
	if err := h.limits.checkOut(call.UserID); err != nil {
		return Lent{}, err
	}
	call.account = req.AccountID
	var made granted
	defer func() { made.forget() }()
	id, err := effect(ctx, h, call, Ordinary, func(tx Tx, c Caller) (keyshift.ID, error) {
		made.forget() // it may run again
		var err error
		if made, err = h.grant(tx, c, req, reason); err == nil {
			h.sealBeside(&made)
		}
		return made.view.ID, err
	})
	if err == nil && made.view.ID != id { // it was granted before
		made.forget()
		made, err = h.grantedBefore(ctx, id)
	}
	if err != nil {
		return Lent{}, err
	}
	return h.lend(ctx, made)
}

// granted is a lease with the key of its device, and the credential if it was opened.
type granted struct {
	view       LeaseView
	sealingKey []byte
	credential opened
	// beside is the seal that is made while the lease is committed; nil if it is made afterwards.
	beside *sealing
}

func (h *Hub) grantedBefore(ctx context.Context, lease keyshift.ID) (granted, error) {
	r := h.Store.Read(ctx)
	view, err := r.LeaseView(lease)
	if err != nil {
		return granted{}, fmt.Errorf("read lease: %w", err)
	}
	device, err := r.Device(view.DeviceID)
	if err != nil {
		return granted{}, fmt.Errorf("read device: %w", err)
	}
	return granted{view: view, sealingKey: device.SealingKey}, nil
}

func (h *Hub) grant(tx Tx, c Caller, req CheckOutRequest, reason string) (granted, error) {
	account, err := tx.Account(req.AccountID)
	if err != nil {
		return granted{}, notFound(err, "account", string(req.AccountID))
	}
	if req.Duration == 0 {
		return granted{}, account.ValidateDuration(0)
	}
	q := question{r: tx, now: tx.Now(), user: c.User, device: c.Device, account: account, duration: req.Duration, treeFault: h.Tree.Fault(), clockFault: h.clockFault()}
	if err := q.ask(); err != nil {
		return granted{}, refused(tx, c, account, err)
	}
	credential, err := h.openFor(tx, account)
	if err != nil {
		return granted{}, err
	}
	l := keyshift.NewLease(tx.NewID(), account, c.User, c.Device, reason, req.Duration, tx.Now())
	event := c.event(keyshift.ActLeaseGranted)
	event.AccountID, event.LeaseID = account.ID, l.ID
	event.Details = map[string]string{"account": account.Name(), "duration": keyshift.DurationText(req.Duration), "mode": string(account.AccessMode),
		"credential_version": strconv.FormatInt(account.CredentialVersion, 10)}
	event.Personal = map[string]string{"reason": reason, "user": c.User.Name}
	view := LeaseView{Lease: l, Account: account, UserName: c.User.Shown(), DeviceName: c.Device.Name}
	return granted{view: view, sealingKey: c.Device.SealingKey, credential: credential}, errors.Join(tx.AddLease(l), tx.Append(event))
}

// refused writes a gate's refusal into the audit log, and gives it back.
func refused(tx Tx, c Caller, account keyshift.Account, refusal error) error {
	event := c.event(keyshift.ActLeaseRefused)
	event.AccountID = account.ID
	event.Details = map[string]string{"account": account.Name(), "code": string(keyshift.CodeOf(refusal))}
	if err := tx.Append(event); err != nil {
		return err
	}
	return refusal
}

func notFound(err error, kind, name string) error {
	if errors.Is(err, keyshift.ErrNotFound) {
		return keyshift.NotFound(kind, name)
	}
	return err
}

// opened is a decrypted credential and the version it was.
type opened struct {
	version int64
	plain   []byte
}

func (o opened) wipe() { seal.Wipe(o.plain) }

func (h *Hub) placeCredential(account keyshift.ID) kek.Place {
	return kek.Place{HubID: string(h.row.ID), Table: "credentials", Row: string(account), Column: "sealed"}
}

func (h *Hub) placeSeed(account keyshift.ID) kek.Place {
	return kek.Place{HubID: string(h.row.ID), Table: "credentials", Row: string(account), Column: "seed"}
}

// openFor opens what is to be lent, before anything is committed: a hub that cannot decrypt does not lend.
func (h *Hub) openFor(tx Tx, account keyshift.Account) (opened, error) {
	if !account.LendsSecret() {
		return opened{}, nil
	}
	credential, err := h.openCredential(tx, account.ID)
	if err == nil && credential.version != account.CredentialVersion {
		err = integrity("The stored credential of this account is not its newest.", nil)
	}
	return credential, err
}

func (h *Hub) openCredential(r Reader, account keyshift.ID) (opened, error) {
	sealed, err := r.Credential(account)
	if errors.Is(err, keyshift.ErrNotFound) {
		return opened{}, nil
	}
	if err != nil {
		return opened{}, fmt.Errorf("read credential: %w", err)
	}
	plain, err := h.Vault.Open(h.placeCredential(account), sealed.Sealed)
	if err != nil {
		return opened{}, integrity("The stored credential of this account does not open.", err)
	}
	return opened{sealed.Version, plain}, nil
}

func integrity(text string, cause error) error {
	return keyshift.Refuse(keyshift.CodeIntegrityFailed, text+" Nothing was lent.", "Tell your admin: the hub's log says more.").Because(cause)
}

// lend seals the credential to the device of a committed lease.
func (h *Hub) lend(ctx context.Context, made granted) (Lent, error) {
	view, err := h.withContact(made.view, nil)
	if !view.LiveAt(h.Now()) || !view.Account.LendsSecret() {
		return Lent{Lease: view}, err
	}
	if made.beside != nil {
		<-made.beside.done
		return Lent{view, made.beside.sealed}, made.beside.err
	}
	credential := made.credential
	if credential.plain == nil { // granted before
		if credential, err = h.openCredential(h.Store.Read(ctx), view.AccountID); err != nil {
			return Lent{}, err
		}
		defer credential.wipe()
	}
	sealed, err := h.seal(view, made.sealingKey, credential.plain)
	return Lent{view, sealed}, err
}
