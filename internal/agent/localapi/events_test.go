package localapi

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
)

// clockwork is an agent whose status is a number that the test turns.
type clockwork struct {
	Agent
	changes chan struct{}
	mu      sync.Mutex
	user    string
}

func (c *clockwork) Status() *v1.LocalServiceGetStatusResponse {
	c.mu.Lock()
	defer c.mu.Unlock()
	return &v1.LocalServiceGetStatusResponse{User: c.user}
}

func (c *clockwork) Subscribe() (<-chan struct{}, func()) { return c.changes, func() {} }

// turn changes the status, once for each user, faster than anybody can read it.
func (c *clockwork) turn(users ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, c.user = range users {
		select {
		case c.changes <- struct{}{}:
		default:
		}
	}
}

func newClockwork(t *testing.T) (*clockwork, *Server) {
	t.Helper()
	a := &clockwork{changes: make(chan struct{}, 1), user: "a"}
	s, err := New(a, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		t.Fatal(err)
	}
	return a, s
}

// page is what a reader of events has received and not yet looked at.
type page struct {
	mu     sync.Mutex
	text   strings.Builder
	header http.Header
}

func (p *page) Header() http.Header { return p.header }
func (p *page) WriteHeader(int)     {}
func (p *page) Flush()              {}

func (p *page) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(b)
}

// look gives what came since the last look, comments and data only.
func (p *page) look() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	text := strings.ReplaceAll(p.text.String(), "event: state\n", "")
	p.text.Reset()
	return strings.NewReplacer("\n", "", "data: ", "", `"`, "", " ", "").Replace(text)
}

func TestEventStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, s := newClockwork(t)
		ctx, leave := context.WithCancel(t.Context())
		w := &page{header: http.Header{}}
		done := make(chan struct{})
		go func() {
			defer close(done)
			s.events(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/events", nil))
		}()
		steps := []struct {
			name string
			do   func()
			want string
		}{
			{"at once", func() {}, "{user:a}"},
			{"a change", func() { a.turn("b") }, "{user:b}"},
			{"quiet", func() { <-time.After(heartbeat - 1) }, ""},
			{"heartbeat", func() { <-time.After(1) }, ":alive"},
			{"next heartbeats", func() { <-time.After(2 * heartbeat) }, ":alive:alive"},
		}
		for _, step := range steps {
			step.do()
			synctest.Wait()
			if got := w.look(); got != step.want {
				t.Errorf("%s: got %q, want %q", step.name, got, step.want)
			}
		}
		a.turn("c", "d", "e", "f", "g", "h")
		synctest.Wait()
		// The reader may have been about to read when the burst came: it is told once more then.
		if got := w.look(); strings.ReplaceAll(got, "{user:h}", "") != "" || len(got) > 2*len("{user:h}") {
			t.Errorf("a burst of changes: got %q", got)
		}
		leave()
		<-done
		if got := w.Header().Get("Content-Type"); got != "text/event-stream" {
			t.Errorf("Content-Type is %q", got)
		}
	})
}

func TestEventStreamEnds(t *testing.T) {
	ends := map[string]func(*clockwork, *Server){
		"server stops":    func(_ *clockwork, s *Server) { close(s.closing) },
		"agent has ended": func(a *clockwork, _ *Server) { close(a.changes) },
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, s := newClockwork(t)
				go func() {
					synctest.Wait()
					end(a, s)
				}()
				s.events(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/events", nil))
			})
		})
	}
}

func TestReaderWhoIsGone(t *testing.T) {
	_, s := newClockwork(t)
	s.events(brokenWriter{httptest.NewRecorder()}, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/events", nil))
}

type brokenWriter struct{ http.ResponseWriter }

func (brokenWriter) Write([]byte) (int, error) { return 0, http.ErrHandlerTimeout }
