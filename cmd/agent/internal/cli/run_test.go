//go:build linux || darwin

package cli

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keyshift-hq/keyshift/internal/agent/localapi/localapitest"
	"github.com/keyshift-hq/keyshift/internal/agent/service"
	"github.com/keyshift-hq/keyshift/internal/api"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/localclient"
)

// engine is a played agent that works until it is asked to stop, or ends with an error.
type engine struct {
	*localapitest.Fake
	fail  chan error
	noted chan keyshift.CallerKind
}

func (e engine) NoteRefused(kind keyshift.CallerKind) { e.noted <- kind }
func (e engine) Close() error                         { return nil }

func (e engine) ServeBrowsers(ctx context.Context, _ net.Listener) error {
	<-ctx.Done()
	return nil
}

func (e engine) Run(ctx context.Context) error {
	select {
	case err := <-e.fail:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// started is an agent that was started with `run`.
type started struct {
	engine
	config AgentConfig
	log    *wall
	done   chan api.Exit
	cancel func()
}

func start(t *testing.T, w *world, args ...string) *started {
	t.Helper()
	s := &started{engine: engine{w.Fake, make(chan error, 1), make(chan keyshift.CallerKind, 1)}, log: &wall{}, done: make(chan api.Exit, 1)}
	w.newAgent = func(c AgentConfig) (Agent, error) {
		s.config = c
		return s.engine, nil
	}
	ctx, cancel := context.WithTimeout(t.Context(), longTime)
	s.cancel = cancel
	t.Cleanup(cancel)
	args = append([]string{"run"}, args...)
	go func() { s.done <- w.program(&wall{}, s.log, args...).Run(ctx) }()
	until(t, func() bool { return strings.Contains(s.log.String(), "agent started") || len(s.done) > 0 })
	return s
}

func (s *started) ended(t *testing.T, want api.Exit) {
	t.Helper()
	if got := <-s.done; got != want {
		t.Errorf("ended with %d, want %d: %s", got, want, s.log)
	}
}

func TestRunServesUntilItIsTold(t *testing.T) {
	w := newWorld(t)
	s := start(t, w)
	w.run("status").want(t, 0, "running, version 1.2.3")
	w.run("run").want(t, api.ExitConflict, "The agent is running already.")
	if s.config.RuntimeDir != filepath.Dir(w.socket) || s.config.Version != "1.2.3" {
		t.Errorf("made with %+v", s.config)
	}
	if info, err := os.Stat(s.config.StateDir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("state folder: %v, %v", info, err)
	}
	s.cancel()
	s.ended(t, 0)
	if _, err := os.Stat(w.socket); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the socket is left behind: %v", err)
	}
}

func TestRunIsStoppedByTheLocalAPI(t *testing.T) {
	w := newWorld(t)
	s := start(t, w)
	w.run("stop").want(t, 0, "The agent is stopped.")
	s.ended(t, 0)
}

func TestRunEndsWithItsParts(t *testing.T) {
	w := newWorld(t)
	s := start(t, w)
	s.fail <- keyshift.Refuse(keyshift.CodeStorageReadonly, "The agent may not write its own files.", "Run doctor.")
	s.ended(t, api.ExitStorage)
	if !strings.Contains(s.log.String(), "The agent may not write its own files.") {
		t.Errorf("said %s", s.log)
	}
}

func TestRunThatCannotListen(t *testing.T) {
	w := newWorld(t)
	if err := os.WriteFile(filepath.Dir(w.socket), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	w.run("run").want(t, api.ExitUnreachable, "The agent's socket cannot be made at")
}

func TestRunThatCannotMakeItsFolder(t *testing.T) {
	w := newWorld(t)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	w.state = filepath.Join(file, "state")
	w.run("run").want(t, api.ExitStorage, "cannot be made")
}

func TestNoRuntimeDir(t *testing.T) {
	w := newWorld(t)
	p := w.program(&wall{}, &wall{})
	p.Args = []string{"accounts"}
	errs := &wall{}
	p.Stderr = errs
	if exit := p.Run(t.Context()); exit != api.ExitUnreachable || !strings.Contains(errs.String(), "--socket") {
		t.Errorf("exit %d, said %s", exit, errs)
	}
}

// TestRunSpeaksToSystemd stands in for systemd's notification socket.
func TestRunSpeaksToSystemd(t *testing.T) {
	w := newWorld(t)
	notify := filepath.Join(filepath.Dir(filepath.Dir(w.socket)), "notify")
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: notify, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	w.env["NOTIFY_SOCKET"], w.env["WATCHDOG_USEC"], w.env["WATCHDOG_PID"] = notify, "300000", "4711"
	s := start(t, w)
	told := map[string]bool{}
	b := make([]byte, 100)
	for !told["READY=1"] || !told["WATCHDOG=1"] {
		told[read(t, l, b)] = true
	}
	s.cancel()
	for !told["STOPPING=1"] {
		told[read(t, l, b)] = true
	}
	s.ended(t, 0)
}

func read(t *testing.T, l *net.UnixConn, b []byte) string {
	t.Helper()
	if err := l.SetReadDeadline(time.Now().Add(longTime)); err != nil {
		t.Fatal(err)
	}
	n, err := l.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(b[:n])
}

func TestActorThatDoesNotStopIsLeftBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &wall{}
		a := &actors{log: slog.New(slog.NewTextHandler(log, nil))}
		release := make(chan struct{})
		a.add("good", time.Second, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		a.add("bad", 5*time.Second, func(context.Context) error { <-release; return nil })
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		begin := time.Now()
		err := a.run(ctx, func() {})
		if took := time.Since(begin); err != nil || took != time.Minute+5*time.Second {
			t.Errorf("ended after %v with %v", took, err)
		}
		if !strings.Contains(log.String(), `part=bad limit=5s`) || strings.Contains(log.String(), "good") {
			t.Errorf("logged %s", log)
		}
		close(release)
	})
}

func TestActorThatEndsEndsTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &actors{log: slog.New(slog.DiscardHandler)}
		stopped := false
		a.add("short", time.Second, func(context.Context) error { return nil })
		a.add("long", time.Second, func(ctx context.Context) error { <-ctx.Done(); stopped = true; return nil })
		err := a.run(t.Context(), func() {})
		if !errors.Is(err, errEndedEarly) || !strings.Contains(err.Error(), "run short") || !stopped {
			t.Errorf("got %v, stopped %v", err, stopped)
		}
	})
}

func TestServiceStartsTheSameAgent(t *testing.T) {
	w := newWorld(t)
	w.run("install").want(t, 0, "keyshift-agent start")
	want := []string{"run", "--state-dir", w.state, "--socket", w.socket}
	o := w.manager.options
	if strings.Join(o.Arguments, " ") != strings.Join(want, " ") || !o.Notifies || w.manager.program != "/usr/bin/keyshift-agent" {
		t.Errorf("installed %s %q", w.manager.program, o.Arguments)
	}
	if o.LogFile != filepath.Join(w.state, "agent.log") || strings.Join(o.LogonArguments, " ") != "start" {
		t.Errorf("options %+v", o)
	}
}

func TestServiceProbesAndStopsTheAgent(t *testing.T) {
	w := newWorld(t)
	w.run("status")
	o := w.manager.options
	if running, err := o.Probe(t.Context()); running || err != nil {
		t.Errorf("nobody runs: %v, %v", running, err)
	}
	w.serve()
	if running, err := o.Probe(t.Context()); !running || err != nil {
		t.Errorf("an agent runs: %v, %v", running, err)
	}
	if err := o.StopAgent(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := localclient.New(w.socket).Status(t.Context()); keyshift.CodeOf(err) != keyshift.CodeAgentNotRunning {
		t.Errorf("StopAgent came back while the agent runs: %v", err)
	}
}

func TestErrorsOfTheService(t *testing.T) {
	tests := []struct {
		err  error
		want api.Exit
	}{
		{service.ErrAlreadyInstalled, api.ExitConflict},
		{service.ErrNotInstalled, api.ExitNotFound},
		{service.ErrUnsafeProgram, api.ExitNoRight},
		{service.ErrNoServiceSystem, api.ExitUnreachable},
		{errors.New("Unit is masked"), api.ExitUnreachable},
		{context.Canceled, api.ExitInterrupted},
	}
	for _, tt := range tests {
		w := newWorld(t)
		w.manager.fail = tt.err
		w.run("install").want(t, tt.want)
	}
}

func TestFailedServiceIsWrong(t *testing.T) {
	w := newWorld(t).enrolled().serve()
	w.manager.status = service.Status{State: service.Failed, Detail: "Result=exit-code"}
	w.run("doctor").want(t, api.ExitUnreachable, "WRONG  service: The agent's service failed: Result=exit-code.")
}
