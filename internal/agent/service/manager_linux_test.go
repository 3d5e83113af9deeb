package service

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// login is a user with an empty home, a program and a systemctl of his own.
type login struct {
	t       *testing.T
	fake    string // what the fake systemctl keeps
	unit    string // the unit file
	wanted  string // the link that enables it
	program string
	Manager
}

func newLogin(t *testing.T) *login {
	t.Helper()
	home, fake := t.TempDir(), t.TempDir()
	tools, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("HOME", home)
	t.Setenv("FAKE", fake)
	t.Setenv("PATH", tools+":"+os.Getenv("PATH"))
	l := &login{t: t, fake: fake, program: newExecutable(t, "keyshift-agent")}
	l.unit = filepath.Join(home, ".config/systemd/user/keyshift-agent.service")
	l.wanted = filepath.Join(home, ".config/systemd/user/default.target.wants/keyshift-agent.service")
	if l.Manager, err = New(l.program, Options{}); err != nil {
		t.Fatal(err)
	}
	return l
}

func newExecutable(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// must ends the test when an act of the story fails.
func (l *login) must(verb string, act func(context.Context) error) {
	l.t.Helper()
	if err := act(l.t.Context()); err != nil {
		l.t.Fatalf("%s: %v", verb, err)
	}
}

func (l *login) wantState(want Status) {
	l.t.Helper()
	got, err := l.Status(l.t.Context())
	if err != nil {
		l.t.Fatal(err)
	}
	got.Detail = ""
	if diff := cmp.Diff(want, got); diff != "" {
		l.t.Fatalf("status (-want +got):\n%s", diff)
	}
}

func (l *login) mark(file string) {
	l.t.Helper()
	if err := os.WriteFile(filepath.Join(l.fake, file), nil, 0o600); err != nil {
		l.t.Fatal(err)
	}
}

// wantTraces asserts which of the unit and its link exist.
func (l *login) wantTraces(want bool) {
	l.t.Helper()
	for _, path := range []string{l.unit, l.wanted} {
		if _, err := os.Lstat(path); (err == nil) != want {
			l.t.Errorf("%s: present is %v, want %v", path, err == nil, want)
		}
	}
}

func TestAUserInstallsStartsStopsAndUninstalls(t *testing.T) {
	l := newLogin(t)
	l.wantState(Status{})

	l.must("install", l.Install)
	l.wantTraces(true)
	l.wantState(Status{State: Stopped, AtLogin: true})
	text, err := os.ReadFile(l.unit)
	if err != nil {
		t.Fatal(err)
	}
	if want := unitText(program{path: l.program, Options: Options{Arguments: []string{"run"}}}); string(text) != want {
		t.Errorf("unit (-want +got):\n%s", cmp.Diff(want, string(text)))
	}

	l.must("start", l.Start)
	l.wantState(Status{State: Running, AtLogin: true, PID: 4242})
	l.must("stop", l.Stop)
	l.wantState(Status{State: Stopped, AtLogin: true})

	l.must("start", l.Start)
	l.must("uninstall", l.Uninstall)
	l.wantTraces(false)
	if _, err := os.Stat(filepath.Join(l.fake, "running")); err == nil {
		t.Error("uninstall left the agent running")
	}
	l.wantState(Status{})
}

func TestEveryCallGoesToTheUserManager(t *testing.T) {
	l := newLogin(t)
	l.must("install", l.Install)
	l.must("start", l.Start)
	l.must("uninstall", l.Uninstall)
	calls, err := os.ReadFile(filepath.Join(l.fake, "calls"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(calls)) {
		if !strings.Contains(line, "--user") {
			t.Errorf("systemctl %s: would act on the system", strings.TrimSpace(line))
		}
	}
}

func TestInstallRefusesASecondService(t *testing.T) {
	l := newLogin(t)
	l.must("install", l.Install)
	if err := l.Install(t.Context()); !errors.Is(err, ErrAlreadyInstalled) {
		t.Errorf("got %v, want ErrAlreadyInstalled", err)
	}
	l.wantTraces(true)
}

func TestInstallReplacesAnEmptyUnit(t *testing.T) {
	l := newLogin(t)
	if err := os.MkdirAll(filepath.Dir(l.unit), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(l.unit, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	l.wantState(Status{})
	l.must("install", l.Install)
	l.wantState(Status{State: Stopped, AtLogin: true})
}

func TestAFailedInstallLeavesNothing(t *testing.T) {
	for _, verb := range []string{"enable", "daemon-reload"} {
		t.Run(verb, func(t *testing.T) {
			l := newLogin(t)
			l.mark("refuse-" + verb)
			if err := l.Install(t.Context()); err == nil {
				t.Fatal("got no error")
			}
			l.wantTraces(false)
		})
	}
}

func TestWithoutAUserManagerEveryCallSaysHowToRunTheAgent(t *testing.T) {
	l := newLogin(t)
	l.mark("gone")
	status := func(ctx context.Context) error { _, err := l.Status(ctx); return err }
	for verb, call := range map[string]func(context.Context) error{
		"install": l.Install, "uninstall": l.Uninstall, "start": l.Start, "stop": l.Stop, "status": status,
	} {
		err := call(t.Context())
		if !errors.Is(err, ErrNoServiceSystem) {
			t.Errorf("%s: got %v, want ErrNoServiceSystem", verb, err)
			continue
		}
		for _, want := range []string{"keyshift-agent run", "No medium found"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %q does not say %q", verb, err, want)
			}
		}
	}
	l.wantTraces(false)
}

func TestAStatusIsOneQuestion(t *testing.T) {
	l := newLogin(t)
	l.must("install", l.Install)
	calls := func() int {
		text, err := os.ReadFile(filepath.Join(l.fake, "calls"))
		if err != nil {
			t.Fatal(err)
		}
		return strings.Count(string(text), "\n")
	}
	before := calls()
	l.wantState(Status{State: Stopped, AtLogin: true})
	if got := calls() - before; got != 1 {
		t.Errorf("systemctl was run %d times", got)
	}
	l.mark("gone") // with the unit still there
	if _, err := l.Status(t.Context()); !errors.Is(err, ErrNoServiceSystem) || !strings.Contains(err.Error(), "No medium found") {
		t.Errorf("got %v", err)
	}
}

func TestWithoutSystemctlThereIsNoServiceSystem(t *testing.T) {
	l := newLogin(t)
	t.Setenv("PATH", t.TempDir())
	if err := l.Install(t.Context()); !errors.Is(err, ErrNoServiceSystem) {
		t.Errorf("got %v, want ErrNoServiceSystem", err)
	}
}

func TestOnlyAnInstalledServiceStartsStopsAndUninstalls(t *testing.T) {
	l := newLogin(t)
	for verb, call := range map[string]func(context.Context) error{"start": l.Start, "stop": l.Stop, "uninstall": l.Uninstall} {
		if err := call(t.Context()); !errors.Is(err, ErrNotInstalled) {
			t.Errorf("%s: got %v, want ErrNotInstalled", verb, err)
		}
	}
}

func TestAFailedStartSaysWhatSystemdKnows(t *testing.T) {
	l := newLogin(t)
	l.must("install", l.Install)
	l.mark("refuse-start")
	err := l.Start(t.Context())
	if err == nil || !strings.Contains(err.Error(), "ActiveState=inactive") {
		t.Errorf("got %v, want the unit's state in it", err)
	}
}

func TestCallsEndWithTheirContext(t *testing.T) {
	l := newLogin(t)
	l.must("install", l.Install)
	l.mark("hang")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := l.Start(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want a deadline error", err)
	}
}

func TestParseShow(t *testing.T) {
	for _, tt := range []struct {
		name, out string
		want      Status
	}{
		{"running", "ActiveState=active\nUnitFileState=enabled\nMainPID=7\n", Status{State: Running, AtLogin: true, PID: 7}},
		{"pause before a restart", "ActiveState=activating\nSubState=auto-restart\nMainPID=0\n", Status{State: Starting}},
		{"stopping", "ActiveState=deactivating\nMainPID=7\n", Status{State: Stopping, PID: 7}},
		{"failed", "ActiveState=failed\nUnitFileState=disabled\nMainPID=0\n", Status{State: Failed}},
		{"a state of a later systemd", "ActiveState=dreaming\n", Status{State: Failed}},
		{"nothing", "", Status{State: Failed}},
	} {
		got := parseShow(tt.out)
		got.Detail = ""
		if got != tt.want {
			t.Errorf("%s: got %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

func TestABackendThatNeverAnswersDoesNotHoldTheCaller(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	entered, release := make(chan struct{}), make(chan struct{})
	defer close(release)
	go func() { <-entered; cancel() }()
	err := within(ctx, func() error { close(entered); <-release; return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
	if err := within(ctx, func() error { t.Error("called after the end"); return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end: got %v", err)
	}
}
