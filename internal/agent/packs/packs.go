// Package packs keeps, on a device, the site packs and insider words that its hub published.
//
// Each pack is verified against the hub's key, which came with the enrollment: when it arrives, and again when it is read from
// the disk. Versions never go back: a pack with a lower version than the one here is refused, whoever brings it and however
// it is signed. For a network without a published pack the embedded one counts. A site that was taken away
// has no pack any more, but what it was stays known for cleaning up after its last leases.
//
// A file that was changed or lost is as good as none: its packs are fetched anew with the next sync.
package packs

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"slices"
	"sync"

	"github.com/keyshift-hq/keyshift/internal/native"
	"github.com/keyshift-hq/keyshift/internal/network/pack"
)

const fileName = "packs.json"

// Files is a folder, as package secretstore has it.
type Files interface {
	Read(name string) ([]byte, error)
	Write(name string, data []byte) error
	Remove(name string) error
}

// News is what the hub said when it was asked for its policy.
type News struct {
	Revision int64
	Packs    []pack.Signed
	Words    native.Words
}

// Store holds packs and words. It is safe for concurrent use.
type Store struct {
	files Files
	log   *slog.Logger

	mu   sync.Mutex
	kept kept
	open map[string]opened
}

// kept is what is on the disk.
type kept struct {
	// Revision is that of the hub's policy when all of it was taken; 0 fetches it anew.
	Revision int64                  `json:"revision"`
	Packs    map[string]pack.Signed `json:"packs"`
	// Former are the last packs of sites that were taken away.
	Former map[string]pack.Signed `json:"former,omitempty"`
	Words  native.Words           `json:"words"`
}

// opened is a verified pack.
type opened struct {
	pack      pack.Pack
	raw       json.RawMessage
	version   int64
	withdrawn bool
}

// Open reads what is kept, and believes only what the hub's key signed; without a hub nothing is.
func Open(files Files, hub ed25519.PublicKey, log *slog.Logger) (*Store, error) {
	s := &Store{files: files, log: log, open: map[string]opened{}}
	raw, err := files.Read(fileName)
	if errors.Is(err, fs.ErrNotExist) || len(hub) == 0 {
		return s, nil
	}
	if err != nil {
		return s, fmt.Errorf("read site packs: %w", err)
	}
	var k kept
	if err := json.Unmarshal(raw, &k); err != nil {
		log.Warn("site packs on the disk are damaged; they are fetched anew", "error", err)
		return s, nil
	}
	s.believe(k, hub)
	return s, nil
}

// believe takes over what can be verified. If anything cannot, everything is fetched anew.
func (s *Store) believe(k kept, hub ed25519.PublicKey) {
	good := kept{Revision: k.Revision, Packs: map[string]pack.Signed{}, Former: map[string]pack.Signed{}, Words: k.Words}
	for network, signed := range k.Packs {
		o, err := verify(signed, k.Former[network], hub)
		if err == nil && signed.Network != network {
			err = pack.ErrSignature
		}
		if err != nil {
			s.log.Warn("site pack on the disk refused; it is fetched anew", "network", network, "error", err)
			good.Revision = 0
			continue
		}
		good.Packs[network], s.open[network] = signed, o
		if former, ok := k.Former[network]; ok {
			good.Former[network] = former
		}
	}
	s.kept = good
}

// verify checks a pack, and for one that was withdrawn what it was before.
func verify(signed, former pack.Signed, hub ed25519.PublicKey) (opened, error) {
	if err := signed.Verify(hub); err != nil {
		return opened{}, err
	}
	o := opened{version: signed.Version, withdrawn: signed.Withdrawn()}
	if o.withdrawn {
		o.pack, _ = former.Open(hub) // nothing is known of one that was never here
		return o, nil
	}
	var err error
	o.pack, err = signed.Open(hub)
	o.raw = signed.Pack
	return o, err
}

