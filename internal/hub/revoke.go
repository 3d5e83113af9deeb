package hub

import (
	"context"
	"errors"
	"strconv"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// RevokeTarget names what a person wants revoked; exactly one field is set.
type RevokeTarget struct {
	Lease   keyshift.ID
	Account string
	User    string
	Device  keyshift.ID
	Group   string
	All     bool
}

// Revoke ends every live lease that the target names, in one transaction, and wakes the devices. It answers when that
// is durable; what the devices made of it is in the leases' removals.
func (h *Hub) Revoke(ctx context.Context, call Call, target RevokeTarget, reason string) (Ended, error) {
	reason, err := keyshift.ValidateReason(reason)
	if err != nil {
		return Ended{}, err
	}
	call.lease = target.Lease
	return effect(ctx, h, call, Closing, func(tx Tx, c Caller) (Ended, error) {
		t, err := resolveTarget(tx, target)
		if err != nil {
			return Ended{}, err
		}
		return endLeases(tx, c, t, reason, false)
	})
}

func resolveTarget(r Reader, t RevokeTarget) (Target, error) {
	switch {
	case t.All:
		return Target{Kind: TargetAll}, nil
	case t.Lease != "":
		_, err := r.LeaseDevice(t.Lease)
		return Target{TargetLease, t.Lease}, notFound(err, "lease", string(t.Lease))
	case t.Account != "":
		a, err := accountNamed(r, t.Account)
		return Target{TargetAccount, a.ID}, err
	case t.User != "":
		u, err := r.UserByName(t.User)
		return Target{TargetUser, u.ID}, notFound(err, "user", t.User)
	case t.Device != "":
		d, err := r.Device(t.Device)
		return Target{TargetDevice, d.ID}, notFound(err, "device", string(t.Device))
	case t.Group != "":
		g, err := r.GroupByName(t.Group)
		return Target{TargetGroup, g.ID}, notFound(err, "group", t.Group)
	}
	return Target{}, keyshift.Invalid(keyshift.CodeFieldInvalid, "Nothing is named that should be revoked.", "Name a lease, an account, a user, a device, a group, or all.")
}

// endLeases is the one way in which leases are taken away from afar.
func endLeases(tx Tx, c Caller, target Target, reason string, rotationDue bool) (Ended, error) {
	batch := tx.NewID()
	n, err := tx.EndLeases(Ending{Batch: batch, Target: target, Reason: reason, ActorKind: c.kind, ActorID: c.id, RotationDue: rotationDue})
	if err != nil {
		return Ended{}, err
	}
	event := c.event(keyshift.ActRevocation)
	event.UserID, event.DeviceID, event.AccountID, event.LeaseID = targetIDs(target)
	event.Details = map[string]string{"batch": string(batch), "target": string(target.Kind), "target_id": string(target.ID), "leases": strconv.FormatInt(n, 10)}
	event.Personal = map[string]string{"reason": reason}
	return Ended{batch, n}, errors.Join(tx.Append(event), wakeDevices(tx, target, batch))
}

// wakeDevices names the device where there is one, so that nobody has to look up which devices the batch is about.
func wakeDevices(tx Tx, target Target, batch keyshift.ID) error {
	switch target.Kind {
	case TargetDevice:
		return tx.Notify(TopicDevice, string(target.ID))
	case TargetLease:
		device, err := tx.LeaseDevice(target.ID)
		return errors.Join(err, tx.Notify(TopicDevice, string(device)))
	case TargetUser, TargetAccount, TargetUncovered, TargetGroup, TargetAll:
	}
	return tx.Notify(TopicBatch, string(batch))
}

func targetIDs(t Target) (user, device, account, lease keyshift.ID) {
	switch t.Kind {
	case TargetUser:
		user = t.ID
	case TargetDevice:
		device = t.ID
	case TargetAccount, TargetUncovered:
		account = t.ID
	case TargetLease:
		lease = t.ID
	case TargetGroup, TargetAll:
	}
	return user, device, account, lease
}

// ListLeases lists leases, newest first.
func (h *Hub) ListLeases(ctx context.Context, call Call, f LeaseFilter) ([]LeaseView, error) {
	return list(ctx, h, call, func(r Reader) ([]LeaseView, error) { return h.withContacts(r.Leases(f)) })
}

// WhoHeld gives the leases that held an account at a moment.
func (h *Hub) WhoHeld(ctx context.Context, call Call, account string, at Moment) ([]LeaseView, error) {
	return list(ctx, h, call, func(r Reader) ([]LeaseView, error) {
		a, err := accountNamed(r, account)
		if err != nil {
			return nil, err
		}
		return h.withContacts(r.HeldAt(a.ID, at.or(h.Now())))
	})
}

func (h *Hub) withContacts(views []LeaseView, err error) ([]LeaseView, error) {
	for i := range views {
		views[i], _ = h.withContact(views[i], nil)
	}
	return views, err
}
