package server

import (
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// hall is a server with TLS behind a door with one place for handshakes.
type hall struct {
	*door
	t      *testing.T
	config *tls.Config
}

func newHall(t *testing.T) *hall {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	config, err := serverTLS(freshCertificate(t), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	h := &hall{door: newDoor(l, 100, slog.New(slog.DiscardHandler)), t: t, config: config}
	h.handshakes.free = 1
	go h.serve()
	return h
}

// serve shakes hands with everybody and says a word.
func (h *hall) serve() {
	for {
		conn, err := h.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			_, _ = io.WriteString(tls.Server(conn, h.config), "!")
			_, _ = io.Copy(io.Discard, conn)
		}()
	}
}

// visit shakes hands with the hall and waits for its word.
func (h *hall) visit() <-chan error {
	done := make(chan error, 1)
	go func() {
		conn, err := tls.Dial("tcp", h.Addr().String(), &tls.Config{InsecureSkipVerify: true}) // #nosec G402 -- it is our own
		if err == nil {
			_, err = io.ReadFull(conn, make([]byte, 1))
			_ = conn.Close()
		}
		done <- err
	}()
	return done
}

// stall sends the beginning of a handshake and then does nothing, until the test ends.
func (h *hall) stall() {
	h.t.Helper()
	conn, err := net.Dial("tcp", h.Addr().String())
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = conn.Close() })
	_ = tls.Client(onlyHello{conn}, &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12}).Handshake() // #nosec G402 -- see above
}

// onlyHello lets the first message out and nothing in.
type onlyHello struct{ net.Conn }

// Read implements [net.Conn].
func (onlyHello) Read([]byte) (int, error) { return 0, errors.New("it does not listen") }

// Close implements [net.Conn].
func (onlyHello) Close() error { return nil }

// settle waits for an answer, long enough for a busy machine.
func settle(t *testing.T, what string, done <-chan error) error {
	t.Helper()
	select {
	case err := <-done:
		return err
	case <-time.After(time.Minute):
		t.Fatalf("%s: nothing happened for a minute", what)
		return nil
	}
}

func TestHandshakesTakeTurns(t *testing.T) {
	h := newHall(t)
	if !h.handshakes.take(time.Minute) { // somebody's handshake is under way
		t.Fatal("there was no place")
	}
	waiting := []<-chan error{h.visit(), h.visit(), h.visit()}
	for _, done := range waiting {
		select {
		case err := <-done:
			t.Fatalf("somebody did not wait: %v", err)
		case <-time.After(100 * time.Millisecond): // on a slow machine it proves less
		}
	}
	h.handshakes.leave()
	for _, done := range waiting {
		if err := settle(t, "a handshake in its turn", done); err != nil {
			t.Errorf("in turn: %v", err)
		}
	}
}

// Who came last is served first, and who waited too long leaves no trace.
func TestTheLastToComeHasTheNextTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var places turns
		order := make(chan string, 3)
		for _, name := range []string{"first", "second", "third"} {
			go func() {
				if !places.take(time.Second) {
					name += " gave up"
				}
				order <- name
			}()
			synctest.Wait()
		}
		for _, want := range []string{"third", "second"} {
			places.leave()
			if got := <-order; got != want {
				t.Errorf("%s has the turn, want %s", got, want)
			}
		}
		if got := <-order; got != "first gave up" {
			t.Errorf("%s, want the first to give up after a second", got)
		}
		places.leave()
		if places.free != 1 || len(places.waiting) != 0 {
			t.Errorf("%d places are free and %d wait, want 1 and nobody", places.free, len(places.waiting))
		}
	})
}

// Those who begin a handshake and do not go on keep nobody waiting.
func TestWhoStallsInAHandshakeHasNoPlace(t *testing.T) {
	h := newHall(t)
	for range 5 {
		h.stall()
	}
	if err := settle(t, "a handshake beside stalled ones", h.visit()); err != nil {
		t.Error(err)
	}
}

func TestWhoLeftBeforeTheTurnHasNoPlace(t *testing.T) {
	near, far := net.Pipe()
	defer far.Close()
	g := &guest{Conn: near, leave: func() {}, handshakes: &turns{free: 1}}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	if err := g.takeTurn(); !errors.Is(err, errLeft) {
		t.Errorf("after it left: %v", err)
	}
	if g.handshakes.free != 1 {
		t.Error("a place is taken by nobody")
	}
}
