package app

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/ipc"
	"github.com/keyshift-hq/keyshift/internal/tray"
	"github.com/keyshift-hq/keyshift/internal/until"
)

func wait(t *testing.T, what string, so func() bool) {
	t.Helper()
	if err := until.True(what, patience, so); err != nil {
		t.Fatal(err)
	}
}

// socket is a short path for a socket of a test.
func socket(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "ks-tray-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return filepath.Join(dir, "keyshift", "agent.sock")
}

func TestASecondStartAsksTheFirst(t *testing.T) {
	path := ipc.TrayPath(socket(t))
	first, err := claim(t.Context(), path, home)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	asked := make(chan tray.Request, 1)
	go receiveFrom(first, asked)
	if _, err := claim(t.Context(), path, code); !errors.Is(err, errTaken) {
		t.Errorf("the second start: %v, want that the first took it", err)
	}
	if got := receive(t, asked); got != code {
		t.Errorf("the first was asked for %+v, want %+v", got, code)
	}
}

func receiveFrom(l *ipc.Listener, asked chan<- tray.Request) {
	receiveRequests(l, func(r tray.Request) { asked <- r })
}

func TestWhatIsNoWindowIsNotAskedFor(t *testing.T) {
	path := ipc.TrayPath(socket(t))
	first, err := claim(t.Context(), path, home)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	go receiveRequests(first, func(r tray.Request) { t.Errorf("asked for %+v", r) })
	if _, err := claim(t.Context(), path, tray.Request{Window: "../home"}); err == nil || errors.Is(err, errTaken) {
		t.Errorf("the second start: %v, want an error", err)
	}
}

func TestArguments(t *testing.T) {
	for _, tt := range []struct {
		args []string
		exit int
		out  string
	}{
		{[]string{"--version"}, 0, "1.2.3\n"},
		{[]string{"--window", "cellar"}, 2, ""},
		{[]string{"--nonsense"}, 2, ""},
		{[]string{"surplus"}, 2, ""},
	} {
		var out, errs bytes.Buffer
		p := &Program{Args: tt.args, Env: func(string) string { return "" }, Stdout: &out, Stderr: &errs, Now: time.Now}
		p.Version.Version = "1.2.3"
		if got := p.Run(context.Background()); got != tt.exit || out.String() != tt.out {
			t.Errorf("%q: exit code %d, %q, want %d, %q; errors: %s", tt.args, got, out.String(), tt.exit, tt.out, &errs)
		}
		if (errs.Len() > 0) != (tt.exit != 0) {
			t.Errorf("%q: standard error has %q", tt.args, errs.String())
		}
	}
}

func TestWithoutADesktopItEnds(t *testing.T) {
	for name, args := range map[string][]string{"plainly": {}, "for a window": {"--window", "home"}, "at login": {"--background"}} {
		var errs bytes.Buffer
		p := &Program{Args: append(args, "--socket", socket(t)), Env: func(string) string { return "" }, Stderr: &errs, Now: time.Now}
		if got := p.Run(t.Context()); got == 0 || !bytes.Contains(errs.Bytes(), []byte("There is no desktop here")) {
			t.Errorf("started %s: exit code %d, %q", name, got, errs.String())
		}
	}
}

func TestAWindowProcessWithoutADisplaySaysSo(t *testing.T) {
	var errs bytes.Buffer
	p := &Program{Args: []string{"--child", "--socket", socket(t)}, Env: func(string) string { return "" }, Stderr: &errs, Now: time.Now}
	if got := p.Run(context.Background()); got == 0 || !bytes.Contains(errs.Bytes(), []byte("Windows can't be shown on this desk.")) {
		t.Errorf("exit code %d, %q", got, errs.String())
	}
}

// A start that meets a resident in its last moment takes its place.
func TestAStartWhileTheFirstEnds(t *testing.T) {
	path := ipc.TrayPath(socket(t))
	first, err := claim(t.Context(), path, home)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		c, err := first.Accept()
		_ = first.Close()
		if err == nil {
			_ = c.Close()
		}
	}()
	second, err := claim(t.Context(), path, home)
	if err != nil {
		t.Fatalf("the second start: %v, want it to be the resident", err)
	}
	_ = second.Close()
}
