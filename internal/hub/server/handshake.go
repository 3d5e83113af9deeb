package server

import (
	"crypto/tls"
	"errors"
	"runtime"
	"slices"
	"sync"
	"time"
)

// A TLS handshake costs about a thousand times what it costs to ask for one. A crowd that comes at once, or again and again,
// would leave no processor to those who are in: a revocation would wait behind all of them, at each of its steps. So
// only some handshakes are under way at a time. Whoever has to be waited for gives the place back before.

// handshakesAtOnce leaves a quarter of the processors to others, but one is enough for handshakes.
func handshakesAtOnce() int { return max(runtime.GOMAXPROCS(0)*3/4, 1) }

// handshakeWithin is how long a handshake may wait for its turn. Nobody would be there any more afterwards.
const handshakeWithin = 8 * time.Second

var (
	errLate = errors.New("too many handshakes before this one")
	errLeft = errors.New("the connection was closed before its handshake")
)

// turns are the places of a door's handshakes. Of those who wait the last one is the next: when more come than can be served,
// somebody who has waited for long is about to give up, and serving them would help nobody.
type turns struct {
	mu      sync.Mutex
	free    int
	waiting []chan struct{}
}

// take waits for a place, and reports false when there was none in time.
func (t *turns) take(within time.Duration) bool {
	t.mu.Lock()
	if t.free > 0 {
		t.free--
		t.mu.Unlock()
		return true
	}
	turn := make(chan struct{})
	t.waiting = append(t.waiting, turn)
	t.mu.Unlock()
	late := time.NewTimer(within)
	defer late.Stop()
	select {
	case <-turn:
		return true
	case <-late.C:
		return !t.giveUp(turn)
	}
}

// giveUp reports whether there was no place until now.
func (t *turns) giveUp(turn chan struct{}) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	at := slices.Index(t.waiting, turn)
	if at >= 0 {
		t.waiting = slices.Delete(t.waiting, at, at+1)
	}
	return at >= 0
}

// leave gives a place back, or to who came last.
func (t *turns) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	last := len(t.waiting) - 1
	if last < 0 {
		t.free++
		return
	}
	close(t.waiting[last])
	t.waiting = t.waiting[:last]
}

// inTurn has every handshake wait for its turn, if it came through a door, before then chooses how it goes on.
func inTurn(then func(*tls.ClientHelloInfo) (*tls.Config, error)) func(*tls.ClientHelloInfo) (*tls.Config, error) {
	return func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		if g, ok := hello.Conn.(*guest); ok {
			if err := g.takeTurn(); err != nil {
				return nil, err
			}
		}
		return then(hello)
	}
}

// takeTurn is called when what the client sent has arrived, before anything is computed.
func (g *guest) takeTurn() error {
	if !g.handshakes.take(handshakeWithin) {
		return errLate
	}
	g.busy.Store(true)
	if g.closed.Load() {
		g.rest()
		return errLeft
	}
	return nil
}

// rest gives the place back.
func (g *guest) rest() {
	if g.busy.CompareAndSwap(true, false) {
		g.handshakes.leave()
	}
}

// Write implements [net.Conn]. What is written first in a handshake is the answer that it took all the computing for; then the
// client has to be waited for.
func (g *guest) Write(b []byte) (int, error) {
	g.rest()
	return g.Conn.Write(b)
}
