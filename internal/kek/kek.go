// Package kek keeps the hub's secrets at rest. A [KEK] is the key-encryption
// key, read from a file outside the data directory. Every value gets its own
// random data key, the data key is wrapped by the KEK's primary version, and
// the value is bound to its [Place] (hub, table, row, column) and version, so
// that a value moved to another row does not open. [Create], [Load], [Rotate]
// and [DropOldVersions] are the only functions that touch the file.
//
// Whoever holds the file and the database can read the values. Opening is all
// or nothing, and a failure says no more than [ErrIntegrity], or which version
// is missing. No error and no printed form contains key or plaintext.
package kek

import (
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/keyshift-hq/keyshift/internal/seal"
)

// Place is where a value is stored. It is bound to the value, not part of it.
// All fields are required.
type Place struct {
	HubID  string
	Table  string
	Row    string
	Column string
}

func (p Place) incomplete() bool {
	return p.HubID == "" || p.Table == "" || p.Row == "" || p.Column == ""
}

// binding is the associated data of a value. The version is in it, because the
// header that carries it is not encrypted.
func (p Place) binding(version uint32) []byte {
	b := seal.Bind("keyshift/seal/place/v1", p.HubID, p.Table, p.Row, p.Column)
	return binary.BigEndian.AppendUint32(b, version)
}

// MissingVersionError is returned by Open for a value sealed under a version
// that the key file does not hold: the file is older than the value, or old
// versions were dropped too early.
type MissingVersionError struct {
	Version uint32
}

func (e *MissingVersionError) Error() string {
	return fmt.Sprintf("key-encryption key lacks version %d", e.Version)
}

// ValueOverhead is by how many bytes a sealed value is longer than its
// plaintext: header (5), length and wrapped data key (4 + 67), nonce (12) and
// tag (16).
const ValueOverhead = headerSize + 4 + 67 + 12 + 16

// A sealed value is the format byte, the version (4 bytes, big endian) and a
// Tink envelope: the wrapped data key and the value encrypted with it.
const (
	valueFormat = byte(1)
	headerSize  = 5
)

// ErrIntegrity: a stored value was changed, or moved from another place, or
// sealed by another hub's key-encryption key. Test with errors.Is.
var ErrIntegrity = errors.New("stored value is damaged or lies in the wrong place")

// redacted is what a KEK prints as.
const redacted = "[redacted]"

// KEK is the hub's key-encryption key in all its versions, as read by Load.
// New values are sealed under the primary version, the highest; the others
// only open. A KEK does not change: after Rotate, load the file again. It
// prints as [redacted]. Safe for concurrent use.
type KEK struct {
	primary  uint32
	versions []uint32 // ascending
	envelope tink.AEAD
}

// Primary returns the version that Seal uses.
func (k *KEK) Primary() uint32 { return k.primary }

// Versions returns all versions that Open can use, ascending.
func (k *KEK) Versions() []uint32 { return slices.Clone(k.versions) }

// Seal encrypts plaintext for storing at p and names the version used, for the
// row's version column. Each call draws a new data key. [seal.ErrIncomplete] if p has
// an empty field.
func (k *KEK) Seal(p Place, plaintext []byte) (sealed []byte, version uint32, err error) {
	if p.incomplete() {
		return nil, 0, fmt.Errorf("seal value: %w", seal.ErrIncomplete)
	}
	body, err := k.envelope.Encrypt(plaintext, p.binding(k.primary))
	if err != nil {
		return nil, 0, fmt.Errorf("seal value: %w", err)
	}
	sealed = append(make([]byte, 0, headerSize+len(body)), valueFormat)
	sealed = binary.BigEndian.AppendUint32(sealed, k.primary)
	return append(sealed, body...), k.primary, nil
}

// Open decrypts what Seal made for p. A value sealed under a version that k
// lacks gives a *MissingVersionError; everything else that does not open gives
// ErrIntegrity.
func (k *KEK) Open(p Place, sealed []byte) ([]byte, error) {
	version, err := SealedVersion(sealed)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(k.versions, version) {
		return nil, fmt.Errorf("open value: %w", &MissingVersionError{version})
	}
	plaintext, err := k.envelope.Decrypt(sealed[headerSize:], p.binding(version))
	if err != nil {
		return nil, fmt.Errorf("open value: %w", ErrIntegrity)
	}
	return plaintext, nil
}

// Rewrap opens sealed and seals it again for the same place under the primary
// version with a new data key. Errors are those of Open and Seal.
func (k *KEK) Rewrap(p Place, sealed []byte) ([]byte, uint32, error) {
	plaintext, err := k.Open(p, sealed)
	if err != nil {
		return nil, 0, err
	}
	defer seal.Wipe(plaintext)
	return k.Seal(p, plaintext)
}

// SealedVersion names the version that sealed claims to be sealed under. It
// needs no key and proves nothing. ErrIntegrity if sealed is not a sealed value.
func SealedVersion(sealed []byte) (uint32, error) {
	if len(sealed) <= headerSize || sealed[0] != valueFormat {
		return 0, fmt.Errorf("read sealed value: %w", ErrIntegrity)
	}
	version := binary.BigEndian.Uint32(sealed[1:headerSize])
	if version == 0 {
		return 0, fmt.Errorf("read sealed value: %w", ErrIntegrity)
	}
	return version, nil
}

// Format implements fmt.Formatter: every verb prints [redacted].
func (KEK) Format(f fmt.State, _ rune) { fmt.Fprint(f, redacted) }

// LogValue implements slog.LogValuer.
func (KEK) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText always fails, so that no encoder writes keys out by accident.
func (KEK) MarshalText() ([]byte, error) {
	return nil, errors.New("marshal key-encryption key: refused")
}
