//go:build linux || darwin

package localclient

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// stream plays the event route: each connection gets the lines of the next script, and is then kept or cut.
type stream struct {
	scripts chan string
	keep    bool
}

func (s stream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	select {
	case script := <-s.scripts:
		fmt.Fprint(w, script)
		_ = http.NewResponseController(w).Flush()
		if s.keep {
			<-r.Context().Done()
		}
	default:
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}

func state(user string) string {
	return "event: state\ndata: {\"user\":\"" + user + "\"}\n\n"
}

func quick(c *Client) *Client {
	c.firstPause, c.lastPause = time.Millisecond, 10*time.Millisecond
	return c
}

// follow notes what a loop over Events sees until n things were seen.
func follow(ctx context.Context, c *Client, n int) (seen []string) {
	for status, err := range c.Events(ctx) {
		if err != nil {
			seen = append(seen, string(keyshift.CodeOf(err)))
		} else {
			seen = append(seen, status.GetUser())
		}
		if len(seen) == n {
			return seen
		}
	}
	return append(seen, "loop ended")
}

func wantSeen(t *testing.T, got []string, want ...string) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("seen %v, want %v", got, want)
	}
}

func TestEventsReadStates(t *testing.T) {
	path, scripts := socket(t), make(chan string, 1)
	scripts <- ": alive\n\n" + state("dana") + ": alive\n\n" + state("lee")
	serve(t, path, stream{scripts, true})
	wantSeen(t, follow(limited(t), quick(client(t, path)), 2), "dana", "lee")
}

func TestEventsOutliveTheAgent(t *testing.T) {
	path := socket(t)
	c, ctx := quick(client(t, path)), limited(t)
	var end func()
	var seen []string
	for status, err := range c.Events(ctx) {
		switch {
		case err == nil:
			seen = append(seen, status.GetUser())
		default:
			seen = append(seen, string(keyshift.CodeOf(err)))
		}
		switch len(seen) {
		case 1: // nobody listens: an agent starts
			scripts := make(chan string, 1)
			scripts <- state("dana")
			end = serve(t, path, stream{scripts, true})
		case 2: // its state was read: it ends without a word
			end()
		case 3: // the broken stream was told: another agent starts
			scripts := make(chan string, 1)
			scripts <- state("lee")
			serve(t, path, stream{scripts, true})
		}
		if len(seen) >= 4 && seen[len(seen)-1] == "lee" {
			break
		}
	}
	if len(seen) == 5 && seen[3] == "agent_not_running" { // an attempt between the two agents may or may not happen
		seen = append(seen[:3], seen[4])
	}
	wantSeen(t, seen, "agent_not_running", "dana", "unavailable", "lee")
}

func TestEventsTellOneErrorOnce(t *testing.T) {
	path := socket(t)
	ctx, cancel := context.WithCancel(limited(t))
	var attempts atomic.Int32
	serve(t, path, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if attempts.Add(1) == 5 {
			cancel()
		}
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	wantSeen(t, follow(ctx, quick(client(t, path)), 2), "internal", "loop ended")
}

func TestSilentStreamIsCut(t *testing.T) {
	path, scripts := socket(t), make(chan string, 2)
	scripts <- state("dana")
	scripts <- state("lee")
	serve(t, path, stream{scripts, true})
	c := quick(client(t, path))
	c.silence = 100 * time.Millisecond
	wantSeen(t, follow(limited(t), c, 3), "dana", "unavailable", "lee")
}

func TestGarbledStateIsAnError(t *testing.T) {
	path, scripts := socket(t), make(chan string, 2)
	scripts <- "data: {\"user\":\n\n"
	scripts <- state("dana")
	serve(t, path, stream{scripts, true})
	wantSeen(t, follow(limited(t), quick(client(t, path)), 2), "unavailable", "dana")
}
