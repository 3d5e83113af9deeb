package store

import (
	"errors"
	"io/fs"
	"math"
	"os"

	"golang.org/x/sys/windows"
)

// lockFile locks a byte far behind the content, because a locked byte cannot be read by others.
func lockFile(f *os.File) error {
	flags := uint32(windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY)
	err := windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, &windows.Overlapped{OffsetHigh: math.MaxInt32})
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return errLocked
	}
	return err
}

// othersMayWrite cannot be told from the mode here: the directory's access list is inherited from the profile or the
// program data directory.
func othersMayWrite(fs.FileInfo) bool { return false }

// syncHandle: directories cannot be flushed here, and NTFS journals names.
func syncHandle(*os.File) error { return nil }

// errNoSpace is what the system says of a full disk.
const errNoSpace = windows.ERROR_DISK_FULL

// freeSpace is how many bytes this user may still write on the disk of a directory.
func freeSpace(dir string) (bytes int64, ok bool) {
	path, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return 0, false
	}
	var free uint64
	if err := windows.GetDiskFreeSpaceEx(path, &free, nil, nil); err != nil {
		return 0, false
	}
	return int64(min(free, math.MaxInt64)), true //nolint:gosec // bounded
}

func isFull(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL)
}

func isReadonly(err error) bool { return errors.Is(err, windows.ERROR_WRITE_PROTECT) }
