package app

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/keyshift-hq/keyshift/internal/tray"
)

// shelf is windows whose processes play roles, one after the other, the last one again and again.
type shelf struct {
	*windows
	started chan tray.Request
	failed  chan error
	saved   chan struct{}
	drawn   atomic.Int32
}

func newShelf(t *testing.T, roles ...string) *shelf {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	s := &shelf{started: make(chan tray.Request, 8), failed: make(chan error, 8), saved: make(chan struct{}, 8)}
	s.windows = &windows{
		command: func(first tray.Request) *exec.Cmd {
			cmd := exec.Command(self)
			cmd.Env = append(os.Environ(), roleVariable+"="+roles[0])
			roles = roles[min(1, len(roles)-1):]
			s.started <- first
			return cmd
		},
		failed: func(err error) { s.failed <- err },
		drawn:  func() { s.drawn.Add(1) },
		saved:  func() { s.saved <- struct{}{} },
	}
	t.Cleanup(s.end)
	return s
}

// answeredAll waits until no request is open.
func (s *shelf) answeredAll(t *testing.T) {
	t.Helper()
	wait(t, "all requests are answered", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.child != nil && s.child.drew && len(s.child.waiting) == 0
	})
}

var (
	home     = tray.Request{Window: tray.WindowHome}
	settings = tray.Request{Window: tray.WindowSettings}
	code     = tray.Request{Window: tray.WindowCode, Argument: "lease-1"}
)

func TestOneProcessShowsOneWindowAfterTheOther(t *testing.T) {
	s := newShelf(t, "draws")
	s.show(home)
	s.show(settings)
	s.show(code)
	s.answeredAll(t)
	if got := receive(t, s.started); got != home {
		t.Errorf("the process began with %+v", got)
	}
	if len(s.started) > 0 {
		t.Error("a second process was started")
	}
}

func TestAProcessThatJustLeftIsReplaced(t *testing.T) {
	s := newShelf(t, "leaves", "draws")
	s.show(home)
	s.answeredAll(t)
	s.show(code)
	receive(t, s.started)
	if got := receive(t, s.started); got != code {
		t.Errorf("the second process began with %+v, want %+v", got, code)
	}
	s.answeredAll(t)
}

func TestAProcessThatEndsWithItsWindowsIsNotReplaced(t *testing.T) {
	s := newShelf(t, "draws")
	s.show(home)
	s.answeredAll(t)
	receive(t, s.started)
	_ = s.child.stdin.Close() // as a minute without a window
	wait(t, "the process has ended", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.child == nil
	})
	s.show(settings)
	if got := receive(t, s.started); got != settings {
		t.Errorf("the next process began with %+v, want %+v", got, settings)
	}
	s.answeredAll(t)
	if len(s.failed) > 0 {
		t.Errorf("it was an error: %v", <-s.failed)
	}
}

func TestAProcessThatCannotDrawIsNotTriedForEver(t *testing.T) {
	s := newShelf(t, "fails")
	s.show(home)
	if err := receive(t, s.failed); !strings.Contains(err.Error(), "no OpenGL here") {
		t.Errorf("the error is %v", err)
	}
	s.show(home) // but again when somebody asks again
	receive(t, s.failed)
	if got := len(s.started); got != 2 {
		t.Errorf("%d processes, want one for each request", got)
	}
}

func TestAProgramThatIsMissing(t *testing.T) {
	s := newShelf(t, "draws")
	s.command = func(tray.Request) *exec.Cmd { return exec.Command("/does/not/exist") }
	s.show(home)
	receive(t, s.failed)
}

func TestTheWindowsEndWithTheResident(t *testing.T) {
	s := newShelf(t, "draws")
	s.show(home)
	s.answeredAll(t)
	child := s.child
	s.end()
	wait(t, "the process has ended", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.child == nil
	})
	s.show(home)
	if s.child != nil || child.cmd.ProcessState == nil || !child.cmd.ProcessState.Success() {
		t.Errorf("after the end there is %v, and the process ended with %v", s.child, child.cmd.ProcessState)
	}
}

// A window that hangs must not take the menu with it, nor the memory.
func TestAProcessThatHangsIsNotAskedWithoutEnd(t *testing.T) {
	s := newShelf(t, "hangs")
	s.show(home)
	hung := s.child.cmd.Process
	t.Cleanup(func() { _ = hung.Kill() })
	done := make(chan struct{})
	go func() {
		defer close(done)
		for n := range 20_000 {
			s.show(tray.Request{Window: tray.WindowRenew, Argument: strconv.Itoa(n)})
		}
	}()
	receive(t, done)
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.child.waiting); n > mostWaiting {
		t.Errorf("%d requests wait", n)
	}
}

func TestAWindowThatIsThereIsTold(t *testing.T) {
	s := newShelf(t, "draws")
	s.show(home)
	wait(t, "the window is told of", func() bool { return s.drawn.Load() == 1 })
}

func TestArgumentsOfAWindow(t *testing.T) {
	for _, tt := range []struct {
		request tray.Request
		want    bool
	}{
		{tray.Request{Window: tray.WindowCode, Argument: "--help"}, true},
		{tray.Request{Window: tray.WindowCode, Argument: strings.Repeat("x", longestArgument+1)}, false},
		{tray.Request{Window: tray.WindowCode, Argument: "a\x00b"}, false},
		{tray.Request{Window: "cellar"}, false},
	} {
		if got := known(tt.request); got != tt.want {
			t.Errorf("%.40q: %v, want %v", tt.request, got, tt.want)
		}
	}
	p := &Program{Executable: "/opt/keyshift-tray"}
	cmd := p.windowCommand(t.Context(), "/run/agent.sock")(tray.Request{Window: tray.WindowCode, Argument: "--help"})
	p.Args = cmd.Args[1:]
	if f, err := p.parse(); err != nil || f.About != "--help" || f.Socket != "/run/agent.sock" {
		t.Errorf("the process understands %+v, %v", f, err)
	}
}

func TestChangedWishesAreHeard(t *testing.T) {
	s := newShelf(t, "saves")
	s.show(home)
	receive(t, s.saved)
	s.answeredAll(t)
}

func TestWhoStays(t *testing.T) {
	for executable, want := range map[string]string{
		"/opt/keyshift-tray": "/opt/keyshift-tray", "/opt/keyshift-tray-ui": "/opt/keyshift-tray", `C:\keyshift-tray-ui.exe`: `C:\keyshift-tray.exe`,
	} {
		if got := (&Program{Executable: executable}).stayer(); got != want {
			t.Errorf("for %s it is %s, want %s", executable, got, want)
		}
	}
}

func TestWhoDraws(t *testing.T) {
	p := &Program{Executable: "/opt/keyshift-tray"}
	if got, want := p.drawer(), "/opt/keyshift-tray-ui"; got != want {
		t.Errorf("without windows it is %s, want %s", got, want)
	}
	p.Executable = `C:\keyshift-tray.exe`
	if got, want := p.drawer(), `C:\keyshift-tray-ui.exe`; got != want {
		t.Errorf("on Windows it is %s, want %s", got, want)
	}
}
