package workbrowser

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
)

// keeps are the files and folders of a profile that stay with a kept folder: settings, bookmarks, extensions. All else goes:
// a browser that is asked to end may not have written down which cookies it deleted. Firefox has its bookmarks in one file with
// the history, so it is told to write them to another when it ends, and takes them from there where the first is missing and
// there are no backups.
var keeps = map[Family][]string{
	Chromium: {
		noteName, "NativeMessagingHosts", "First Run", "Local State", "Default/Bookmarks", "Default/Preferences", "Default/Secure Preferences",
		"Default/Extensions", "Default/Local Extension Settings",
	},
	Firefox: {
		noteName, "user.js", "prefs.js", "xulstore.json", "handlers.json", "bookmarks.html", "extensions", "extensions.json", "extension-preferences.json",
		"extension-settings.json", "addonStartup.json.lz4", "containers.json",
	},
}

// sweep deletes from a folder what is not kept.
func (d *Desk) sweep(family Family, name string) error {
	desk, err := os.OpenRoot(d.cfg.Folder)
	if err != nil {
		return fmt.Errorf("open folder of work browsers: %w", err)
	}
	defer desk.Close()
	folder, err := desk.OpenRoot(name)
	if err != nil {
		return fmt.Errorf("open folder of work browser: %w", err)
	}
	defer folder.Close()
	return errors.Join(sweepIn(folder, ".", family), sweepIn(folder, "Default", family))
}

func sweepIn(folder *os.Root, dir string, family Family) error {
	entries, err := fs.ReadDir(folder.FS(), dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("list folder of work browser: %w", err)
	}
	var failed error
	for _, e := range entries {
		path := e.Name()
		if dir != "." {
			path = dir + "/" + path
		}
		if !slices.Contains(keeps[family], path) && (path != "Default" || family != Chromium) {
			failed = errors.Join(failed, folder.RemoveAll(path))
		}
	}
	if failed != nil {
		return fmt.Errorf("sweep folder of work browser: %w", failed)
	}
	return nil
}
