//go:build linux || darwin

package cli

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/keyshift-hq/keyshift/internal/agent/localapi/localapitest"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
)

// wall is a standard output that can be read while it is written.
type wall struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (w *wall) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.Write(p)
}

func (w *wall) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.String()
}

// watching runs a watch until the steps are done, each of which waits for a text and then does something.
func watching(t *testing.T, w *world, args []string, steps ...step) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), longTime)
	defer cancel()
	out, errs := &wall{}, &wall{}
	done := make(chan int, 1)
	go func() { done <- int(w.program(out, errs, args...).Run(ctx)) }()
	for _, s := range steps {
		until(t, func() bool { return strings.Contains(out.String(), s.see) })
		if s.do != nil {
			s.do()
		}
	}
	cancel()
	if exit := <-done; exit != 0 || errs.String() != "" {
		t.Errorf("Ctrl-C ends the watch with %d and %q", exit, errs)
	}
	return out.String()
}

type step struct {
	see string
	do  func()
}

func TestWatch(t *testing.T) {
	w := newWorld(t).enrolled().holding().serve()
	got := watching(t, w, []string{"leases", "--watch"},
		step{"23 min", func() {
			w.Change(func(s *localapitest.State) { s.Leases[0].TimeLeft = durationpb.New(5e9) })
		}},
		step{"5 s", func() { w.Change(func(s *localapitest.State) { s.Leases = nil }) }},
		step{"You hold no account", func() { w.stop() }},
		step{"The agent is not running.", nil})
	if strings.Contains(got, clearScreen) {
		t.Error("a file is cleared like a screen")
	}
}

func TestWatchOnAScreen(t *testing.T) {
	w := newWorld(t).enrolled().holding().serve()
	w.screen = true
	got := watching(t, w, []string{"leases", "-w"}, step{"23 min", nil})
	if !strings.HasPrefix(got, clearScreen+"ACCOUNT") {
		t.Errorf("got %q", got)
	}
}

func TestWatchInJSON(t *testing.T) {
	w := newWorld(t).enrolled().holding().serve()
	got := watching(t, w, []string{"leases", "--watch", "--json"},
		step{`"timeLeft":"1380s"`, func() { w.Change(func(s *localapitest.State) { s.Leases = []*v1.HeldLease{} }) }},
		step{`{"leases":[]}`, func() { w.stop() }},
		step{`{"error":{"code":"agent_not_running"`, nil})
	for line := range strings.Lines(got) {
		if !strings.HasPrefix(line, "{") || !strings.HasSuffix(line, "}\n") {
			t.Errorf("not one document a line: %q", line)
		}
	}
}
