//go:build linux || darwin

package cli

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/agent/localapi/localapitest"
	"github.com/keyshift-hq/keyshift/internal/api"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/ipc"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

func TestEnrollAsksAPerson(t *testing.T) {
	tests := []struct {
		name, code, answer string
		args               []string
		exit               api.Exit
		text               string
		enrolled           bool
	}{
		{"yes", code(keyshift.EnrollmentCode), "y", nil, 0, "enrolled at Acme Inc", true},
		{"no", code(keyshift.EnrollmentCode), "n", nil, api.ExitRefused, "Nothing was done.", false},
		{"just return", code(keyshift.EnrollmentCode), "", nil, api.ExitRefused, "Nothing was done.", false},
		{"yes by flag", code(keyshift.EnrollmentCode), "n", []string{"--yes"}, 0, "enrolled at Acme Inc", true},
		{"pasted in two lines", strings.Replace(code(keyshift.EnrollmentCode), "1-", "1- \t", 1), "YES", nil, 0, "enrolled at Acme Inc", true},
		{"mistyped", "keyshift1-AAAA", "y", nil, api.ExitNoRight, "wrong, was used already, or is too old", false},
		{"for the console", code(keyshift.LoginCode), "y", nil, api.ExitNoRight, "not for enrolling a computer", false},
		{"for the first owner", code(keyshift.FirstOwnerCode), "y", nil, api.ExitNoRight, "not for enrolling a computer", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t).serve()
			person := &answers{lines: []string{tt.code, tt.answer}}
			w.console = person
			r := w.run(append([]string{"enroll"}, tt.args...)...)
			r.want(t, tt.exit, tt.text)
			if got := w.Status().GetEnrolled(); got != tt.enrolled {
				t.Errorf("enrolled is %v", got)
			}
			if len(person.secrets) != 1 || !strings.Contains(person.secrets[0], "Enrollment code") {
				t.Errorf("asked in secret for %q", person.secrets)
			}
			if strings.Contains(r.out+r.err, tt.code) {
				t.Error("the code is repeated")
			}
			if len(person.asked) > 1 && !strings.Contains(r.err, "https://hub.acme.example\nIts key: 4bb0 6f8e") {
				t.Errorf("asked without showing the hub: %q", r.err)
			}
		})
	}
}

func TestReasonIsAskedFor(t *testing.T) {
	w := newWorld(t).enrolled().serve()
	w.console = &answers{lines: []string{"product launch"}}
	w.run("checkout", "x/acme").want(t, 0, "You have @acme on X")
	req, ok := w.last().Args.(*v1.LocalServiceCheckOutRequest)
	if !ok || req.GetReason() != "product launch" || req.GetRequestId() != "r1" || req.GetDuration().AsDuration().String() != "1h0m0s" {
		t.Errorf("asked for %v", w.last())
	}
}

func (w *world) last() localapitest.Call {
	calls := append([]localapitest.Call{{}}, w.Calls()...)
	return calls[len(calls)-1]
}

func TestShowAsksFirst(t *testing.T) {
	for answer, shown := range map[string]bool{"y": true, "n": false} {
		w := newWorld(t).enrolled().serve()
		w.console = &answers{lines: []string{answer, "product launch"}}
		r := w.run("checkout", "x/acme", "--show")
		if got := strings.Contains(r.out, "correct horse"); got != shown {
			t.Errorf("%s: shown is %v: %q", answer, got, r.out)
		}
		if held := len(w.Leases()) > 0; held != shown {
			t.Errorf("%s: held is %v", answer, held)
		}
		if strings.Contains(r.err, "correct horse") {
			t.Error("the password is on standard error, too")
		}
	}
}

func TestUnenrollNamesWhatItEnds(t *testing.T) {
	w := newWorld(t).enrolled().holding().serve()
	person := &answers{lines: []string{"n"}}
	w.console = person
	w.run("unenroll").want(t, api.ExitRefused)
	if want := "Forget Acme Inc and give back x/acme? [y/N] "; person.asked[0] != want {
		t.Errorf("asked %q, want %q", person.asked[0], want)
	}
	if !w.Status().GetEnrolled() {
		t.Error("unenrolled all the same")
	}
}

func TestUnenrollWithoutAHub(t *testing.T) {
	w := newWorld(t).serve()
	w.Change(func(s *localapitest.State) {
		s.Fail = map[string]any{"Unenroll": keyshift.Refuse(keyshift.CodeNotEnrolled, "This computer is not enrolled.", "Enroll it.")}
	})
	w.run("unenroll").want(t, api.ExitNoRight, "there is no hub to forget", "keyshift-agent enroll")
}

