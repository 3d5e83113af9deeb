// Package badnet is a bad network for tests: a [Wire] carries TCP connections as badly as it is told to, an [Inspector] opens
// TLS as a company's proxy does, and a [Tunnel] is the HTTP proxy at the end of which there is TLS untouched.
//
// All of them listen on 127.0.0.1 and end with their test. Faults hold from the moment they are set, for open
// connections too.
package badnet

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Fault is what a Wire does. The zero value carries everything.
type Fault struct {
	// Delay holds every piece back, both ways.
	Delay time.Duration
	// Mute takes everything and passes nothing on, not even that a connection ends.
	Mute bool
	// What follows is done to answers only. Cut breaks a connection after so many bytes, Flip changes the byte of that
	// number, counted from 1.
	Cut, Flip int64
	// Hold keeps an answer until there are so many bytes or the connection ends.
	Hold int
	// Drip passes single bytes on, with this pause between them.
	Drip time.Duration
}

// Wire is a TCP proxy in front of one server.
type Wire struct {
	listener net.Listener
	target   string
	fault    atomic.Pointer[Fault]
	ended    chan struct{}
	busy     sync.WaitGroup

	mu    sync.Mutex
	links map[*link]bool
}

// NewWire carries connections to a host and port until the test ends.
func NewWire(t testing.TB, target string) *Wire {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	w := &Wire{listener: listener, target: target, ended: make(chan struct{}), links: map[*link]bool{}}
	w.Set(Fault{})
	w.busy.Go(w.accept)
	t.Cleanup(w.end)
	return w
}

// Addr is where to connect instead of the target.
func (w *Wire) Addr() string { return w.listener.Addr().String() }

// Set changes what the wire does.
func (w *Wire) Set(f Fault) { w.fault.Store(&f) }

// Silence lets nothing more through on the connections that are open now: for both sides they look alive.
func (w *Wire) Silence() {
	w.each(func(l *link) { l.silent.Store(true) })
}

// Break resets the connections that are open now.
func (w *Wire) Break() { w.each((*link).reset) }

func (w *Wire) each(do func(*link)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for l := range w.links {
		do(l)
	}
}

func (w *Wire) end() {
	close(w.ended)
	_ = w.listener.Close()
	w.Break()
	w.busy.Wait()
}

func (w *Wire) accept() {
	for {
		client, err := w.listener.Accept()
		if err != nil {
			return
		}
		w.busy.Go(func() { w.carry(client) })
	}
}

// link is one connection through the wire.
type link struct {
	client, server net.Conn
	silent         atomic.Bool
	passed         int64 // bytes of answers
	once           sync.Once
	over           chan struct{}
}

// reset breaks both connections, with what is under way on them.
func (l *link) reset() {
	for _, c := range []net.Conn{l.client, l.server} {
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
	}
	l.close()
}

func (l *link) close() {
	l.once.Do(func() {
		close(l.over)
		_ = errors.Join(l.client.Close(), l.server.Close())
	})
}

func (w *Wire) carry(client net.Conn) {
	server, err := net.DialTimeout("tcp", w.target, 5*time.Second)
	if err != nil {
		_ = client.Close()
		return
	}
	l := &link{client: client, server: server, over: make(chan struct{})}
	w.mu.Lock()
	w.links[l] = true
	w.mu.Unlock()
	select {
	case <-w.ended: // Break came before
		l.reset()
	default:
	}
	var both sync.WaitGroup
	both.Go(func() { w.pump(l, server, client, w.ask) })
	both.Go(func() { w.pump(l, client, server, w.answer) })
	both.Wait()
	l.close()
	w.mu.Lock()
	delete(w.links, l)
	w.mu.Unlock()
}

var errCut = errors.New("cut")

// pump passes pieces on until one side ends. held is what is kept back.
func (w *Wire) pump(l *link, to, from net.Conn, pass func(l *link, f Fault, to net.Conn, piece []byte) error) {
	var held []byte
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		f := *w.fault.Load()
		if f.Mute || l.silent.Load() {
			if err != nil {
				<-l.over // nobody is told
				return
			}
			continue
		}
		held = append(held, buffer[:n]...)
		if len(held) < f.Hold && err == nil && from == l.server {
			continue
		}
		if w.pass(l, f, to, held, pass) != nil {
			l.reset()
			return
		}
		held = held[:0]
		if err != nil {
			_ = to.(*net.TCPConn).CloseWrite()
			return
		}
	}
}

func (w *Wire) pass(l *link, f Fault, to net.Conn, piece []byte, how func(*link, Fault, net.Conn, []byte) error) error {
	if len(piece) == 0 {
		return nil
	}
	if !l.wait(f.Delay) {
		return errCut
	}
	return how(l, f, to, piece)
}

// wait reports whether the link is still there after d.
func (l *link) wait(d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-l.over:
		return false
	}
}

func (w *Wire) ask(_ *link, _ Fault, to net.Conn, piece []byte) error {
	_, err := to.Write(piece)
	return err
}

func (w *Wire) answer(l *link, f Fault, to net.Conn, piece []byte) error {
	if at := f.Flip - l.passed - 1; f.Flip > 0 && at >= 0 && at < int64(len(piece)) {
		piece[at] ^= 1
	}
	cut := f.Cut > 0 && l.passed+int64(len(piece)) >= f.Cut
	if cut {
		piece = piece[:max(0, f.Cut-l.passed)]
	}
	l.passed += int64(len(piece))
	if err := l.write(to, piece, f.Drip); err != nil || !cut {
		return err
	}
	return errCut
}

func (l *link) write(to net.Conn, piece []byte, drip time.Duration) error {
	if drip <= 0 {
		_, err := to.Write(piece)
		return err
	}
	for i := range piece {
		if _, err := to.Write(piece[i : i+1]); err != nil || !l.wait(drip) {
			return errors.Join(err, errCut)
		}
	}
	return nil
}
