package localapitest

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/agent/localapi"
	"github.com/keyshift-hq/keyshift/internal/ipc"
)

// stopLimit is far more than a local server needs to stop.
const stopLimit = 20 * time.Second

// Serve serves the agent at a socket of its own until the test ends, logging at debug level to log if it is not nil,
// and returns the socket's path. Stop is passed to localapi.New.
func Serve(t testing.TB, a localapi.Agent, log io.Writer, stop func()) string {
	t.Helper()
	path := Socket(t)
	_ = ServeAt(t, path, a, log, stop)
	return path
}

// ServeAt is [Serve] at a path, and returns how to stop earlier.
func ServeAt(t testing.TB, path string, a localapi.Agent, log io.Writer, stop func()) (end func()) {
	t.Helper()
	if log == nil {
		log = io.Discard
	}
	server, err := localapi.New(a, slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})), stop)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := ipc.Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	end = sync.OnceFunc(func() {
		ctx, cancel := context.WithTimeout(context.Background(), stopLimit)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(end)
	return end
}

// Handler is what [Serve] serves, without a connection under it: every caller is unknown.
func Handler(t testing.TB, a localapi.Agent) http.Handler {
	t.Helper()
	server, err := localapi.New(a, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		t.Fatal(err)
	}
	return server.Handler()
}

// Socket is a free path, short enough for a socket.
func Socket(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "ks")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return filepath.Join(dir, "run", "agent.sock")
}
