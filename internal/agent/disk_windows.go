package agent

import (
	"errors"
	"io/fs"
	"syscall"

	"golang.org/x/sys/windows"
)

// isFull reports whether an error means that the disk or the user's share of it is full.
func isFull(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL) ||
		errors.Is(err, windows.ERROR_DISK_QUOTA_EXCEEDED) || errors.Is(err, syscall.ENOSPC)
}

// exposed cannot tell from the mode, which Windows makes up: the access list of the user's profile decides.
func exposed(fs.FileInfo) bool { return false }
