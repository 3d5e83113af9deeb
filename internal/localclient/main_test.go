//go:build linux || darwin

package localclient

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/keyshift-hq/keyshift/internal/ipc"
)

// longTime is far more than any local exchange needs: it turns a hang into a failure.
const longTime = 20 * time.Second

// TestMain lets the test binary be the program of another user that took the agent's place.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "squat" {
		squat(os.Args[2])
		return
	}
	goleak.VerifyTestMain(m)
}

// socket is a free path, short enough for a socket.
func socket(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "ks")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return filepath.Join(dir, "run", "agent.sock")
}

// serve plays the agent with a handler until the test ends or the returned function is called.
func serve(t *testing.T, path string, h http.Handler) (end func()) {
	t.Helper()
	l, err := ipc.Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: h, ConnContext: ipc.ConnContext}
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	end = sync.OnceFunc(func() {
		if err := errors.Join(server.Close(), <-done); !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	t.Cleanup(end)
	return end
}

// construct is how tests make a client.
var construct = New

func client(t *testing.T, path string) *Client {
	t.Helper()
	c := construct(path)
	t.Cleanup(c.Close)
	return c
}

func limited(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), longTime)
	t.Cleanup(cancel)
	return ctx
}

// squat answers everybody at path until its standard input ends.
func squat(path string) {
	l, err := net.Listen("unix", path)
	if err != nil {
		return
	}
	_ = os.Chmod(path, 0o777)
	_, _ = os.Stdout.WriteString("ready\n")
	go func() {
		_ = http.Serve(l, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { _, _ = os.Stdout.WriteString("heard something\n") }))
	}()
	_, _ = os.Stdin.Read(make([]byte, 1))
}
