package server

import (
	"crypto/tls"
	"errors"
	"runtime"
	"time"
)

// A TLS handshake costs about a thousand times what it costs to ask for one. A crowd that comes at once, or again and again,
// would leave no processor to those who are in: a revocation would wait behind all of them, at each of its steps. So
// only some handshakes are under way at a time, and the others wait in the order in which they came. Whoever has to be waited
// for gives the place back before.

// handshakesAtOnce leaves a quarter of the processors to others, but one is enough for handshakes.
func handshakesAtOnce() int { return max(runtime.GOMAXPROCS(0)*3/4, 1) }

// handshakeWithin is how long a handshake may wait for its turn. Nobody would be there any more afterwards.
const handshakeWithin = 8 * time.Second

var (
	errLate = errors.New("too many handshakes before this one")
	errLeft = errors.New("the connection was closed before its handshake")
)

// inTurn has every handshake with the configuration wait for its turn, if it came through a door.
func inTurn(config *tls.Config) *tls.Config {
	config.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		if g, ok := hello.Conn.(*guest); ok {
			return nil, g.takeTurn()
		}
		return nil, nil
	}
	return config
}

// takeTurn is called when what the client sent has arrived, before anything is computed.
func (g *guest) takeTurn() error {
	late := time.NewTimer(handshakeWithin)
	defer late.Stop()
	select {
	case g.handshakes <- struct{}{}:
		g.busy.Store(true)
	case <-late.C:
		return errLate
	}
	if g.closed.Load() {
		g.rest()
		return errLeft
	}
	return nil
}

// rest gives the place back.
func (g *guest) rest() {
	if g.busy.CompareAndSwap(true, false) {
		<-g.handshakes
	}
}

// Write implements [net.Conn]. What is written first in a handshake is the answer that it took all the computing for; then the
// client has to be waited for.
func (g *guest) Write(b []byte) (int, error) {
	g.rest()
	return g.Conn.Write(b)
}
