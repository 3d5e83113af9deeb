//go:build linux || darwin

package service

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// checkMode refuses a program that everyone may write or replace. A group may: on many systems it is the owner's own.
func checkMode(path string, mode fs.FileMode) error {
	if mode.Perm()&0o111 == 0 {
		return fmt.Errorf("read program %q: not executable", path)
	}
	dir, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("read directory of program: %w", err)
	}
	open := dir.Mode().Perm()&0o002 != 0 && dir.Mode()&fs.ModeSticky == 0
	if open || mode.Perm()&0o002 != 0 {
		return fmt.Errorf("read program %q: %w", path, ErrUnsafeProgram)
	}
	return nil
}

// within runs a call that knows no context. When the context ends first the call goes on by itself.
func within(ctx context.Context, call func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- call() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// installed tells whether the file of the service is there. An empty file is what a failed installation leaves:
// it counts as absent.
func installed(file string) (bool, error) {
	info, err := os.Stat(file)
	if os.IsNotExist(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read service file: %w", err)
	}
	return info.Size() > 0, nil
}

// makeRoom prepares for an installation: it refuses a second one and removes an empty leftover.
func makeRoom(file string) error {
	ok, err := installed(file)
	if err != nil {
		return err
	}
	if ok {
		return fmt.Errorf("%s: %w", file, ErrAlreadyInstalled)
	}
	return discard(file)
}

// discard removes a file that may be absent.
func discard(file string) error {
	if err := os.Remove(file); err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("remove service file: %w", err)
	}
	return nil
}

// need answers ErrNotInstalled for an absent service file.
func need(file string) error {
	ok, err := installed(file)
	if err == nil && !ok {
		return ErrNotInstalled
	}
	return err
}
