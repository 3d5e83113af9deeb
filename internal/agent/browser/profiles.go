package browser

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"slices"
	"sync"
	"time"

	"github.com/keyshift-hq/keyshift/internal/agent"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/native"
)

const (
	profilesFile = "browsers.json"
	// mostProfiles bounds how many are kept: the one that was paired first goes.
	mostProfiles = 50
)

// profile is a browser profile that the user said yes to.
type profile struct {
	// Key is its public key, as native.Hello has it.
	Key              string             `json:"key"`
	Browser          native.Browser     `json:"browser"`
	BrowserVersion   string             `json:"browser_version"`
	ExtensionVersion string             `json:"extension_version"`
	Mode             native.ProfileMode `json:"mode"`
	PairedAt         time.Time          `json:"paired_at"`
	// Leaving: it is kept only until it owes nothing any more, because the device was unenrolled.
	Leaving bool `json:"leaving,omitempty"`
}

// id names a profile for people and files; "" has no key.
func (p profile) id() string {
	if p.Key == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(p.Key))
	return hex.EncodeToString(sum[:8])
}

// readKey reads a public key: an uncompressed point on P-256.
func readKey(text string) (*ecdsa.PublicKey, error) {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("read profile key: %w", err)
	}
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), raw)
	if err != nil {
		return nil, fmt.Errorf("read profile key: %w", err)
	}
	return key, nil
}

// verify reports whether a signature in the form of IEEE P1363 is the profile's.
func (p profile) verify(message []byte, signature string) bool {
	key, err := readKey(p.Key)
	raw, broken := base64.RawURLEncoding.DecodeString(signature)
	if err != nil || broken != nil || len(raw) != 64 {
		return false
	}
	sum := sha256.Sum256(message)
	return ecdsa.Verify(key, sum[:], new(big.Int).SetBytes(raw[:32]), new(big.Int).SetBytes(raw[32:]))
}

// profiles keeps the paired profiles.
type profiles struct {
	files agent.Files

	mu   sync.Mutex
	kept []profile
}

// openProfiles reads the file. One that says nothing is as good as none: then the user is asked again.
func openProfiles(files agent.Files) (*profiles, error) {
	p := &profiles{files: files}
	raw, err := files.Read(profilesFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) && keyshift.CodeOf(err) != keyshift.CodeIntegrityFailed {
		return nil, err
	}
	if err == nil && json.Unmarshal(raw, &p.kept) != nil {
		p.kept = nil
	}
	return p, nil
}

func (p *profiles) list() []profile {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.kept)
}

func (p *profiles) paired(id string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.ContainsFunc(p.kept, func(k profile) bool { return k.id() == id })
}

// put adds or renews a profile.
func (p *profiles) put(next profile) error {
	return p.change(func(list []profile) []profile {
		list = slices.DeleteFunc(list, func(k profile) bool { return k.Key == next.Key })
		list = append(list, next)
		return list[max(0, len(list)-mostProfiles):]
	})
}

// drop forgets a profile; false if there is none.
func (p *profiles) drop(id string) (bool, error) {
	if !p.paired(id) {
		return false, nil
	}
	return true, p.change(func(list []profile) []profile {
		return slices.DeleteFunc(list, func(k profile) bool { return k.id() == id })
	})
}

// meet takes over what a paired profile says of itself now.
func (p *profiles) meet(now profile) error {
	for _, k := range p.list() {
		if k.Key != now.Key {
			continue
		}
		if now.PairedAt, now.Leaving = k.PairedAt, k.Leaving; now == k {
			return nil
		}
		return p.put(now)
	}
	return nil
}

func (p *profiles) change(f func([]profile) []profile) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	next := f(slices.Clone(p.kept))
	raw, err := json.Marshal(next)
	if err != nil {
		return fmt.Errorf("encode browser profiles: %w", err)
	}
	if err := p.files.Write(profilesFile, raw); err != nil {
		return fmt.Errorf("write browser profiles: %w", err)
	}
	p.kept = next
	return nil
}
