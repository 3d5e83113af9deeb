package keyshift

import "time"

// DeviceState is how far the hub trusts a device.
type DeviceState string

// The states of a device. Only a trusted device is lent anything.
const (
	DeviceTrusted    DeviceState = "trusted"
	DeviceBlocked    DeviceState = "blocked"
	DeviceLost       DeviceState = "lost"
	DeviceUnenrolled DeviceState = "unenrolled"
)

// FlagAfter is how many refused signatures in a device's name make the hub flag it.
const FlagAfter = 5

// Device is an enrolled computer of one user.
type Device struct {
	ID         ID
	UserID     ID
	Name       string
	OS         string
	State      DeviceState
	EnrolledAt time.Time
	// SigningKey is the Ed25519 public key, SealingKey the HPKE public key.
	SigningKey []byte
	SealingKey []byte
	// Window remembers which signed requests were used.
	Window SequenceWindow
	// Refusals counts signatures refused in the device's name.
	Refusals int64
}

// SequenceWindow remembers the sequence numbers that a device used, so that a signed request takes effect once even
// if it is recorded and sent again. Numbers may arrive out of order by up to 63 (the scheme of RFC 6479 and RFC 4303,
// appendix A). The zero value has seen nothing; 0 is not a valid number.
type SequenceWindow struct {
	// High is the highest number seen.
	High uint64
	// Seen has bit i set when High-i was seen.
	Seen uint64
}

// Accept marks a number as used. It reports false, and changes nothing, when the number was used before or is too old
// to know.
func (w *SequenceWindow) Accept(n uint64) bool {
	if n == 0 {
		return false
	}
	if n > w.High {
		shift := n - w.High
		if shift >= 64 {
			w.Seen = 0
		} else {
			w.Seen <<= shift
		}
		w.High, w.Seen = n, w.Seen|1
		return true
	}
	back := w.High - n
	if back >= 64 || w.Seen&(1<<back) != 0 {
		return false
	}
	w.Seen |= 1 << back
	return true
}
