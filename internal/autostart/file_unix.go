//go:build linux || darwin

package autostart

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/keyshift-hq/keyshift/internal/atomicfile"
)

// enabled reports whether the file is there and does not say of itself that it is off, as desktops write it.
func (e *Entry) enabled() (bool, error) {
	text, err := os.ReadFile(e.path())
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read autostart: %w", err)
	}
	return !off(string(text)), nil
}

func (e *Entry) enable() error {
	if err := os.MkdirAll(filepath.Dir(e.path()), 0o700); err != nil {
		return fmt.Errorf("make autostart folder: %w", err)
	}
	dir, err := os.OpenRoot(filepath.Dir(e.path()))
	if err != nil {
		return fmt.Errorf("open autostart folder: %w", err)
	}
	defer dir.Close()
	if err := atomicfile.Write(dir, filepath.Base(e.path()), []byte(e.text()), 0o600); err != nil {
		return fmt.Errorf("write autostart: %w", err)
	}
	return nil
}

func (e *Entry) disable() error {
	if err := os.Remove(e.path()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove autostart: %w", err)
	}
	return nil
}
