//go:build linux || darwin

package ipc

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

const (
	dirMode    = 0o700
	socketMode = 0o600
	permMask   = 0o777
)

// privateDir is an open directory that belongs to the current user and to nobody else. Work goes through the
// descriptor, so that it stays the directory that was examined.
type privateDir struct {
	fd   int
	path string
}

// openDir opens the directory at path, creating it and mending its mode if need be.
func openDir(path string) (*privateDir, error) {
	if err := os.Mkdir(path, dirMode); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("create directory: %w", err)
	}
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil && taken(path) {
		return nil, fmt.Errorf("%w: %w: %s", ErrUnsafePath, ErrTaken, path)
	}
	if errors.Is(err, unix.ELOOP) || errors.Is(err, unix.ENOTDIR) {
		return nil, fmt.Errorf("%w: %s is no directory", ErrUnsafePath, path)
	}
	if err != nil {
		return nil, fmt.Errorf("open directory %s: %w", path, err)
	}
	d := &privateDir{fd: fd, path: path}
	if err := d.makePrivate(); err != nil {
		d.close()
		return nil, err
	}
	return d, nil
}

func (d *privateDir) close() { _ = unix.Close(d.fd) }

// makePrivate looks at the mode again after mending it, because some file systems accept a chmod and ignore it.
func (d *privateDir) makePrivate() error {
	mode, err := d.mode()
	if err != nil || mode == dirMode {
		return err
	}
	if err := unix.Fchmod(d.fd, dirMode); err != nil {
		return fmt.Errorf("%w: set mode of %s: %w", ErrUnsafePath, d.path, err)
	}
	mode, err = d.mode()
	if err == nil && mode != dirMode {
		return fmt.Errorf("%w: %s keeps mode %o", ErrUnsafePath, d.path, mode)
	}
	return err
}

// mode refuses the sticky directories that all users share: taking /tmp away from them is no way to be private.
func (d *privateDir) mode() (uint32, error) {
	var st unix.Stat_t
	if err := unix.Fstat(d.fd, &st); err != nil {
		return 0, fmt.Errorf("examine directory %s: %w", d.path, err)
	}
	if !ours(st) {
		return 0, fmt.Errorf("%w: %w: %s belongs to user %d", ErrUnsafePath, ErrTaken, d.path, st.Uid)
	}
	if uint32(st.Mode)&unix.S_ISVTX != 0 {
		return 0, fmt.Errorf("%w: %s is a shared directory", ErrUnsafePath, d.path)
	}
	return uint32(st.Mode) & permMask, nil
}

// lock takes the lock file name and holds it until the file is closed. The file stays behind: removing it would let
// two servers hold locks on two files of one name.
func (d *privateDir) lock(name string) (*os.File, error) {
	flags := unix.O_RDWR | unix.O_CREAT | unix.O_NOFOLLOW | unix.O_NONBLOCK | unix.O_CLOEXEC
	fd, err := unix.Openat(d.fd, name, flags, socketMode)
	if st, statErr := d.stat(name); statErr == nil && !ours(st) {
		if err == nil {
			_ = unix.Close(fd)
		}
		return nil, fmt.Errorf("%w: %w: lock %s", ErrUnsafePath, ErrTaken, name)
	}
	if err != nil {
		return nil, fmt.Errorf("open lock %s: %w", name, err)
	}
	f := os.NewFile(uintptr(fd), filepath.Join(d.path, name))
	if err := unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, lockError(name, err)
	}
	return f, nil
}

func lockError(name string, err error) error {
	if errors.Is(err, unix.EWOULDBLOCK) {
		return ErrInUse
	}
	return fmt.Errorf("take lock %s: %w", name, err)
}

// bind creates the socket at path, which lies in d. The caller holds the lock.
func (d *privateDir) bind(path string) (*net.UnixListener, error) {
	if err := d.clear(path); err != nil {
		return nil, err
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if errors.Is(err, unix.EADDRINUSE) {
		return nil, ErrInUse
	}
	if err != nil {
		return nil, err
	}
	if err := d.restrict(filepath.Base(path)); err != nil {
		_ = l.Close()
		return nil, err
	}
	return l, nil
}

// clear removes the socket that a crashed server of this user left at path.
func (d *privateDir) clear(path string) error {
	name := filepath.Base(path)
	st, err := d.stat(name)
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	if err != nil {
		return err
	}
	if !ours(st) {
		return fmt.Errorf("%w: %w: %s belongs to user %d", ErrUnsafePath, ErrTaken, path, st.Uid)
	}
	if !isSocket(st) {
		return fmt.Errorf("%w: %s is not a socket", ErrUnsafePath, path)
	}
	if answers(path) {
		return ErrInUse
	}
	if err := unix.Unlinkat(d.fd, name, 0); err != nil {
		return fmt.Errorf("remove stale socket: %w", err)
	}
	return nil
}

// restrict sets the socket's mode and proves it: it must be there, in this very directory.
func (d *privateDir) restrict(name string) error {
	if err := unix.Fchmodat(d.fd, name, socketMode, 0); err != nil {
		return fmt.Errorf("%w: set mode of socket: %w", ErrUnsafePath, err)
	}
	st, err := d.stat(name)
	if err != nil {
		return err
	}
	if mode := uint32(st.Mode) & permMask; !isSocket(st) || !ours(st) || mode != socketMode {
		return fmt.Errorf("%w: socket has mode %o and user %d", ErrUnsafePath, mode, st.Uid)
	}
	return nil
}

func (d *privateDir) stat(name string) (unix.Stat_t, error) {
	var st unix.Stat_t
	if err := unix.Fstatat(d.fd, name, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return st, fmt.Errorf("examine %s: %w", name, err)
	}
	return st, nil
}

// answers reports whether anyone may be listening at path. Only a plain "nobody" counts as nobody.
func answers(path string) bool {
	c, err := net.Dial("unix", path)
	if err == nil {
		_ = c.Close()
		return true
	}
	return !errors.Is(err, unix.ECONNREFUSED) && !errors.Is(err, unix.ENOENT)
}

// taken reports whether another user's file, link or directory lies at path.
func taken(path string) bool {
	var st unix.Stat_t
	return unix.Lstat(path, &st) == nil && !ours(st)
}

func isSocket(st unix.Stat_t) bool { return uint32(st.Mode)&unix.S_IFMT == unix.S_IFSOCK }

func ours(st unix.Stat_t) bool { return int(st.Uid) == os.Geteuid() }
