package seal

import (
	"crypto/hpke"
	"encoding/binary"
	"fmt"
)

// suiteHybrid is MLKEM768X25519 + HKDF-SHA256 + AES-256-GCM.
const suiteHybrid byte = 1

// DeviceOverhead is by how many bytes a message sealed to a device is longer
// than its plaintext: suite byte, encapsulated key (1,120) and tag (16).
const DeviceOverhead = 1 + 1120 + 16

// Purpose is what a sealed message is, so that one cannot be passed off as
// another.
type Purpose byte

const (
	// PurposeCredential: the encoded credential of a lease.
	PurposeCredential Purpose = iota
	// PurposeCode: a one-time code. Its Context has Epoch 0, because a code
	// outlives no renewal, and the end of the code in place of the lease's.
	PurposeCode
	// PurposeRelayedCode: a code that a custodian typed in, sealed by the
	// custodian's device. Its Context has Epoch 0 and the end of the request.
	PurposeRelayedCode
)

// Context is what a message sealed to a device is bound to. Both sides must
// know it: it is not part of the message. All strings are required.
type Context struct {
	Purpose   Purpose
	HubID     string
	DeviceID  string
	LeaseID   string
	AccountID string
	// Epoch is the lease's epoch, raised by every change of the lease.
	Epoch uint64
	// EndsAtMicros is the lease's end in microseconds since 1970, hub clock.
	EndsAtMicros int64
}

// info is the HPKE info string. The suite is in it so that a message cannot be
// passed off as one of another suite with the same key.
func (c Context) info(suite byte) []byte {
	b := Bind("keyshift/seal/device/v1", c.HubID, c.DeviceID, c.LeaseID, c.AccountID)
	b = binary.BigEndian.AppendUint64(b, c.Epoch)
	b = binary.BigEndian.AppendUint64(b, uint64(c.EndsAtMicros))
	return append(b, byte(c.Purpose), suite)
}

func (c Context) incomplete() bool {
	return anyEmpty(c.HubID, c.DeviceID, c.LeaseID, c.AccountID)
}

// DeviceKey is the public key of a device, ready to seal to. Parsing it costs a
// fifth of a seal, so whoever seals often keeps it; it takes about 6 KiB. It
// may be used from many goroutines.
type DeviceKey struct{ key hpke.PublicKey }

// ParseDeviceKey reads what [Keys.SealingPublic] gave. ErrBadKey if it is not a
// public key of suite 1.
func ParseDeviceKey(sealingPublic []byte) (DeviceKey, error) {
	key, err := hpke.MLKEM768X25519().NewPublicKey(sealingPublic)
	if err != nil {
		return DeviceKey{}, fmt.Errorf("parse device key: %w", ErrBadKey)
	}
	return DeviceKey{key}, nil
}

// Seal encrypts plaintext to the device, bound to c. Two calls never give the
// same bytes. ErrBadKey for the zero DeviceKey, ErrIncomplete if c has an empty
// string.
func (k DeviceKey) Seal(c Context, plaintext []byte) ([]byte, error) {
	switch {
	case k.key == nil:
		return nil, fmt.Errorf("seal to device: %w", ErrBadKey)
	case c.incomplete():
		return nil, fmt.Errorf("seal to device: %w", ErrIncomplete)
	}
	body, err := hpke.Seal(k.key, hpke.HKDFSHA256(), hpke.AES256GCM(), c.info(suiteHybrid), plaintext)
	if err != nil {
		return nil, fmt.Errorf("seal to device: %w", err)
	}
	return append([]byte{suiteHybrid}, body...), nil
}

// SealToDevice is [ParseDeviceKey] and [DeviceKey.Seal], for who seals once.
func SealToDevice(sealingPublic []byte, c Context, plaintext []byte) ([]byte, error) {
	if c.incomplete() {
		return nil, fmt.Errorf("seal to device: %w", ErrIncomplete)
	}
	key, err := ParseDeviceKey(sealingPublic)
	if err != nil {
		return nil, fmt.Errorf("seal to device: %w", err)
	}
	return key.Seal(c, plaintext)
}

// Open decrypts what SealToDevice made for these keys and this Context.
// Everything else, an unknown suite included, is ErrSealBroken.
func (k Keys) Open(c Context, sealed []byte) ([]byte, error) {
	if k.reveal == nil || len(sealed) < DeviceOverhead || sealed[0] != suiteHybrid || c.incomplete() {
		return nil, ErrSealBroken
	}
	var plaintext []byte
	var err error
	Quietly(func() {
		plaintext, err = hpke.Open(k.reveal().sealing, hpke.HKDFSHA256(), hpke.AES256GCM(), c.info(suiteHybrid), sealed[1:])
	})
	if err != nil {
		return nil, ErrSealBroken
	}
	return plaintext, nil
}
