package nativehost

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync"

	"github.com/keyshift-hq/keyshift/internal/atomicfile"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// recordName is the file with the ids of further extensions.
const recordName = "extensions.json"

// mostRecorded bounds the file.
const mostRecorded = 20

// Both are seldom needed, and the second takes much to compile.
var (
	chromiumID = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-p]{32}$`) })
	firefoxID  = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^(\{[0-9a-fA-F-]{36}\}|[A-Za-z0-9._-]{0,80}@[A-Za-z0-9._-]{1,80})$`)
	})
)

// ValidID refuses what is no id of an extension: 32 letters from a to p, or for Firefox name@domain or a UUID in braces.
func ValidID(id string) error {
	if chromiumID().MatchString(id) || firefoxID().MatchString(id) {
		return nil
	}
	return keyshift.Invalid(keyshift.CodeFieldInvalid, "This is no id of an extension.",
		"Copy it from the browser's page of extensions: 32 letters, or for Firefox name@domain.")
}

// ForFirefox reports whether a valid id is one of Firefox.
func ForFirefox(id string) bool { return firefoxID().MatchString(id) }

// Recorded gives the ids that are recorded in any of the folders. What cannot be read has none.
func Recorded(folders ...string) []string {
	var all []string
	for _, dir := range folders {
		raw, err := os.ReadFile(filepath.Join(dir, recordName)) //nolint:gosec // a folder of ours
		var ids []string
		if err == nil && len(raw) < 1<<16 && json.Unmarshal(raw, &ids) == nil {
			all = append(all, ids...)
		}
	}
	return slices.Compact(slices.Sorted(slices.Values(all)))
}

// Record adds ids to those in a folder. The folder is made if it is missing.
func Record(dir string, ids ...string) error {
	for _, id := range ids {
		if err := ValidID(id); err != nil {
			return err
		}
	}
	all := slices.Compact(slices.Sorted(slices.Values(append(Recorded(dir), ids...))))
	if len(all) > mostRecorded {
		return keyshift.Invalid(keyshift.CodeFieldInvalid, "There are too many ids of extensions.", "Run keyshift-agent browser remove, and install what is needed.")
	}
	raw, err := json.Marshal(all)
	if err != nil {
		return fmt.Errorf("encode extension ids: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // the system's folder is for all users
		return fmt.Errorf("make folder: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("open folder: %w", err)
	}
	return errors.Join(atomicfile.Write(root, recordName, raw, 0o644), root.Close())
}

// Forget removes what was recorded in a folder.
func Forget(dir string) error {
	if err := os.Remove(filepath.Join(dir, recordName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove extension ids: %w", err)
	}
	return nil
}