func TestInterruptedAtAQuestion(t *testing.T) {
	w := newWorld(t).enrolled().serve()
	ctx, cancel := context.WithTimeout(t.Context(), longTime)
	defer cancel()
	w.console = &answers{silent: cancel}
	w.runUntil(ctx, "checkout", "x/acme").want(t, api.ExitInterrupted, "Stopped waiting.")
}

func TestInterruptedCheckOut(t *testing.T) {
	w := newWorld(t).enrolled().serve()
	ctx, cancel := context.WithTimeout(t.Context(), longTime)
	defer cancel()
	w.Change(func(s *localapitest.State) { s.Wait = map[string]chan struct{}{"CheckOut": make(chan struct{})} })
	go func() {
		until(t, func() bool { return w.last().Method == "CheckOut" })
		cancel()
	}()
	w.runUntil(ctx, "checkout", "x/acme", "--reason", "launch", "--duration", "1h").
		want(t, api.ExitInterrupted, "The check-out may still go through.", "keyshift-agent leases", "keyshift-agent checkin x/acme", "within a minute")
}

// until waits for something that another process or goroutine does.
func until(t *testing.T, happened func() bool) {
	t.Helper()
	again := time.NewTicker(time.Millisecond)
	defer again.Stop()
	for end := time.Now().Add(longTime); time.Now().Before(end); <-again.C {
		if happened() {
			return
		}
	}
	t.Error("it did not happen")
}

// flaky listens like the agent and cuts the first connections of check-outs after it has the question.
type flaky struct {
	net.Listener
	cut atomic.Int32
}

// serveFlaky plays an agent that loses so many answers to a check-out after it has done what it was asked.
func (w *world) serveFlaky(lose int32) {
	w.t.Helper()
	l, err := ipc.Listen(w.socket)
	if err != nil {
		w.t.Fatal(err)
	}
	f := &flaky{Listener: l}
	api := localapitest.Handler(w.t, w)
	server := &http.Server{ConnContext: ipc.ConnContext, Handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/CheckOut") && f.cut.Add(1) <= lose {
			api.ServeHTTP(discard{http.Header{}}, r)
			panic(http.ErrAbortHandler)
		}
		api.ServeHTTP(rw, r)
	})}
	done := make(chan error, 1)
	go func() { done <- server.Serve(f) }()
	w.t.Cleanup(func() {
		if err := errors.Join(server.Close(), <-done); !errors.Is(err, http.ErrServerClosed) {
			w.t.Error(err)
		}
	})
}

type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(b []byte) (int, error) { return len(b), nil }
func (d discard) WriteHeader(int)             {}

func TestLostAnswerIsAskedForAgain(t *testing.T) {
	w := newWorld(t).enrolled()
	w.serveFlaky(2)
	r := w.run("checkout", "x/acme", "--reason", "launch", "--duration", "1h")
	r.want(t, 0, "You have @acme on X", "Asking again")
	if n := len(w.Leases()); n != 1 {
		t.Errorf("%d leases", n)
	}
	asked := map[string]int{}
	for _, c := range w.Calls() {
		if req, ok := c.Args.(*v1.LocalServiceCheckOutRequest); ok {
			asked[req.GetRequestId()]++
		}
	}
	if len(asked) != 1 || asked["r1"] != 3 {
		t.Errorf("asked %v", asked)
	}
}

func TestAnswerThatStaysLost(t *testing.T) {
	w := newWorld(t).enrolled()
	w.serveFlaky(100)
	w.run("checkout", "x/acme", "--reason", "launch", "--duration", "1h").
		want(t, api.ExitUnreachable, "The check-out may have gone through.", "keyshift-agent leases", "within a minute")
}

func TestCheckInAllGoesOnAfterAnError(t *testing.T) {
	w := newWorld(t).enrolled().holding().serve()
	w.Change(func(s *localapitest.State) {
		gone := &v1.HeldLease{Lease: &v1.Lease{Id: "l0", Network: v1.Network_NETWORK_X, Handle: "ghost", State: v1.LeaseState_LEASE_STATE_ACTIVE}}
		s.Leases = append([]*v1.HeldLease{gone}, s.Leases...)
		s.FailLease = map[string]error{"l0": keyshift.ErrLeaseOver}
	})
	w.run("--json", "checkin", "--all").want(t, api.ExitRefused, `"code": "lease_over"`, `"handle": "acme"`)
	if n := len(w.Leases()); n != 1 {
		t.Errorf("%d leases are left", n)
	}
	w.Change(func(s *localapitest.State) { s.FailLease = nil })
	w.run("checkin", "--all").want(t, 0, "@ghost on X is given back.")
}
