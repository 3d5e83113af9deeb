// Package ipc connects the programs of one user on one device, and tells each who is at the other end.
//
// The agent listens, tray, command line and native host dial. On Linux and macOS the channel is a Unix socket
// (mode 0600) in a directory of the user (mode 0700); on Windows it is a named pipe whose access control list
// names the user and SYSTEM. Nothing here ever opens a TCP port.
//
// File modes and lists keep other users out, but one chmod by mistake undoes them. So both ends also ask the
// kernel who the other is: SO_PEERCRED on Linux, LOCAL_PEERCRED on macOS, the client's token and the pipe's
// owner on Windows. The rules are few:
//
//   - A [Listener] closes the connection of another user before a byte of it is read. Accept never returns it.
//   - [Dial] closes the connection to another user's server before a byte is written: [ErrForeignServer].
//   - An identity that cannot be read counts as another user's.
//   - Only the user decides. A process id can be reused and on Windows forged: it is for logs.
//   - root and SYSTEM are other users, too. They can do as they please elsewhere, but not by accident here.
//
// A program of the same user is not a stranger to this package.
//
// A server also owns its name. It holds a lock beside the socket while it runs, so two servers that start together
// end as one server and one [ErrInUse]; and a socket left by a crash is removed only if it is the user's own and
// nobody answers.
//
// Serve HTTP with [ConnContext], and a handler finds its caller by [PeerFrom].
package ipc

import (
	"context"
	"errors"
	"fmt"
	"net"
)

var (
	// ErrInUse says that a live server of this user has the path.
	ErrInUse = errors.New("another server is running")
	// ErrNotRunning says that nobody listens at the path.
	ErrNotRunning = errors.New("server is not running")
	// ErrForeignServer says that the server belongs to another user, or that the kernel would not say whose it is.
	ErrForeignServer = errors.New("server belongs to another user")
	// ErrUnsafePath says that the path cannot be made private: the directory or what lies at the path
	// is not the user's own, or is not of the right kind.
	ErrUnsafePath = errors.New("path is not private")
	// ErrTaken goes along with ErrUnsafePath when the directory, or what lies at the path, belongs to another user.
	ErrTaken = errors.New("the place is another user's")
	// ErrPathTooLong says that the path does not fit into a socket address of this platform.
	ErrPathTooLong = errors.New("socket path is too long")
)

// Listen is [ListenConfig.Listen] without options.
func Listen(path string) (*Listener, error) {
	return ListenConfig{}.Listen(path)
}

// Dial connects to the server of the current user at path. The connection it returns is safe to write secrets to:
// the server's user has been compared with ours, and [PeerOf] tells it.
//
// Errors are [ErrNotRunning] if nobody listens, [ErrForeignServer] if someone else does. On Windows Dial waits for
// a free instance of the pipe until ctx ends, so give ctx a deadline.
func Dial(ctx context.Context, path string) (net.Conn, error) {
	self, err := currentUser()
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", path, err)
	}
	return dialAs(ctx, path, self)
}

// DefaultPath is where the agent of the current user listens.
//
// On Linux and macOS it is keyshift/agent.sock below runtimeDir, which must be absolute and belong to the user:
// $XDG_RUNTIME_DIR on Linux; on macOS "~/Library/Application Support" (os.UserConfigDir), because the system sweeps
// $TMPDIR of files that nobody has opened for three days. Windows has no directory for pipes: runtimeDir is ignored
// and the name carries the user's SID.
func DefaultPath(runtimeDir string) (string, error) {
	path, err := defaultPath(runtimeDir)
	if err != nil {
		return "", fmt.Errorf("find agent socket: %w", err)
	}
	return path, nil
}

func dialAs(ctx context.Context, path, osUser string) (net.Conn, error) {
	if err := checkPath(path); err != nil {
		return nil, fmt.Errorf("dial %s: %w", path, err)
	}
	raw, err := dial(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", path, err)
	}
	server, err := serverOf(raw)
	if err := foreign(server, osUser, err); err != nil {
		_ = raw.Close()
		return nil, fmt.Errorf("dial %s: %w", path, err)
	}
	return &conn{Conn: raw, peer: server}, nil
}

// foreign turns anything but a known server of osUser into ErrForeignServer.
func foreign(server Peer, osUser string, err error) error {
	if err != nil {
		return fmt.Errorf("%w: %w", ErrForeignServer, err)
	}
	if !server.is(osUser) {
		return fmt.Errorf("%w: %s", ErrForeignServer, server)
	}
	return nil
}
