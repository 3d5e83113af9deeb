package checkpoint

import (
	"crypto"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/note"
)

// maxNote bounds what Open looks at. A note of ours has about 250 bytes; the rest is room for signatures of others.
const maxNote = 16 << 10

// VerifierKey writes a hub's public key in the form that signed-note tools take (C2SP signed-note, "vkey"). It fails with
// ErrKey for a key of the wrong length.
func VerifierKey(hubID string, pub ed25519.PublicKey) (string, error) {
	k, err := note.NewEd25519VerifierKey(Origin(hubID), pub)
	if err != nil {
		return "", fmt.Errorf("write verifier key: %w", ErrKey)
	}
	return k, nil
}

func verifier(hubID string, pub ed25519.PublicKey) (note.Verifier, error) {
	k, err := VerifierKey(hubID, pub)
	if err != nil {
		return nil, err
	}
	v, err := note.NewVerifier(k)
	if err != nil {
		return nil, fmt.Errorf("use %q in a note: %w", Origin(hubID), ErrMalformed)
	}
	return v, nil
}

// signer signs notes with a key that need not lie in memory, which note.NewSigner would ask for.
type signer struct {
	note.Verifier // its name and hash are the signer's too
	key           crypto.Signer
}

// Sign implements [note.Signer].
func (s signer) Sign(msg []byte) ([]byte, error) { return signBytes(s.key, msg) }

func signBytes(key crypto.Signer, msg []byte) ([]byte, error) {
	return key.Sign(nil, msg, crypto.Hash(0)) // pure Ed25519 (RFC 8032) takes no randomness
}

func publicOf(key crypto.Signer) (ed25519.PublicKey, error) {
	if private, ok := key.(ed25519.PrivateKey); key == nil || ok && len(private) != ed25519.PrivateKeySize {
		return nil, ErrKey // Public of a short key panics
	}
	pub, ok := key.Public().(ed25519.PublicKey)
	if !ok || len(pub) != ed25519.PublicKeySize {
		return nil, ErrKey
	}
	return pub, nil
}

// Sign makes the hub's signed note of a head. It opens what it made before giving it out. Whoever calls it promises that
// no inconsistent head was ever signed and given out. ErrKey if key is not an Ed25519 key, ErrMalformed if the head has no
// usable hub id or size.
func Sign(h Head, key crypto.Signer) (string, error) {
	pub, err := publicOf(key)
	if err != nil {
		return "", fmt.Errorf("sign checkpoint: %w", err)
	}
	v, err := verifier(h.HubID, pub)
	if err != nil {
		return "", fmt.Errorf("sign checkpoint: %w", err)
	}
	b, err := note.Sign(&note.Note{Text: h.Text()}, signer{v, key})
	if err != nil {
		return "", fmt.Errorf("sign checkpoint: %w", err)
	}
	if _, err := Open(string(b), h.HubID, pub); err != nil {
		return "", fmt.Errorf("sign checkpoint: %w", err)
	}
	return string(b), nil
}

// Open reads a signed note and gives its head if the key signed it as the hub's. Otherwise ErrMalformed, ErrSignature,
// ErrOtherHub, or ErrKey if pub is no key.
func Open(noteText, hubID string, pub ed25519.PublicKey) (Head, error) {
	v, err := verifier(hubID, pub)
	if err != nil {
		return Head{}, fmt.Errorf("open checkpoint: %w", err)
	}
	if len(noteText) > maxNote {
		return Head{}, fmt.Errorf("open checkpoint of %d bytes: %w", len(noteText), ErrMalformed)
	}
	n, err := note.Open([]byte(noteText), note.VerifierList(v))
	if err != nil {
		return Head{}, openError(err, hubID)
	}
	h, err := parse(n.Text)
	switch {
	case err != nil:
		return Head{}, err
	case h.HubID != hubID:
		return Head{}, fmt.Errorf("open checkpoint: %w", ErrOtherHub)
	case !plainBase64(n.Sigs[0].Base64):
		return Head{}, fmt.Errorf("open checkpoint with a misspelled signature: %w", ErrMalformed)
	}
	return h, nil
}

// plainBase64 tells a signature from the other spellings of its last bits that a decoder lets pass.
func plainBase64(s string) bool {
	_, err := base64.StdEncoding.Strict().DecodeString(s)
	return err == nil
}

// openError sorts the reasons why a note does not open. Nothing of an unsigned note gets out but whose it claims to be.
func openError(err error, hubID string) error {
	var unverified *note.UnverifiedNoteError
	var invalid *note.InvalidSignatureError
	switch {
	case errors.As(err, &unverified):
		if h, err := parse(unverified.Note.Text); err == nil && h.HubID != hubID {
			return fmt.Errorf("open checkpoint: %w", ErrOtherHub)
		}
		return fmt.Errorf("open checkpoint: %w", ErrSignature)
	case errors.As(err, &invalid):
		return fmt.Errorf("open checkpoint: %w", ErrSignature)
	}
	return fmt.Errorf("open checkpoint: %w", ErrMalformed)
}
