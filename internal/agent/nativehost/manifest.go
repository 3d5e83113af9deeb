package nativehost

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/keyshift-hq/keyshift/internal/atomicfile"
	"github.com/keyshift-hq/keyshift/internal/extensionid"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/native"
)

// manifest tells a browser which program the native host is, and which extensions may start it (Chrome and MDN, "Native
// messaging").
type manifest struct {
	Name              string   `json:"name"`
	Description       string   `json:"description"`
	Path              string   `json:"path"`
	Type              string   `json:"type"`
	AllowedOrigins    []string `json:"allowed_origins,omitempty"`
	AllowedExtensions []string `json:"allowed_extensions,omitempty"`
}

// Manifest is the manifest for one family of browsers: program is the absolute path of keyshift-agent, more are ids of
// further extensions, of any family.
func Manifest(firefox bool, program string, more []string) ([]byte, error) {
	m := manifest{Name: native.Name, Description: "Keyshift agent", Path: program, Type: "stdio"}
	for _, id := range slices.Compact(slices.Sorted(slices.Values(more))) {
		switch {
		case ForFirefox(id) && firefox:
			m.AllowedExtensions = append(m.AllowedExtensions, id)
		case !ForFirefox(id) && !firefox:
			m.AllowedOrigins = append(m.AllowedOrigins, chromiumScheme+id+"/")
		}
	}
	if firefox {
		m.AllowedExtensions = append([]string{extensionid.Firefox}, m.AllowedExtensions...)
	} else {
		m.AllowedOrigins = append([]string{chromiumScheme + extensionid.Chromium + "/"}, m.AllowedOrigins...)
	}
	raw, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode manifest: %w", err)
	}
	return append(raw, '\n'), nil
}

// Place is where one browser looks for native hosts, of one user or of all.
type Place struct {
	// Browser and Name say whose it is: "chromium", "Chromium".
	Browser native.Browser
	Name    string
	Firefox bool
	// Data is the folder with the browser's own data of the user, below which its profiles are.
	Data string
	// Dir is the folder of the manifest.
	Dir string
	// system is for all users.
	system bool
}

// Used reports whether the user has data of this browser.
func (p Place) Used() bool {
	info, err := os.Stat(p.Data)
	return err == nil && info.IsDir()
}

// File is the path of the manifest.
func (p Place) File() string { return filepath.Join(p.Dir, p.fileName()) }

// State is what lies at a place.
type State string

// The states.
const (
	Missing State = "missing"
	Current State = "installed"
	Other   State = "other"   // of another program, or for other extensions
	Invalid State = "invalid" // it cannot be read, or its program is gone
)

// Look tells what lies at a place, as seen by this program with these further ids. program is what the manifest starts.
func (p Place) Look(own string, more []string) (state State, program string) {
	raw, err := p.read()
	if errors.Is(err, fs.ErrNotExist) {
		return Missing, ""
	}
	var m manifest
	if err != nil || json.Unmarshal(raw, &m) != nil || m.Name != native.Name {
		return Invalid, ""
	}
	if info, err := os.Stat(m.Path); err != nil || info.IsDir() {
		return Invalid, m.Path
	}
	want, err := Manifest(p.Firefox, own, more)
	if err != nil || !bytes.Equal(want, raw) {
		return Other, m.Path
	}
	return Current, m.Path
}

// Install writes the manifest, in the place of one that is there.
func (p Place) Install(program string, more []string) error {
	raw, err := Manifest(p.Firefox, program, more)
	if err != nil {
		return err
	}
	mode, fileMode := fs.FileMode(0o700), fs.FileMode(0o600)
	if p.system {
		mode, fileMode = 0o755, 0o644
	}
	if err := os.MkdirAll(p.Dir, mode); err != nil {
		return placeError(p, err)
	}
	root, err := os.OpenRoot(p.Dir)
	if err != nil {
		return placeError(p, err)
	}
	if err := errors.Join(atomicfile.Write(root, p.fileName(), raw, fileMode), root.Close()); err != nil {
		return placeError(p, err)
	}
	if err := p.register(); err != nil {
		return placeError(p, err)
	}
	return nil
}

// Remove removes the manifest; what is not there is removed.
func (p Place) Remove() error {
	if err := p.unregister(); err != nil {
		return placeError(p, err)
	}
	if err := os.Remove(p.File()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return placeError(p, err)
	}
	return nil
}

func placeError(p Place, err error) error {
	hint := "Look who may write there."
	if p.system {
		hint = "For all users, run it as an administrator."
	}
	return keyshift.Refuse(keyshift.CodeStorageReadonly, "The native host cannot be made known to "+p.Name+" in "+p.Dir+".", hint).Because(err)
}
