package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// What others must not be able to do with a file.
const (
	othersMayWrite fs.FileMode = 0o022
	othersMayRead  fs.FileMode = 0o077
)

// maxOwnFile bounds the files that readOwn reads, in bytes.
const maxOwnFile = 1 << 20

// readOwn reads a file of the user's own. It refuses what is not a plain file of this user, and what others can use in
// the ways of mask. A missing file is fs.ErrNotExist.
func readOwn(path string, mask fs.FileMode) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, unreadable(path, err)
	}
	if why := notOwn(info, mask); why != "" {
		return nil, keyshift.Refuse(keyshift.CodeFieldInvalid, "The file "+path+" "+why+".", "Look at who changed it; if it is yours alone, run: chmod 600 "+path)
	}
	data, err := io.ReadAll(io.LimitReader(file, maxOwnFile))
	if err != nil {
		return nil, unreadable(path, err)
	}
	return data, nil
}

func unreadable(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read file: %w", err)
	}
	return fileError("The file "+path+" cannot be read.", err)
}

// fileError explains why a file cannot be used.
func fileError(text string, err error) error {
	if errors.Is(err, syscall.ENOSPC) {
		return keyshift.Refuse(keyshift.CodeStorageFull, text+" The disk is full.", "Make room and try again.").Because(err)
	}
	return keyshift.Refuse(keyshift.CodeFieldInvalid, text, "Check the path, its folder and their permissions.").Because(err)
}
