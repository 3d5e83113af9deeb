package pack

import (
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
)

// ErrSignature means that a pack was not signed by the hub's key, or was changed since.
var ErrSignature = errors.New("the pack is not signed by this hub")

// Signed is a pack as the hub publishes it: network and version stand outside too, and the signature covers both.
type Signed struct {
	Network string `json:"network"`
	Version int64  `json:"version"`
	// Pack is the pack, byte for byte as it was signed; empty if the network was taken away.
	Pack []byte `json:"pack"`
	// Signature is Ed25519 over [Statement].
	Signature []byte `json:"signature"`
}

// Statement is what the hub signs: a line that says what it is, network, version and the hash of the pack.
func Statement(network string, version int64, pack []byte) []byte {
	return fmt.Appendf(nil, "keyshift-site-pack-v1\n%s\n%d\n%x\n", network, version, sha256.Sum256(pack))
}

// Withdrawn reports whether the network was taken away: nothing may be filled there any more.
func (s Signed) Withdrawn() bool { return len(s.Pack) == 0 }

// Verify checks the signature.
func (s Signed) Verify(hub ed25519.PublicKey) error {
	if len(hub) != ed25519.PublicKeySize || !ed25519.Verify(hub, Statement(s.Network, s.Version, s.Pack), s.Signature) {
		return ErrSignature
	}
	return nil
}

// Open verifies and reads the pack. It fails for one that was withdrawn.
func (s Signed) Open(hub ed25519.PublicKey) (Pack, error) {
	if err := s.Verify(hub); err != nil {
		return Pack{}, err
	}
	if s.Withdrawn() {
		return Pack{}, fmt.Errorf("open pack of %s: it was withdrawn", s.Network)
	}
	p, err := Parse(s.Pack)
	if err != nil {
		return Pack{}, err
	}
	if p.Network != s.Network || p.Version != s.Version {
		return Pack{}, fmt.Errorf("open pack of %s version %d: it says %s version %d inside", s.Network, s.Version, p.Network, p.Version)
	}
	return p, nil
}
