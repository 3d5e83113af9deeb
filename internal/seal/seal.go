// Package seal is where Keyshift encrypts for devices. It has two doors,
// one for each place a secret may lie; the third, at rest in the hub, is
// package kek, apart because programs that never need it start earlier
// without it.
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
// What this package does not do: it hides neither the length of a secret nor
// its existence, and it cannot clear the copies that the Go runtime or the
// libraries below made; [Wipe] clears the one buffer it is given, and [Quietly]
// what the runtime leaves, where it can.
//
// Opening is all or nothing, and a failure says no more than [ErrSealBroken].
// No error and no printed form contains key or plaintext.
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
	// ErrIncomplete: what the seal must bind has an empty field, so that it
	// would bind less than it promises.
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

// Bind joins label and fields so that no two different lists give the same
// bytes: each part is preceded by its length. What is sealed is bound to it.
func Bind(label string, fields ...string) []byte {
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
