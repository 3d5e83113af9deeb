package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"fmt"
)

// KeySize is the length of a key for SealWithKey in bytes.
const KeySize = 32

// AtRestOverhead is by how many bytes SealWithKey lengthens a plaintext:
// version byte, nonce (12) and tag (16). Windows stores at most 2,560 bytes in
// one keyring item; kept as base64 this leaves 1,891 bytes of plaintext.
const AtRestOverhead = 1 + 12 + 16

const atRestVersion byte = 1

// NewKey returns a random key for SealWithKey.
func NewKey() [KeySize]byte {
	var key [KeySize]byte
	rand.Read(key[:]) // never fails: the runtime ends the program first
	return key
}

// SealWithKey encrypts plaintext with AES-256-GCM under key and a random
// nonce, bound to label (say what it is and whose, for example the lease id;
// label may be empty). One key is good for 2^32 messages; Keyshift uses one
// key for one lease.
func SealWithKey(key [KeySize]byte, label string, plaintext []byte) ([]byte, error) {
	out := make([]byte, 1, AtRestOverhead+len(plaintext))
	out[0] = atRestVersion
	var err error
	Quietly(func() {
		var aead cipher.AEAD
		if aead, err = atRestAEAD(key); err == nil {
			out = aead.Seal(out, nil, plaintext, atRestLabel(label))
		}
	})
	if err != nil {
		return nil, fmt.Errorf("seal with key: %w", err)
	}
	return out, nil
}

// OpenWithKey decrypts what SealWithKey made with the same key and label.
// Everything else is ErrSealBroken.
func OpenWithKey(key [KeySize]byte, label string, sealed []byte) ([]byte, error) {
	if len(sealed) < AtRestOverhead || sealed[0] != atRestVersion {
		return nil, ErrSealBroken
	}
	var plaintext []byte
	var err error
	Quietly(func() {
		var aead cipher.AEAD
		if aead, err = atRestAEAD(key); err == nil {
			plaintext, err = aead.Open(nil, nil, sealed[1:], atRestLabel(label))
		}
	})
	if err != nil {
		return nil, ErrSealBroken
	}
	return plaintext, nil
}

func atRestAEAD(key [KeySize]byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func atRestLabel(label string) []byte {
	return Bind("keyshift/seal/atrest/v1", label)
}
