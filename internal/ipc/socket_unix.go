//go:build linux || darwin

package ipc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// maxPath leaves room for the zero byte that ends a socket address: 107 bytes on Linux, 103 on macOS.
const maxPath = len(unix.RawSockaddrUnix{}.Path) - 1

func currentUser() (string, error) {
	return strconv.Itoa(os.Geteuid()), nil
}

func defaultPath(runtimeDir string) (string, error) {
	path := filepath.Join(runtimeDir, "keyshift", "agent.sock")
	return path, checkPath(path)
}

// checkPath refuses relative paths and with them Linux's abstract names ("@name"), which have no mode.
func checkPath(path string) error {
	if !filepath.IsAbs(path) {
		return fmt.Errorf("%w: %q is not absolute", ErrUnsafePath, path)
	}
	if filepath.Dir(path) == "/" {
		return fmt.Errorf("%w: %s is not in a directory of its own", ErrUnsafePath, path)
	}
	if len(path) > maxPath {
		return fmt.Errorf("%w: %d bytes, at most %d", ErrPathTooLong, len(path), maxPath)
	}
	return nil
}

func dial(ctx context.Context, path string) (net.Conn, error) {
	c, err := new(net.Dialer).DialContext(ctx, "unix", path)
	if errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.ECONNREFUSED) {
		return nil, ErrNotRunning
	}
	return c, err
}

func clientOf(c net.Conn) (Peer, error) { return peerOf(c) }
func serverOf(c net.Conn) (Peer, error) { return peerOf(c) }

// peerOf asks the kernel who holds the other end of c.
func peerOf(c net.Conn) (Peer, error) {
	sock, ok := c.(syscall.Conn)
	if !ok {
		return Peer{}, fmt.Errorf("identify peer: %T is no socket", c)
	}
	raw, err := sock.SyscallConn()
	if err != nil {
		return Peer{}, fmt.Errorf("identify peer: %w", err)
	}
	var peer Peer
	var credErr error
	if err := raw.Control(func(fd uintptr) { peer, credErr = peerCred(int(fd)) }); err != nil {
		return Peer{}, fmt.Errorf("identify peer: %w", err)
	}
	if credErr != nil {
		return Peer{}, fmt.Errorf("identify peer: %w", credErr)
	}
	return peer, nil
}

// listen opens the socket inside a directory that is private first, so that there is no moment, whatever the umask,
// in which another user could reach it.
func listen(path string) (net.Listener, error) {
	dir, err := openDir(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	defer dir.close()
	lock, err := dir.lock(filepath.Base(path) + ".lock")
	if err != nil {
		return nil, err
	}
	sock, err := dir.bind(path)
	if err != nil {
		_ = lock.Close()
		return nil, err
	}
	return &lockedListener{UnixListener: sock, lock: lock}, nil
}

// lockedListener holds the lock of its path as long as the socket is open.
type lockedListener struct {
	*net.UnixListener
	lock *os.File
	once sync.Once
}

func (l *lockedListener) Close() error {
	err := l.UnixListener.Close()
	l.once.Do(func() { _ = l.lock.Close() })
	return err
}
