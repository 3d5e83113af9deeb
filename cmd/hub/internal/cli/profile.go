package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/keyshift-hq/keyshift/internal/atomicfile"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// defaultProfile is the login of somebody who has only one.
const defaultProfile = "default"

// profile is a login without its token: nothing in it is secret. But whoever could change it could have the token sent
// elsewhere, so the file must not be writable by others.
type profile struct {
	HubURL  string `json:"hub_url"`
	HubID   string `json:"hub_id"`
	HubName string `json:"hub_name"`
	// HubKey signs the audit log; TLSPin is empty where the system's roots vouch for the hub's certificate.
	HubKey []byte `json:"hub_key"`
	TLSPin []byte `json:"tls_pin,omitempty"`
	User   string `json:"user"`
	// TokenFile is where the token lies if not in the keyring.
	TokenFile string `json:"token_file,omitempty"`
}

func (p profile) target() hubclient.Target {
	return hubclient.Target{URL: p.HubURL, HubID: p.HubID, HubKey: p.HubKey, TLSPin: p.TLSPin}
}

type profiles struct {
	Version  int                `json:"version"`
	Profiles map[string]profile `json:"profiles"`
}

// profileVersion is the form of the file that this program writes.
const profileVersion = 1

// profileFile is the file of profiles in its folder, hub.json.
type profileFile struct{ dir string }

const profileName = "hub.json"

func (inv *invocation) profiles() profileFile { return profileFile{inv.ConfigDir} }

func (f profileFile) path() string { return filepath.Join(f.dir, profileName) }

// load reads the file; a missing one has no profiles.
func (f profileFile) load() (profiles, error) {
	none := profiles{Version: profileVersion, Profiles: map[string]profile{}}
	if f.dir == "" {
		return none, errNoConfigDir
	}
	data, err := readOwn(f.path(), othersMayWrite)
	if errors.Is(err, fs.ErrNotExist) {
		return none, nil
	}
	if err != nil {
		return none, err
	}
	var all profiles
	if json.Unmarshal(data, &all) != nil || all.Version != profileVersion {
		return none, keyshift.Invalid(keyshift.CodeFieldInvalid, "The file of logins, "+f.path()+", is damaged or of another version of this program.",
			"Remove it and log in again, or use the newer program.")
	}
	if all.Profiles == nil {
		all.Profiles = none.Profiles
	}
	return all, nil
}

// save puts one profile into the file.
func (f profileFile) save(name string, p profile) error {
	all, err := f.load()
	if err != nil {
		return err
	}
	all.Profiles[name] = p
	data, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return fmt.Errorf("encode profiles: %w", err)
	}
	return f.write(append(data, '\n'))
}

func (f profileFile) write(data []byte) error {
	dir, err := f.open()
	if err != nil {
		return err
	}
	defer dir.Close()
	if err := atomicfile.Write(dir, profileName, data, 0o600); err != nil {
		return fileError("The file of logins, "+f.path()+", cannot be written.", err)
	}
	return nil
}

// open makes the folder if it is not there, and shows early whether that works.
func (f profileFile) open() (*os.Root, error) {
	if f.dir == "" {
		return nil, errNoConfigDir
	}
	if err := os.MkdirAll(f.dir, 0o700); err != nil {
		return nil, fileError("The folder for logins, "+f.dir+", cannot be made.", err)
	}
	dir, err := os.OpenRoot(f.dir)
	if err != nil {
		return nil, fileError("The folder for logins, "+f.dir+", cannot be used.", err)
	}
	return dir, nil
}

// probe fails if save would probably fail.
func (f profileFile) probe() error {
	if _, err := f.load(); err != nil {
		return err
	}
	dir, err := f.open()
	if err != nil {
		return err
	}
	return dir.Close()
}

var errNoConfigDir = keyshift.Refuse(keyshift.CodeUnavailable, "There is no folder for your settings.", "Set HOME, or on Windows log in again.")
