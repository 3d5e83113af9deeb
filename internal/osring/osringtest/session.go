package osringtest

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// patience bounds the wait for a program that was started.
const patience = 20 * time.Second

// Session is a private D-Bus session with a home and a runtime directory of its
// own, without display. It ends with the test.
type Session struct {
	Home    string // HOME, with the XDG directories under it
	Runtime string // XDG_RUNTIME_DIR, mode 0700
	Address string // DBUS_SESSION_BUS_ADDRESS, the socket Runtime/bus

	config  string
	stopBus func()
}

// StartSession starts a session bus on which nobody answers: no service is
// started on demand, whatever the machine has installed.
func StartSession(t testing.TB) *Session {
	t.Helper()
	return startSession(t, "")
}

// StartDesktopSession starts a session bus that starts the machine's services
// on demand, as on a desktop where nothing is unlocked: the first call for
// org.freedesktop.secrets starts gnome-keyring-daemon if it is installed.
func StartDesktopSession(t testing.TB) *Session {
	t.Helper()
	return startSession(t, "<standard_session_servicedirs/>")
}

func startSession(t testing.TB, services string) *Session {
	t.Helper()
	// The path of a socket has at most 107 bytes: too few for t.TempDir.
	dir, err := os.MkdirTemp("", "ks-session-")
	check(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	s := &Session{Home: filepath.Join(dir, "home"), Runtime: filepath.Join(dir, "run"), config: filepath.Join(dir, "bus.conf")}
	s.Address = "unix:path=" + filepath.Join(s.Runtime, "bus")
	check(t, os.Mkdir(s.Home, 0o700))
	check(t, os.Mkdir(s.Runtime, 0o700))
	check(t, os.WriteFile(s.config, []byte(fmt.Sprintf(busConfig, s.Address, services)), 0o600))
	s.StartBus(t)
	return s
}

const busConfig = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <keep_umask/>
  <listen>%s</listen>
  <auth>EXTERNAL</auth>
  %s
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
`

// StartBus starts the bus again after StopBus, at the same address.
func (s *Session) StartBus(t testing.TB) {
	t.Helper()
	cmd := exec.Command("dbus-daemon", "--nofork", "--nopidfile", "--print-address=1", "--config-file="+s.config) //nolint:gosec // a file of the test's own
	cmd.Env = s.Env()
	out, err := cmd.StdoutPipe()
	check(t, err)
	s.stopBus = start(t, cmd)
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		s.stopBus()
		t.Fatalf("read address of dbus-daemon: %v: %s", err, cmd.Stderr)
	}
}

// StopBus kills the bus, as a logout does. Everything on it loses its
// connection.
func (s *Session) StopBus() { s.stopBus() }

// Env returns the environment of the session as NAME=value, for programs that
// shall run in it.
func (s *Session) Env() []string {
	return []string{
		"HOME=" + s.Home,
		"XDG_RUNTIME_DIR=" + s.Runtime,
		"XDG_DATA_HOME=" + filepath.Join(s.Home, ".local", "share"),
		"XDG_CONFIG_HOME=" + filepath.Join(s.Home, ".config"),
		"XDG_CACHE_HOME=" + filepath.Join(s.Home, ".cache"),
		"DBUS_SESSION_BUS_ADDRESS=" + s.Address,
		"DISPLAY=",
		"WAYLAND_DISPLAY=",
	}
}

// Setenv puts the test's own process into the session, until the test ends. The
// test cannot be parallel.
func (s *Session) Setenv(t testing.TB) {
	t.Helper()
	for _, variable := range s.Env() {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
}

// StartMock serves a MockSecretService in the session until the test ends.
func (s *Session) StartMock(t testing.TB) *MockSecretService {
	t.Helper()
	mock, err := ServeMock(s.Address)
	check(t, err)
	t.Cleanup(func() { _ = mock.Close() })
	return mock
}

// start runs cmd and returns a function that kills it and waits for its end,
// which the end of the test does too.
func start(t testing.TB, cmd *exec.Cmd) (stop func()) {
	t.Helper()
	cmd.Stderr = &strings.Builder{}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", cmd.Path, err)
	}
	stop = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	t.Cleanup(stop)
	return stop
}

// await polls until done says so, because programs do not tell when they are
// ready. It says whether that happened in time.
func await(done func() bool) bool {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	late := time.After(patience)
	for !done() {
		select {
		case <-tick.C:
		case <-late:
			return false
		}
	}
	return true
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
