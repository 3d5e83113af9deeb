package browser

import (
	"encoding/json"

	"github.com/keyshift-hq/keyshift/internal/native"
	"github.com/keyshift-hq/keyshift/internal/network/pack"
)

// Packs are the site packs and words that the agent has verified.
type Packs interface {
	// Pack gives the pack of a network, and its bytes; false if there is none, or it was withdrawn. Then p is what it was, for
	// cleaning up.
	Pack(network string) (p pack.Pack, raw json.RawMessage, ok bool)
	Versions() []native.PackVersion
	Words() native.Words
	// GuardPersonal: the admin's jurisdiction allows to notice a personal account.
	GuardPersonal() bool
	// AllowedGuards are the guard pages that a lease may pass.
	AllowedGuards(lease string) []native.PageClass
	// AccountRef is the number by which the network knows the account of a lease; empty if none is known.
	AccountRef(lease string) string
}

// Embedded are the packs that come with this program, without words.
type Embedded struct{}

// Pack gives an embedded pack.
func (Embedded) Pack(network string) (pack.Pack, json.RawMessage, bool) {
	p, ok := pack.Embedded(network)
	if !ok {
		return pack.Pack{}, nil, false
	}
	raw, err := json.Marshal(p)
	return p, raw, err == nil
}

// Versions lists them all.
func (Embedded) Versions() []native.PackVersion {
	var list []native.PackVersion
	for _, n := range pack.EmbeddedNetworks() {
		p, _ := pack.Embedded(n)
		list = append(list, native.PackVersion{Network: n, Version: p.Version})
	}
	return list
}

// Words are none.
func (Embedded) Words() native.Words {
	return native.Words{Salt: "AA", Hashes: []string{}, Patterns: []native.WordPattern{}, Hosts: []string{}}
}

// GuardPersonal is off, as it is wherever nobody said otherwise.
func (Embedded) GuardPersonal() bool { return false }

// AllowedGuards are none.
func (Embedded) AllowedGuards(string) []native.PageClass { return nil }

// AccountRef is none.
func (Embedded) AccountRef(string) string { return "" }
