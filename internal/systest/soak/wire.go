package soak

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hubclient"
)

// wire is the network of one computer. Its zero value, with a way to find the hub, works.
type wire struct {
	// hubs gives the addresses of the replicas that a load balancer would choose from.
	hubs func() []string

	mu    sync.Mutex
	conns map[*conn]bool
	// healed is closed when a black hole ends; nil while there is none.
	healed chan struct{}
	// dials are when connections were made, while somebody counts.
	dials    []time.Time
	counting bool
}

var errNoHub = errors.New("no replica runs")

// client makes the HTTP client of an agent: the real one, over this wire.
func (w *wire) client(target hubclient.Target) *http.Client {
	c := hubclient.NewHTTPClient(target)
	transport, _ := c.Transport.(*http.Transport)
	transport.Proxy, transport.DialContext = nil, w.dial
	return c
}

func (w *wire) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	if err := w.pass(ctx.Done()); err != nil {
		return nil, ctx.Err()
	}
	hubs := w.hubs()
	if len(hubs) == 0 {
		return nil, errNoHub
	}
	var d net.Dialer
	under, err := d.DialContext(ctx, network, hubs[rand.N(len(hubs))]) //nolint:gosec // a load balancer needs no secret
	if err != nil {
		return nil, err
	}
	c := &conn{Conn: under, wire: w, closed: make(chan struct{})}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.conns == nil {
		w.conns = map[*conn]bool{}
	}
	w.conns[c] = true
	if w.counting {
		w.dials = append(w.dials, time.Now())
	}
	return c, nil
}

// blackHole lets nothing through until heal: what was sent is not lost, it just does not arrive.
func (w *wire) blackHole() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.healed == nil {
		w.healed = make(chan struct{})
	}
}

func (w *wire) heal() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.healed != nil {
		close(w.healed)
		w.healed = nil
	}
}

// countDials begins to count connections.
func (w *wire) countDials() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dials, w.counting = nil, true
}

// dialTimes gives when connections were made since then.
func (w *wire) dialTimes() []time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.dials)
}

// firstDial gives the first of them, zero if there is none.
func (w *wire) firstDial() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.dials) == 0 {
		return time.Time{}
	}
	return w.dials[0]
}

// cut ends every connection at once, also one whose answer is on its way.
func (w *wire) cut() {
	w.mu.Lock()
	open := w.conns
	w.conns = nil
	w.mu.Unlock()
	for c := range open {
		_ = c.Close() // what it was doing fails; that is the point
	}
}

// pass waits while there is a black hole.
func (w *wire) pass(gone <-chan struct{}) error {
	for {
		w.mu.Lock()
		healed := w.healed
		w.mu.Unlock()
		if healed == nil {
			return nil
		}
		select {
		case <-healed:
		case <-gone:
			return net.ErrClosed
		}
	}
}

// conn is a connection over a wire.
type conn struct {
	net.Conn
	wire   *wire
	once   sync.Once
	closed chan struct{}
}

// Read implements [net.Conn].
func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if held := c.wire.pass(c.closed); held != nil {
		return 0, held
	}
	return n, err
}

// Write implements [net.Conn].
func (c *conn) Write(p []byte) (int, error) {
	if err := c.wire.pass(c.closed); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}

// Close implements [net.Conn].
func (c *conn) Close() error {
	c.once.Do(func() { close(c.closed) })
	c.wire.mu.Lock()
	delete(c.wire.conns, c)
	c.wire.mu.Unlock()
	return c.Conn.Close()
}
