package badnet

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"
)

// echo is a server that gives back what it gets.
func echo(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				_, _ = io.Copy(c, c)
				_ = c.Close()
			}()
		}
	}()
	return listener.Addr().String()
}

func dial(t *testing.T, w *Wire) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", w.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c.(*net.TCPConn)
}

func say(t *testing.T, c net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
}

// hear reads until n bytes are there or nothing came for a while.
func hear(t *testing.T, c net.Conn, n int, patience time.Duration) (string, error) {
	t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, n)
	read, err := io.ReadFull(c, got)
	return string(got[:read]), err
}

const (
	long  = 20 * time.Second
	short = 200 * time.Millisecond
)

func TestFaults(t *testing.T) {
	for _, tt := range []struct {
		name    string
		fault   Fault
		want    string
		ended   bool // the connection is broken afterwards
		atLeast time.Duration
	}{
		{name: "none", want: "hello"},
		{name: "a delay, both ways", fault: Fault{Delay: 60 * time.Millisecond}, want: "hello", atLeast: 120 * time.Millisecond},
		{name: "a cut", fault: Fault{Cut: 3}, want: "hel", ended: true},
		{name: "a changed byte", fault: Fault{Flip: 2}, want: "hdllo"},
		{name: "a drip", fault: Fault{Drip: 10 * time.Millisecond}, want: "hello", atLeast: 40 * time.Millisecond},
		{name: "enough to pass on", fault: Fault{Hold: 5}, want: "hello"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := NewWire(t, echo(t))
			w.Set(tt.fault)
			c, start := dial(t, w), time.Now()
			say(t, c, "hello")
			got, _ := hear(t, c, len(tt.want), long)
			if got != tt.want || time.Since(start) < tt.atLeast {
				t.Errorf("got %q after %v, want %q after %v", got, time.Since(start), tt.want, tt.atLeast)
			}
			if _, err := hear(t, c, 1, short); errors.Is(err, os.ErrDeadlineExceeded) == tt.ended {
				t.Errorf("afterwards: %v, want an end: %v", err, tt.ended)
			}
		})
	}
}

func TestWhatIsHeldComesWithTheEnd(t *testing.T) {
	w := NewWire(t, echo(t))
	w.Set(Fault{Hold: 64 << 10})
	c := dial(t, w)
	say(t, c, "hello")
	if got, err := hear(t, c, 1, short); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %q, %v, want nothing yet", got, err)
	}
	if err := c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if got, err := hear(t, c, 5, long); got != "hello" {
		t.Errorf("got %q, %v, want hello", got, err)
	}
}

func TestAHalfOpenConnectionLooksAlive(t *testing.T) {
	w := NewWire(t, echo(t))
	old := dial(t, w)
	say(t, old, "a")
	if got, _ := hear(t, old, 1, long); got != "a" {
		t.Fatalf("got %q, want a", got)
	}
	w.Silence()
	say(t, old, "b")
	if got, err := hear(t, old, 1, short); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("old connection: %q, %v, want nothing", got, err)
	}
	fresh := dial(t, w)
	say(t, fresh, "c")
	if got, err := hear(t, fresh, 1, long); got != "c" {
		t.Errorf("new connection: %q, %v, want c", got, err)
	}
	w.Set(Fault{Mute: true})
	say(t, fresh, "d")
	if got, err := hear(t, fresh, 1, short); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("muted: %q, %v, want nothing", got, err)
	}
	w.Break()
	if _, err := hear(t, fresh, 1, long); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("broken: %v, want an end", err)
	}
}

func TestMuchPassesUnchanged(t *testing.T) {
	w := NewWire(t, echo(t))
	c := dial(t, w)
	want := bytes.Repeat([]byte("0123456789abcdef"), 64<<10)
	go func() {
		_, _ = c.Write(want)
		_ = c.CloseWrite()
	}()
	if err := c.SetReadDeadline(time.Now().Add(long)); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(c); err != nil || !bytes.Equal(got, want) {
		t.Errorf("got %d bytes, %v, want %d", len(got), err, len(want))
	}
}
