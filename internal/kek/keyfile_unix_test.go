//go:build linux || darwin

package kek

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func modeOf(t *testing.T, path string) fs.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}

func TestKeyFileAndItsDirectoryAreTheOwnersOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "b", "kek.json")
	if err := Create(path); err != nil {
		t.Fatal(err)
	}
	check := func(when string) {
		t.Helper()
		for path, want := range map[string]fs.FileMode{path: 0o400, filepath.Dir(path): 0o700} {
			if got := modeOf(t, path); got != want {
				t.Errorf("%s: mode of %s = %o, want %o", when, filepath.Base(path), got, want)
			}
		}
	}
	check("created")
	if _, err := Rotate(path); err != nil {
		t.Fatal(err)
	}
	check("rotated")
	if entries, err := os.ReadDir(filepath.Dir(path)); err != nil || len(entries) != 1 {
		t.Errorf("rotation left %d files, %v, want 1", len(entries), err)
	}
}

func TestKeyFileOpenToOthersIsRefused(t *testing.T) {
	path := newKeyFile(t)
	for _, tt := range []struct {
		mode fs.FileMode
		want error
	}{
		{0o400, nil}, {0o600, nil},
		{0o440, ErrKeyExposed}, {0o404, ErrKeyExposed}, {0o644, ErrKeyExposed},
		{0o420, ErrKeyExposed}, {0o402, ErrKeyExposed}, {0o410, ErrKeyExposed}, {0o777, ErrKeyExposed},
	} {
		if err := os.Chmod(path, tt.mode); err != nil {
			t.Fatal(err)
		}
		_, err := Load(path, "")
		if !errors.Is(err, tt.want) {
			t.Errorf("mode %o: err = %v, want %v", tt.mode, err, tt.want)
		}
		mend := fmt.Sprintf("(mode %04o): run chmod 0400 %s", tt.mode, path)
		if err != nil && !strings.Contains(err.Error(), mend) {
			t.Errorf("mode %o: text does not say how to mend it: %v", tt.mode, err)
		}
		if _, err := Rotate(path); !errors.Is(err, tt.want) {
			t.Errorf("mode %o: Rotate: err = %v, want %v", tt.mode, err, tt.want)
		}
	}
}

func TestRotationThatCannotWriteLeavesNothingBehind(t *testing.T) {
	path := newKeyFile(t)
	before := readFile(t, path)
	err := replaceKeys(path, func(*versionedKeys) error { return fs.ErrInvalid })
	if !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("err = %v, want the change's own error", err)
	}
	if _, err := os.Stat(path + ".new"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("unfinished file stayed: %v", err)
	}
	if readFile(t, path) != before {
		t.Error("key file was changed")
	}
}

// Only root can give files away; for everybody else the owner stays anyway.
func TestRotationByRootKeepsTheOwner(t *testing.T) {
	path := newKeyFile(t)
	uid := os.Geteuid()
	if uid == 0 {
		uid = 65534
	}
	if err := os.Chown(path, uid, -1); err != nil {
		t.Fatal(err)
	}
	if _, err := Rotate(path); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := int(info.Sys().(*syscall.Stat_t).Uid); got != uid {
		t.Errorf("owner = %d, want %d", got, uid)
	}
}
