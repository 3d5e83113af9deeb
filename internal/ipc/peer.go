package ipc

import (
	"context"
	"fmt"
	"net"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// Peer is the process at the other end of a connection, as the kernel knows it. The zero Peer is unknown.
type Peer struct {
	// OSUser is the user: the decimal effective uid on Linux and macOS, the SID as "S-1-5-…" on Windows.
	// It was taken when the peer connected (or, for a server, began to listen).
	OSUser string
	// PID is its process id, zero if unknown. It is for logs: it may have been reused since, and proves nothing.
	PID int
}

// String names the peer for a log: "user 1000, process 4711".
func (p Peer) String() string {
	if p.OSUser == "" {
		return "unknown user"
	}
	return fmt.Sprintf("user %s, process %d", p.OSUser, p.PID)
}

// Kind tells what kind of user it is, without saying who.
func (p Peer) Kind() keyshift.CallerKind {
	if p.OSUser == "" {
		return keyshift.CallerUnknown
	}
	return kindOf(p.OSUser)
}

// is reports whether the peer is known and runs as osUser.
func (p Peer) is(osUser string) bool {
	return p.OSUser != "" && p.OSUser == osUser
}

// PeerOf tells who is at the other end of a connection made by a [Listener] or [Dial].
// It reports false for any other connection, wrapped ones included.
func PeerOf(c net.Conn) (Peer, bool) {
	known, ok := c.(*conn)
	if !ok {
		return Peer{}, false
	}
	return known.peer, true
}

// ConnContext puts the peer of c into the context of its requests. Set it as the ConnContext of an http.Server
// that serves a [Listener].
func ConnContext(ctx context.Context, c net.Conn) context.Context {
	peer, ok := PeerOf(c)
	if !ok {
		return ctx
	}
	return context.WithValue(ctx, peerKey{}, peer)
}

// PeerFrom finds the peer that [ConnContext] put into ctx. It reports false if there is none: refuse the request then.
func PeerFrom(ctx context.Context) (Peer, bool) {
	peer, ok := ctx.Value(peerKey{}).(Peer)
	return peer, ok
}

type peerKey struct{}

// conn is a connection whose other end is known to be the same user.
type conn struct {
	net.Conn
	peer Peer
}
