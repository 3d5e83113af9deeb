package rpc

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub"
)

// pipe is a listener with one connection, so that time can be a test's.
type pipe struct {
	conn chan net.Conn
	done chan struct{}
}

func (p pipe) Accept() (net.Conn, error) {
	select {
	case c := <-p.conn:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p pipe) Close() error {
	close(p.done)
	return nil
}

func (p pipe) Addr() net.Addr { return &net.TCPAddr{} }

// serveOne serves one connection in a test's time and gives its client's end.
func serveOne(t *testing.T, handler http.HandlerFunc) net.Conn {
	t.Helper()
	client, server := net.Pipe()
	listener := pipe{make(chan net.Conn, 1), make(chan struct{})}
	listener.conn <- server
	s := &http.Server{Handler: handler, ReadHeaderTimeout: time.Second}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(listener) }()
	t.Cleanup(func() {
		if err := errors.Join(client.Close(), s.Close()); err != nil {
			t.Error(err)
		}
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return client
}

func TestABodyThatDripsIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		read := make(chan error, 1)
		client := serveOne(t, func(w http.ResponseWriter, r *http.Request) {
			limitReading(w)
			read <- (&proof{}).read(w, r)
		})
		start := time.Now()
		if _, err := io.WriteString(client, "POST / HTTP/1.1\r\nHost: hub\r\nContent-Length: 100\r\n\r\n{"); err != nil {
			t.Fatal(err)
		}
		if err := <-read; !errors.Is(err, errUnread) || time.Since(start) != bodyWithin {
			t.Errorf("after %v: %v, want the request refused after %v", time.Since(start), err, bodyWithin)
		}
	})
}

func TestAStreamOutlivesTheTimeForItsRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan error, 1)
		client := serveOne(t, func(w http.ResponseWriter, r *http.Request) {
			limitReading(w)
			if err := (&proof{}).read(w, r); err != nil {
				ended <- err
				return
			}
			select {
			case <-r.Context().Done():
				ended <- context.Cause(r.Context())
			case <-time.After(time.Hour):
				ended <- nil
			}
		})
		if _, err := io.WriteString(client, "POST / HTTP/1.1\r\nHost: hub\r\nContent-Length: 0\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		go func() { _, _ = io.Copy(io.Discard, client) }()
		if err := <-ended; err != nil {
			t.Errorf("the stream ended: %v", err)
		}
	})
}

func TestStrangersAreBrief(t *testing.T) {
	for _, tt := range []struct {
		kind hub.AccessKind
		want int64
	}{{hub.AnyoneAccess, maxStranger}, {hub.UserAccess, maxBody}, {hub.DeviceAccess, maxBody}} {
		p := &proof{call: hub.Call{Access: hub.Access{Kind: tt.kind}}}
		if got := p.limit(); got != tt.want {
			t.Errorf("kind %d: %d bytes, want %d", tt.kind, got, tt.want)
		}
	}
}
