package kek

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/keyshift-hq/keyshift/internal/seal"
)

// Errors about where and how a key file lies. Their wrapping text names the
// file and how to mend it.
var (
	// ErrKeyExposed: users other than the owner may read or change the file.
	ErrKeyExposed = errors.New("key file is open to other users")
	// ErrKeyInsideData: a copy of the data directory would carry its own key.
	ErrKeyInsideData = errors.New("key file lies inside the data directory")
	// ErrKeyBusy: another Rotate or DropOldVersions is under way, or one died
	// and left its unfinished file.
	ErrKeyBusy = errors.New("key file is being replaced")
)

// maxKeyFile bounds what is read; a version takes about 100 bytes.
const maxKeyFile = 1 << 20

// Create makes a key-encryption key with version 1 and writes it to a new
// file at path, readable by its owner only, and flushed to disk when Create
// returns. Missing directories are made with mode 0700. An existing file is
// never touched: the error is then fs.ErrExist.
func Create(path string) error {
	keys, err := newVersionedKeys()
	if err != nil {
		return fmt.Errorf("create key file: %w", err)
	}
	if err := makeDir(filepath.Dir(path)); err != nil {
		return fmt.Errorf("create key directory: %w", err)
	}
	if err := writeKeys(path, keys); err != nil {
		return fmt.Errorf("create key file: %w", err)
	}
	if err := syncDir(filepath.Dir(path)); err != nil {
		return fmt.Errorf("create key file: %w", err)
	}
	return nil
}

// makeDir is os.MkdirAll, but the new names survive a power loss.
func makeDir(dir string) error {
	if info, err := os.Stat(dir); err == nil && info.IsDir() {
		return nil
	}
	parent := filepath.Dir(dir)
	if parent != dir {
		if err := makeDir(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	return syncDir(parent)
}

// Load reads the key file at path. dataDir is the hub's data directory, or
// "" if it has none. Besides what the system reports (fs.ErrNotExist) the
// errors are ErrKeyExposed (not checked on Windows, where the directory's
// access list decides), ErrKeyInsideData and ErrKeyFile.
func Load(path, dataDir string) (*KEK, error) {
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, fmt.Errorf("load key file: %w", err)
	}
	if err := checkOutside(target, dataDir); err != nil {
		return nil, fmt.Errorf("load key file: %w", err)
	}
	keys, err := readKeys(target)
	if err != nil {
		return nil, fmt.Errorf("load key file: %w", err)
	}
	return keys.open()
}

// Rotate adds a new primary version to the key file at path and returns its
// number. Older versions stay for opening. The file is replaced in one step,
// so a crash leaves either the old or the new one, and so does an error; to
// rotate once more is harmless. Every hub process must load the file again
// before it meets values sealed under the new version.
func Rotate(path string) (version uint32, err error) {
	err = replaceKeys(path, func(keys *versionedKeys) error {
		err := keys.add()
		version = keys.primary()
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("rotate key-encryption key: %w", err)
	}
	return version, nil
}

// DropOldVersions deletes every version but the primary from the key file at
// path and returns their numbers. It cannot see the database: values that were
// not rewrapped before, also those in backups, can never be opened again.
func DropOldVersions(path string) (dropped []uint32, err error) {
	err = replaceKeys(path, func(keys *versionedKeys) error {
		dropped, err = keys.dropOld()
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("drop old key versions: %w", err)
	}
	return dropped, nil
}

// replaceKeys changes the file by way of a neighbor. The neighbor's fixed name
// is also the lock: two rotations at once would lose one of the new keys.
func replaceKeys(path string, change func(*versionedKeys) error) error {
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	next := target + ".new"
	f, err := createKeyFile(next)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%w: if no other command is at work, delete %s and try again", ErrKeyBusy, next)
	}
	if err != nil {
		return err
	}
	if err = rewrite(f, target, change); err == nil {
		err = os.Rename(next, target)
	}
	if err != nil {
		os.Remove(next)
		return err
	}
	return syncDir(filepath.Dir(target))
}

// rewrite reads the file at path, changes its keys and fills f with them.
func rewrite(f *os.File, path string, change func(*versionedKeys) error) error {
	defer f.Close()
	keys, err := readKeys(path)
	if err != nil {
		return err
	}
	if err := change(keys); err != nil {
		return err
	}
	if err := keepOwner(f, path); err != nil {
		return err
	}
	return fill(f, keys)
}

func writeKeys(path string, keys *versionedKeys) error {
	f, err := createKeyFile(path)
	if err != nil {
		return err
	}
	if err := errors.Join(fill(f, keys), f.Close()); err != nil {
		os.Remove(path)
		return err
	}
	return nil
}

func createKeyFile(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, keyFileMode)
}

func fill(f *os.File, keys *versionedKeys) error {
	data, err := keys.encode()
	if err != nil {
		return err
	}
	defer seal.Wipe(data)
	if _, err := f.Write(data); err != nil {
		return err
	}
	return f.Sync()
}

func readKeys(path string) (*versionedKeys, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := checkPrivate(f); err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, maxKeyFile))
	if err != nil {
		return nil, err
	}
	defer seal.Wipe(data)
	keys, err := decodeKeys(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return keys, nil
}

// checkPrivate asks the open file, not its name, so that the answer is about
// what is then read.
func checkPrivate(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s: %w", f.Name(), ErrKeyFile)
	}
	if exposed(f, info.Mode().Perm()) {
		return fmt.Errorf("%w (mode %04o): run chmod 0400 %s", ErrKeyExposed, info.Mode().Perm(), f.Name())
	}
	return nil
}

// checkOutside compares directories by identity, not by name: names differ by
// letter case on macOS and Windows. path has no symlinks.
func checkOutside(path, dataDir string) error {
	if dataDir == "" {
		return nil
	}
	data, err := os.Stat(dataDir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // then nothing lies inside it
	}
	if err != nil {
		return err
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	for dir := filepath.Dir(abs); ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err == nil && os.SameFile(info, data) {
			return fmt.Errorf("%w %s: move %s elsewhere and point the hub there", ErrKeyInsideData, dataDir, path)
		}
		if dir == filepath.Dir(dir) {
			return nil
		}
	}
}
