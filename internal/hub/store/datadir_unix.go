//go:build linux || darwin

package store

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

func lockFile(f *os.File) error {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) //nolint:gosec // a file descriptor fits into an int
	if errors.Is(err, unix.EWOULDBLOCK) {
		return errLocked
	}
	return err
}

func othersMayWrite(dir fs.FileInfo) bool {
	return dir.Mode().Perm()&0o022 != 0 && dir.Mode()&fs.ModeSticky == 0
}

func syncHandle(f *os.File) error { return f.Sync() }

// errNoSpace is what the system says of a full disk.
const errNoSpace = unix.ENOSPC

// freeSpace is how many bytes this user may still write on the disk of a directory.
func freeSpace(dir string) (bytes int64, ok bool) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, false
	}
	return int64(st.Bavail) * int64(st.Bsize), true //nolint:gosec,unconvert // the types differ between systems
}

func isFull(err error) bool     { return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) }
func isReadonly(err error) bool { return errors.Is(err, unix.EROFS) }
