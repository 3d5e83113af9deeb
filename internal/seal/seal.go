// Package seal is the only place where Keyshift encrypts. It has three doors,
// one for each place a secret may lie.
//
// To a device. [DeriveKeys] makes a device's signing key and sealing key from
// one 32-byte seed. [SealToDevice] encrypts to the sealing key, bound to a
// [Context] (purpose, hub, device, lease, account, epoch, end), and [Keys.Open]
// gives the plaintext back only under the very same Context. The first byte of
// a sealed message names its suite; suite 1 is HPKE (RFC 9180) with
// MLKEM768X25519, HKDF-SHA256 and AES-256-GCM, so that traffic recorded today
// stays closed to a later quantum computer.
//
// At rest on a device. [SealWithKey] and [OpenWithKey] encrypt under a random
// 32-byte key and bind a label. Keyshift keeps the key in a file and the
// sealed bytes in the OS keyring; losing either loses the secret.
//
// At rest in the hub. A [KEK] is the key-encryption key, read from a file
// outside the data directory. Every value gets its own random data key, the
// data key is wrapped by the KEK's primary version, and the value is bound to
// its [Place] (hub, table, row, column) and version, so that a value moved to
// another row does not open. [CreateKEK], [LoadKEK], [Rotate] and
// [DropOldVersions] are the only functions that touch the file.
//
// What this package does not do: it hides neither the length of a secret nor
// its existence, and it cannot clear the copies that the Go runtime or the
// libraries below made; [Wipe] clears the one buffer it is given, and [Quietly]
// what the runtime leaves, where it can. Whoever
// holds the KEK file and the database can read the values.
//
// Opening is all or nothing, and a failure says no more than [ErrSealBroken]
// or [ErrIntegrity]. No error and no printed form contains key or plaintext.
package seal

import (
	"encoding/binary"
	"errors"
	"runtime"
)

// Errors that callers tell apart. All are returned unwrapped or wrapped with
// %w: test with errors.Is.
var (
	// ErrSealBroken: the bytes were not sealed for this key and this Context
	// or label, or were changed on the way.
	ErrSealBroken = errors.New("sealed message is broken or not meant for this key and context")
	// ErrIntegrity: a stored value was changed, or moved from another place,
	// or sealed by another hub's key-encryption key.
	ErrIntegrity = errors.New("stored value is damaged or lies in the wrong place")
	// ErrIncomplete: a Context or Place has an empty field, which would bind
	// less than it promises.
	ErrIncomplete = errors.New("a field that the seal must bind is empty")
	// ErrBadKey: a seed or public key has the wrong length or form.
	ErrBadKey = errors.New("key has the wrong length or form")
)

const redacted = "[redacted]"

// Wipe overwrites b with zeros. It clears this buffer only, not copies of it.
func Wipe(b []byte) {
	clear(b)
	runtime.KeepAlive(b) // the store may not be optimized away
}

// Quietly runs f, which handles plaintext in memory without waiting for anybody. Buffers are for their owners to [Wipe];
// but the runtime, when it interrupts code, saves its registers on stacks, and they may just then hold a piece of
// plaintext that is being copied. In a program built with GOEXPERIMENT=runtimesecret for Linux, registers, stacks and forgotten
// allocations of f are erased; elsewhere Quietly only calls f.
func Quietly(f func()) { quietly(f) }

// Forget erases now what [Quietly] would erase sometime. It takes some milliseconds; where Quietly erases nothing, it does
// nothing.
func Forget() { forget() }

// encode joins label and fields so that no two different lists give the same
// bytes: each part is preceded by its length.
func encode(label string, fields ...string) []byte {
	size := 4 + len(label) + 16
	for _, f := range fields {
		size += 4 + len(f)
	}
	b := appendField(make([]byte, 0, size), label)
	for _, f := range fields {
		b = appendField(b, f)
	}
	return b
}

func appendField(b []byte, s string) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
	return append(b, s...)
}

func anyEmpty(fields ...string) bool {
	for _, f := range fields {
		if f == "" {
			return true
		}
	}
	return false
}
