//go:build linux || darwin

package cli

import (
	"io"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/keyshift-hq/keyshift/cmd/agent/internal/early"
	"github.com/keyshift-hq/keyshift/internal/ipc"
)

// listener hears the first question of each command and answers none.
type listener struct {
	mu        sync.Mutex
	procedure string
	message   []byte
}

func (l *listener) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.procedure == "" {
		l.procedure, l.message = r.URL.Path, body
	}
	w.WriteHeader(http.StatusNotFound)
}

func (l *listener) take() (procedure string, message []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	procedure, message = l.procedure, l.message
	l.procedure, l.message = "", nil
	return procedure, message
}

func (l *listener) serve(t *testing.T, path string) {
	t.Helper()
	socket, err := ipc.Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: l}
	var served sync.WaitGroup
	served.Go(func() { _ = server.Serve(socket) })
	t.Cleanup(func() { _ = server.Close(); served.Wait() })
}

// TestWhatIsAskedEarlyIsWhatTheCommandAsks plays the commands: their first question is what early would have sent, or early
// sends nothing.
func TestWhatIsAskedEarlyIsWhatTheCommandAsks(t *testing.T) {
	w, heard, ctx := newWorld(t), &listener{}, t.Context()
	heard.serve(t, w.socket)
	same := func(t rapid.TB, args []string) bool {
		w.requests = 0
		p := w.program(io.Discard, io.Discard, args...)
		p.Console = nil
		q := early.Of(p.Args, p.Env, func() string { return "r1" })
		if q == nil {
			return false
		}
		p.Run(ctx)
		if procedure, message := heard.take(); procedure != q.Procedure || string(message) != string(q.Message) || q.Path != w.socket {
			t.Fatalf("%q: %s is asked %q of %s, early asked %s %q of %s", p.Args, procedure, message, w.socket, q.Procedure, q.Message, q.Path)
		}
		return true
	}
	for line, want := range map[string]bool{
		"checkout x/acme --reason post --duration 1h": true, "checkout -d 1h30m @acme -r ä --json": true, "checkin x/acme": true, "leases": true, "status --json": true,
		"checkout x/acme --reason post": false, "checkout x/acme --duration 1h": false, "checkin": false, "checkin --all": false, "leases --watch": false, "leases x": false,
		"checkout x/acme -r post -d 1h --show": false, "checkout x/acme -r post -d 30s": false, "checkout x/acme -r a\u202eb -d 1h": false, "status -r post": false, "version": false,
		"checkout x/acme --reason=post -d 1h": false, "status --json --json": false, "checkin x/acme -": false, "renew x/acme": false,
	} {
		if got := same(t, strings.Fields(line)); got != want {
			t.Errorf("%s: asked early is %v, want %v", line, got, want)
		}
	}
	words := []string{"checkout", "checkin", "leases", "status", "x/acme", "@acme", "post", "1h", "90m", "1s", "ä b", " a", "", "-", "--", "--json", "-r", "-d", "--reason", "--duration", "--socket"}
	eachField(reflect.TypeFor[checkOutCmd](), func(f reflect.StructField) { words = append(words, "--"+wordOf(f)) })
	rapid.Check(t, func(r *rapid.T) {
		args := rapid.SliceOfN(rapid.SampledFrom(words), 0, 4).Draw(r, "words")
		if rapid.Bool().Draw(r, "check-out") {
			args = append([]string{"checkout", "x/acme", "-r", rapid.String().Draw(r, "reason"), "-d", "1h"}, args...)
		}
		same(r, args)
	})
}
