package hub

import (
	"context"
	"errors"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// DeviceView is a device with its user's name and its newest known contact.
type DeviceView struct {
	Device   keyshift.Device
	User     string
	Presence Presence
}

func (h *Hub) deviceView(r Reader, d keyshift.Device) (DeviceView, error) {
	user, err := r.User(d.UserID)
	if err != nil {
		return DeviceView{}, err
	}
	stored, err := r.Presence(d.ID)
	if fresh, ok := h.presence.contact(d.ID); ok && fresh.LastContact.After(stored.LastContact) {
		stored = fresh
	}
	return DeviceView{d, user.Name, stored}, err
}

// ListDevices lists devices by the time they were enrolled.
func (h *Hub) ListDevices(ctx context.Context, call Call, page Page) ([]DeviceView, error) {
	return list(ctx, h, call, func(r Reader) ([]DeviceView, error) {
		devices, err := r.Devices(keyshift.ID(page.After), page.limit())
		if err != nil {
			return nil, err
		}
		views := make([]DeviceView, len(devices))
		for i, d := range devices {
			if views[i], err = h.deviceView(r, d); err != nil {
				return nil, err
			}
		}
		return views, nil
	})
}

// DeviceEnded is a changed device and the leases that ended with the change.
type DeviceEnded struct {
	View  DeviceView
	Ended Ended
}

// SetDeviceState trusts a device, blocks it or declares it lost. Blocked and lost devices lose their leases; a lost one
// also makes rotation due for every secret it held.
func (h *Hub) SetDeviceState(ctx context.Context, call Call, id keyshift.ID, state keyshift.DeviceState, reason string) (DeviceEnded, error) {
	if state != keyshift.DeviceTrusted && state != keyshift.DeviceBlocked && state != keyshift.DeviceLost {
		return DeviceEnded{}, keyshift.Invalid(keyshift.CodeFieldInvalid, "A device can be trusted, blocked or declared lost.", "Choose one of these.")
	}
	return effect(ctx, h, call, Closing, func(tx Tx, c Caller) (DeviceEnded, error) {
		device, err := tx.Device(id)
		switch {
		case err != nil:
			return DeviceEnded{}, notFound(err, "device", string(id))
		case device.State == keyshift.DeviceUnenrolled:
			return DeviceEnded{}, keyshift.Refuse(keyshift.CodeDeviceNotTrusted, "The device was unenrolled.", "Enroll it again with a fresh code.")
		}
		device.State = state
		event := c.event(keyshift.ActDeviceState)
		event.DeviceID, event.UserID = device.ID, device.UserID
		event.Details, event.Personal = map[string]string{"state": string(state)}, map[string]string{"reason": keyshift.CleanText(reason, keyshift.MaxReason)}
		if err := errors.Join(tx.SetDeviceState(device.ID, state), tx.Append(event)); err != nil {
			return DeviceEnded{}, err
		}
		var ended Ended
		if state != keyshift.DeviceTrusted {
			if ended, err = endLeases(tx, c, Target{TargetDevice, device.ID}, "device "+string(state), state == keyshift.DeviceLost); err != nil {
				return DeviceEnded{}, err
			}
		}
		if state == keyshift.DeviceLost {
			if err := rotateUnconfirmed(tx, device.ID); err != nil {
				return DeviceEnded{}, err
			}
		}
		view, err := h.deviceView(tx, device)
		return DeviceEnded{view, ended}, err
	})
}

// rotateUnconfirmed makes rotation due for every secret that a device had and never confirmed to have wiped, also of
// leases that ended before.
func rotateUnconfirmed(tx Tx, device keyshift.ID) error {
	open, err := tx.RemovalsOpen(device)
	if err != nil {
		return err
	}
	for _, l := range open {
		if !l.Account.LendsSecret() {
			continue
		}
		if err := tx.SetRotationDue(l.AccountID, true); err != nil {
			return err
		}
	}
	return nil
}

// Unenroll ends the calling device's leases and its trust for good.
func (h *Hub) Unenroll(ctx context.Context, call Call) error {
	_, err := effect(ctx, h, call, Closing, func(tx Tx, c Caller) (struct{}, error) {
		none := struct{}{}
		if _, err := endLeases(tx, c, Target{TargetDevice, c.Device.ID}, "device unenrolled", false); err != nil {
			return none, err
		}
		event := c.event(keyshift.ActDeviceState)
		event.Details = map[string]string{"state": string(keyshift.DeviceUnenrolled)}
		return none, errors.Join(tx.SetDeviceState(c.Device.ID, keyshift.DeviceUnenrolled), tx.Append(event))
	})
	return err
}

// NoteRefusedCallers records that other OS users tried to reach the agent of the calling device.
func (h *Hub) NoteRefusedCallers(ctx context.Context, call Call, refused keyshift.RefusedCallers) error {
	facts, total := refused.Facts()
	if total == 0 {
		return keyshift.Invalid(keyshift.CodeFieldInvalid, "Nobody was refused.", "Say how many there were.")
	}
	if err := h.limits.note(call.DeviceID); err != nil {
		return err
	}
	_, err := effect(ctx, h, call, Ordinary, func(tx Tx, c Caller) (struct{}, error) {
		event := c.event(keyshift.ActCallersRefused)
		event.Details = facts
		return struct{}{}, tx.Append(event)
	})
	return err
}

// DeviceKey gives what the transport needs to verify a device's signature, or [keyshift.ErrNotFound].
func (h *Hub) DeviceKey(ctx context.Context, id keyshift.ID) (key []byte, user keyshift.ID, err error) {
	if known, ok := h.deviceKeys.get(id); ok {
		return known.key, known.user, nil
	}
	device, err := h.Store.Read(ctx).Device(id)
	if err != nil {
		return nil, "", err
	}
	h.deviceKeys.put(id, deviceKey{device.SigningKey, device.UserID})
	return device.SigningKey, device.UserID, nil
}

// RefusedSignature counts a signature that did not verify in a device's name; after five the device is flagged, and nothing
// is counted any more: anybody can sign wrongly, and each count is written to disk.
func (h *Hub) RefusedSignature(ctx context.Context, id keyshift.ID) error {
	device, err := h.Store.Read(ctx).Device(id)
	if err != nil || device.Refusals >= keyshift.FlagAfter {
		return err
	}
	err = h.Store.Write(ctx, Ordinary, func(tx Tx) error {
		n, err := tx.CountRefusal(id)
		if err != nil || n != keyshift.FlagAfter {
			return err
		}
		return tx.Append(keyshift.AuditEvent{Action: keyshift.ActDeviceFlagged, ActorKind: keyshift.ActorHub, ActorID: h.row.ID, DeviceID: id})
	})
	h.Tree.Poke()
	return err
}
