package seal

import (
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/hpke"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
)

// SeedSize is the length of a device seed in bytes.
const SeedSize = 32

// The labels keep the two keys apart although both come from one seed. They
// are part of every enrolled device: changing one is a new kind of device key.
const (
	labelSigning = "keyshift/device/ed25519/v1"
	labelSealing = "keyshift/device/mlkem768x25519/v1"
)

// Keys are a device's private keys: Ed25519 for signing its requests, an HPKE
// key for opening what is sealed to it. Both stay in memory as long as the
// value does. The zero Keys hold none: their public parts are nil and Open
// returns ErrSealBroken. Keys print as [redacted] and do not marshal.
// Safe for concurrent use.
type Keys struct {
	// A function, because fmt prints an unexported field of another struct
	// without asking its methods, and with a wrong verb follows pointers.
	reveal func() *deviceKeys
}

type deviceKeys struct {
	signing ed25519.PrivateKey
	sealing hpke.PrivateKey
}

// NewSeed returns a random device seed of SeedSize bytes. It is the only thing
// a device needs to keep.
func NewSeed() []byte {
	seed := make([]byte, SeedSize)
	rand.Read(seed) // never fails: the runtime ends the program first
	return seed
}

// DeriveKeys makes the device keys from seed by HKDF-SHA256 (RFC 5869) with
// one label each. The same seed always gives the same keys. seed is not kept;
// ErrBadKey if it is not SeedSize bytes.
func DeriveKeys(seed []byte) (Keys, error) {
	if len(seed) != SeedSize {
		return Keys{}, fmt.Errorf("derive device keys: %w", ErrBadKey)
	}
	signing, err := hkdf.Key(sha256.New, seed, nil, labelSigning, ed25519.SeedSize)
	if err != nil {
		return Keys{}, fmt.Errorf("derive signing key: %w", err)
	}
	defer Wipe(signing)
	sealing, err := deriveSealing(seed)
	if err != nil {
		return Keys{}, err
	}
	keys := &deviceKeys{ed25519.NewKeyFromSeed(signing), sealing}
	return Keys{func() *deviceKeys { return keys }}, nil
}

func deriveSealing(seed []byte) (hpke.PrivateKey, error) {
	secret, err := hkdf.Key(sha256.New, seed, nil, labelSealing, 32)
	if err != nil {
		return nil, fmt.Errorf("derive sealing key: %w", err)
	}
	key, err := hpke.MLKEM768X25519().NewPrivateKey(secret)
	if err != nil {
		return nil, fmt.Errorf("derive sealing key: %w", err)
	}
	return key, nil
}

// Signing returns the Ed25519 private key, for signing requests. It shares
// memory with k: do not change it. nil for the zero Keys.
func (k Keys) Signing() ed25519.PrivateKey {
	if k.reveal == nil {
		return nil
	}
	return k.reveal().signing
}

// SigningPublic returns the 32-byte Ed25519 public key for the hub.
func (k Keys) SigningPublic() []byte {
	if k.reveal == nil {
		return nil
	}
	return k.reveal().signing.Public().(ed25519.PublicKey)
}

// SealingPublic returns the public key for SealToDevice, 1,216 bytes for
// MLKEM768X25519, serialized as RFC 9180 SerializePublicKey.
func (k Keys) SealingPublic() []byte {
	if k.reveal == nil {
		return nil
	}
	return k.reveal().sealing.PublicKey().Bytes()
}

// CheckPublic tells whether the two public keys of a device that enrolls have
// the right form: ErrBadKey if SealToDevice or a signature check could not use
// them. It proves nothing about who holds the private keys.
func CheckPublic(signing, sealing []byte) error {
	if len(signing) != ed25519.PublicKeySize {
		return fmt.Errorf("check signing key: %w", ErrBadKey)
	}
	if _, err := hpke.MLKEM768X25519().NewPublicKey(sealing); err != nil {
		return fmt.Errorf("check sealing key: %w", ErrBadKey)
	}
	return nil
}

// Format implements fmt.Formatter: every verb prints [redacted].
func (Keys) Format(f fmt.State, _ rune) { fmt.Fprint(f, redacted) }

// LogValue implements slog.LogValuer.
func (Keys) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText always fails, so that no encoder writes keys out by accident.
func (Keys) MarshalText() ([]byte, error) {
	return nil, errors.New("marshal device keys: refused")
}
