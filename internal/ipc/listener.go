package ipc

import (
	"fmt"
	"net"
	"sync/atomic"
)

// ListenConfig holds the options of listening. The zero value is ready for use.
type ListenConfig struct {
	// OnRefused is told of each connection that Accept closed, if it is not nil. The peer is zero when
	// the kernel did not say who it was. It runs inside Accept, which goes on when it returns: do not block.
	OnRefused func(Peer)
}

// Listen listens at path, which must be absolute (on Windows: begin with \\.\pipe\), and serves the current user only.
//
// On Linux and macOS it creates the directory of path (not its parents) with mode 0700, or mends the mode of one that
// the user owns, and removes the socket of a crashed server. So give the socket a directory of its own. Errors are [ErrInUse] if a server of this user
// runs there, [ErrForeignServer] if another user took the pipe's name first, [ErrUnsafePath] if the directory or
// what lies at path is a symbolic link, another user's, or cannot be made private, and [ErrPathTooLong].
// It never falls back to a channel that is open to others.
func (c ListenConfig) Listen(path string) (*Listener, error) {
	self, err := currentUser()
	if err != nil {
		return nil, fmt.Errorf("listen at %s: %w", path, err)
	}
	return c.listenAs(path, self)
}

func (c ListenConfig) listenAs(path, osUser string) (*Listener, error) {
	if err := checkPath(path); err != nil {
		return nil, fmt.Errorf("listen at %s: %w", path, err)
	}
	raw, err := listen(path)
	if err != nil {
		return nil, fmt.Errorf("listen at %s: %w", path, err)
	}
	return &Listener{raw: raw, osUser: osUser, onRefused: c.OnRefused}, nil
}

// Listener accepts connections of one user. It is a net.Listener, safe for concurrent use.
type Listener struct {
	raw       net.Listener
	osUser    string
	onRefused func(Peer)
	refused   atomic.Uint64
}

// Accept waits for the next connection of our user. It closes those of others unread, counts and reports them,
// and goes on waiting. After [Listener.Close] the error is net.ErrClosed.
func (l *Listener) Accept() (net.Conn, error) {
	for {
		raw, err := l.raw.Accept()
		if err != nil {
			return nil, err
		}
		client, err := clientOf(raw)
		if err == nil && client.is(l.osUser) {
			return &conn{Conn: raw, peer: client}, nil
		}
		l.refuse(raw, client)
	}
}

// Refused is the number of connections that Accept has closed since Listen.
func (l *Listener) Refused() uint64 { return l.refused.Load() }

// Addr is the path.
func (l *Listener) Addr() net.Addr { return l.raw.Addr() }

// Close stops listening, removes the socket and gives the path free. Connections already accepted live on.
func (l *Listener) Close() error { return l.raw.Close() }

// refuse counts first, so that whoever has seen its connection closed is in the count.
func (l *Listener) refuse(raw net.Conn, p Peer) {
	l.refused.Add(1)
	_ = raw.Close()
	if l.onRefused != nil {
		l.onRefused(p)
	}
}
