package sessionbus

import (
	"context"
	"errors"
	"io"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/osring/osringtest"
)

// patience bounds what takes the limit, or less.
const patience = 30 * time.Second

func TestJoin(t *testing.T) {
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", osringtest.StartSession(t).Address)
	conn, err := Join(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if len(conn.Names()) == 0 {
		t.Error("the bus gave no name")
	}
}

// TestABusThatSaysNothing is left, with its connection.
func TestABusThatSaysNothing(t *testing.T) {
	for name, says := range map[string]string{"silent": "", "refuses": "REJECTED\r\n", "stops in the middle": "REJECTED EXTERNAL\r\nOK 0123456789abcdef0123456789abcdef\r\n"} {
		t.Run(name, func(t *testing.T) {
			left := serve(t, says)
			if conn, err := join(t.Context(), 100*time.Millisecond); err == nil {
				_ = conn.Close()
				t.Fatal("there is a connection")
			}
			select {
			case <-left:
			case <-time.After(patience):
				t.Error("the connection stays")
			}
		})
	}
}

func TestWhoeverDoesNotWaitLeaves(t *testing.T) {
	serve(t, "")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Join(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that the caller left", err)
	}
}

// serve is a bus that says something to the first who comes and hears them out until they leave.
func serve(t *testing.T, says string) <-chan struct{} {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bus")
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+path)
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	left := make(chan struct{})
	go func() {
		defer close(left)
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		_, _ = io.WriteString(c, says)
		_, _ = io.Copy(io.Discard, c)
	}()
	return left
}