// Take keeps what the hub sent, as far as it is signed and newer, and reports whether anything changed. What is refused is
// logged and named in the error; the rest counts all the same. It is in force when it is on the disk.
func (s *Store) Take(news News, hub ed25519.PublicKey) (changed bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := kept{Revision: news.Revision, Packs: maps.Clone(s.kept.Packs), Former: maps.Clone(s.kept.Former), Words: news.Words}
	if next.Packs == nil {
		next.Packs = map[string]pack.Signed{}
	}
	if next.Former == nil {
		next.Former = map[string]pack.Signed{}
	}
	open := maps.Clone(s.open)
	var refused []error
	for _, signed := range news.Packs {
		if err := take(next, open, signed, hub); err != nil {
			s.log.Warn("site pack refused", "network", signed.Network, "version", signed.Version, "error", err)
			refused = append(refused, fmt.Errorf("take site pack of %s: %w", signed.Network, err))
			next.Revision = 0
		}
	}
	raw, err := json.Marshal(next)
	if err != nil {
		return false, fmt.Errorf("encode site packs: %w", err)
	}
	if err := s.files.Write(fileName, raw); err != nil {
		return false, fmt.Errorf("write site packs: %w", err)
	}
	changed = next.Revision != s.kept.Revision || len(refused) < len(news.Packs)
	s.kept, s.open = next, open
	return changed, errors.Join(refused...)
}

// ErrOlder means that a pack is not newer than the one here.
var ErrOlder = errors.New("the pack is not newer than the one here")

func take(next kept, open map[string]opened, signed pack.Signed, hub ed25519.PublicKey) error {
	before, had := open[signed.Network]
	former := next.Former[signed.Network]
	if signed.Withdrawn() && had && !before.withdrawn {
		former = next.Packs[signed.Network]
	}
	o, err := verify(signed, former, hub)
	if err != nil {
		return err
	}
	if had && o.version <= before.version || olderThanEmbedded(signed) {
		return ErrOlder
	}
	open[signed.Network], next.Packs[signed.Network] = o, signed
	delete(next.Former, signed.Network)
	if o.withdrawn && len(former.Pack) > 0 {
		next.Former[signed.Network] = former
	}
	return nil
}

func olderThanEmbedded(signed pack.Signed) bool {
	embedded, ok := pack.Embedded(signed.Network)
	return ok && signed.Version <= embedded.Version
}

// Current gives the pack that counts for a network; false if there is none.
func (s *Store) Current(network string) (pack.Pack, bool) {
	p, _, ok := s.Pack(network)
	return p, ok
}

// Pack gives the pack that counts for a network, and its bytes; false if there is none. Of one that was taken away it gives,
// beside false, what it was.
func (s *Store) Pack(network string) (p pack.Pack, raw json.RawMessage, ok bool) {
	s.mu.Lock()
	o, published := s.open[network]
	s.mu.Unlock()
	if published {
		return o.pack, o.raw, !o.withdrawn
	}
	p, ok = pack.Embedded(network)
	if !ok {
		return pack.Pack{}, nil, false
	}
	raw, err := p.Encode()
	return p, raw, err == nil
}

// Versions lists the packs that count, ordered by network; one that was taken away is not among them.
func (s *Store) Versions() []native.PackVersion {
	versions := map[string]int64{}
	for _, network := range pack.EmbeddedNetworks() {
		p, _ := pack.Embedded(network)
		versions[network] = p.Version
	}
	s.mu.Lock()
	for network, o := range s.open {
		versions[network] = o.version
		if o.withdrawn {
			delete(versions, network)
		}
	}
	s.mu.Unlock()
	list := []native.PackVersion{}
	for _, network := range slices.Sorted(maps.Keys(versions)) {
		list = append(list, native.PackVersion{Network: network, Version: versions[network]})
	}
	return list
}

// Known gives the versions of the published packs that are here, withdrawn ones too.
func (s *Store) Known() map[string]int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := map[string]int64{}
	for network, o := range s.open {
		known[network] = o.version
	}
	return known
}

// Revision is that of the hub's policy when all of it was taken; 0 if something is missing.
func (s *Store) Revision() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kept.Revision
}

// Words are the insider words. Their lists are never nil.
func (s *Store) Words() native.Words {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.kept.Words
	if w.Salt == "" {
		w.Salt = "AA" // without words any does
	}
	w.Version = s.kept.Revision
	w.Hashes = append([]string{}, w.Hashes...)
	w.Patterns = append([]native.WordPattern{}, w.Patterns...)
	w.Hosts = append([]string{}, w.Hosts...)
	return w
}

// Forget begins anew, for another hub.
func (s *Store) Forget() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept, s.open = kept{}, map[string]opened{}
	return s.files.Remove(fileName)
}
