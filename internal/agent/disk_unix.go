//go:build unix

package agent

import (
	"errors"
	"io/fs"
	"syscall"
)

// isFull reports whether an error means that the disk or the user's share of it is full.
func isFull(err error) bool { return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) }

// exposed reports whether others than the owner may look into a folder.
func exposed(info fs.FileInfo) bool { return info.Mode().Perm()&0o077 != 0 }
