//go:build linux

// Package realdesk starts a real desktop for tests, on a screen that nobody sees: an X server with a window manager, a
// session bus, a keyring, and, if asked for, a panel with a tray and a notification server. What programs show there can be
// read and clicked.
//
//	d := realdesk.Start(t)
//	d.StartPanel(t)
//	d.StartNotifications(t)
//
// scripts/setup.sh test installs what it needs. Everything ends with the test, each process by its own id.
package realdesk

import (
	"bufio"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/keyshift-hq/keyshift/internal/osring/osringtest"
	"github.com/keyshift-hq/keyshift/internal/until"
)

// Patience bounds the wait for anything that a program is expected to do.
const Patience = 30 * time.Second

// KeyringPassword opens the keyring.
const KeyringPassword = "a login password"

// Desk is one person's desktop.
type Desk struct {
	*osringtest.Session
	// Display is the screen's name: ":7".
	Display string
	// Bus is a connection of the test's own to the session bus.
	Bus *dbus.Conn

	notices string // a file with what was notified
}

// Start starts a desktop without panel and notifications.
func Start(t testing.TB) *Desk {
	t.Helper()
	d := &Desk{Session: osringtest.StartDesktopSession(t)}
	d.startScreen(t)
	d.StartGnomeKeyring(t, KeyringPassword)
	d.Run(t, "openbox")
	bus, err := dbus.Connect(d.Address)
	must(t, err)
	t.Cleanup(func() { _ = bus.Close() })
	d.Bus = bus
	return d
}

// startScreen lets the X server choose a free number.
func (d *Desk) startScreen(t testing.TB) {
	t.Helper()
	cmd := exec.Command("Xvfb", "-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp", "-noreset")
	out, err := cmd.StdoutPipe()
	must(t, err)
	start(t, cmd)
	number, err := bufio.NewReader(out).ReadString('\n')
	must(t, err)
	d.Display = ":" + strings.TrimSpace(number)
}

// Env is the environment of programs on the desktop.
func (d *Desk) Env() []string {
	return append(d.Session.Env(), "DISPLAY="+d.Display, "LANG=C.UTF-8", "TZ=UTC", "PATH=/usr/local/bin:/usr/bin:/bin", "NO_AT_BRIDGE=1")
}

// Run starts a program on the desktop, which ends with the test.
func (d *Desk) Run(t testing.TB, name string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(name, args...) // #nosec G204 -- programs of tests
	cmd.Env = d.Env()
	start(t, cmd)
	return cmd
}

// StartPanel starts a panel, and waits until its tray is there.
func (d *Desk) StartPanel(t testing.TB) {
	t.Helper()
	d.Run(t, "xfce4-panel", "--disable-wm-check")
	Eventually(t, "the panel has a tray", func() bool {
		var there bool
		err := d.Bus.BusObject().Call("org.freedesktop.DBus.NameHasOwner", 0, watcher).Store(&there)
		return err == nil && there
	})
}

// Eventually waits until something is so, and fails the test if that takes too long.
func Eventually(t testing.TB, what string, so func() bool) {
	t.Helper()
	if err := until.True(what, Patience, so); err != nil {
		t.Fatal(err)
	}
}

// start starts a program, which is killed at the end of the test.
func start(t testing.TB, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v (scripts/setup.sh test installs it)", cmd.Path, err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
