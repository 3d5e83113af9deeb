package workbrowser

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/keyshift-hq/keyshift/internal/extensionid"
)

// noteName is the file in a folder that says which process uses it.
const noteName = "keyshift-browser.json"

// note is what the next agent has to know about a browser that is still running, or about its folder.
type note struct {
	Account string    `json:"account"`
	Keep    bool      `json:"keep"`
	PID     int       `json:"pid"`
	Started processID `json:"started"`
	Browser Browser   `json:"browser"`
}

// processID tells a process from a later one with the same number: what the system says about its start.
type processID string

// folderName is the name of an account's folder: nothing of the account can be read from it, nor can it lead elsewhere.
func folderName(account string) string {
	sum := sha256.Sum256([]byte(account))
	return hex.EncodeToString(sum[:10])
}

func (d *Desk) folder(account string) string { return filepath.Join(d.cfg.Folder, folderName(account)) }

// makeFolder makes an account's folder with the settings that a fresh profile begins with.
func (d *Desk) makeFolder(b Browser, folder string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("make folder of work browser: %w", err)
	}
	name, text := filepath.Join(folder, "user.js"), firefoxSettings
	if b.Family == Chromium {
		name, text = filepath.Join(folder, "Default", "Preferences"), chromiumSettings
	}
	if _, err := os.Stat(name); err == nil {
		return nil // it was kept
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return fmt.Errorf("make folder of work browser: %w", err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		return fmt.Errorf("write settings of work browser: %w", err)
	}
	return nil
}

// The browser's own password manager must not keep what was filled in, no restart may bring pages back, and the extension's
// icon, on which the minutes are, is in the toolbar.
const (
	chromiumSettings = `{"credentials_enable_service":false,"profile":{"password_manager_enabled":false},"autofill":{"profile_enabled":false,"credit_card_enabled":false},"session":{"restore_on_startup":5},"signin":{"allowed":false},"extensions":{"pinned_extensions":["` + extensionid.Chromium + `"]}}`
	firefoxSettings  = `user_pref("signon.rememberSignons", false);
user_pref("signon.autofillForms", false);
user_pref("browser.formfill.enable", false);
user_pref("browser.sessionstore.resume_from_crash", false);
user_pref("browser.startup.page", 0);
user_pref("browser.bookmarks.autoExportHTML", true);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("browser.aboutwelcome.enabled", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("browser.startup.homepage_override.mstone", "ignore");
`
)

func (d *Desk) writeNote(n note) error {
	text, err := json.Marshal(n)
	if err != nil {
		return fmt.Errorf("write note of work browser: %w", err)
	}
	if err := os.WriteFile(filepath.Join(d.folder(n.Account), noteName), text, 0o600); err != nil {
		return fmt.Errorf("write note of work browser: %w", err)
	}
	return nil
}

// notes reads those of all folders. A folder without a readable one has an empty note and its name.
func (d *Desk) notes() (map[string]note, error) {
	entries, err := os.ReadDir(d.cfg.Folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list work browsers: %w", err)
	}
	all := map[string]note{}
	for _, e := range entries {
		var n note
		if text, err := os.ReadFile(filepath.Join(d.cfg.Folder, e.Name(), noteName)); err == nil {
			_ = json.Unmarshal(text, &n) // half a note says nothing
		}
		if folderName(n.Account) != e.Name() {
			n = note{}
		}
		all[e.Name()] = n
	}
	return all, nil
}

// remove deletes a folder by its name below the desk's. Helpers of a browser write a little after it ended, and Windows
// does not delete what is open: it is tried again for a while.
func (d *Desk) remove(name string) error {
	var err error
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(d.cfg.grace()); ; {
		if err = d.removeOnce(name); err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-late:
			return fmt.Errorf("delete folder of work browser: %w", err)
		}
	}
}

func (d *Desk) removeOnce(name string) error {
	root, err := os.OpenRoot(d.cfg.Folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer root.Close()
	return root.RemoveAll(name)
}
