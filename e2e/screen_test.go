package e2e

import (
	"sync"

	"github.com/godbus/dbus/v5"
	"github.com/rogpeppe/go-internal/testscript"
)

const (
	saverName  = "org.freedesktop.ScreenSaver"
	saverPath  = dbus.ObjectPath("/org/freedesktop/ScreenSaver")
	saverIface = saverName
)

// screen plays the screen locker of one desktop.
type screen struct {
	conn *dbus.Conn

	mu     sync.Mutex
	locked bool
}

// GetActive is what the agent asks.
func (s *screen) GetActive() (bool, *dbus.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.locked, nil
}

// cmdScreen locks or unlocks the screen of this desktop, and says so on its bus.
func cmdScreen(ts *testscript.TestScript, neg bool, args []string) {
	mustBe(ts, !neg && len(args) == 1 && (args[0] == "lock" || args[0] == "unlock"), "screen lock|unlock")
	w := worldOf(ts)
	d := w.here(ts)
	if d.screen == nil {
		d.screen = w.newScreen(ts, d)
	}
	d.screen.mu.Lock()
	d.screen.locked = args[0] == "lock"
	d.screen.mu.Unlock()
	ts.Check(d.screen.conn.Emit(saverPath, saverIface+".ActiveChanged", args[0] == "lock"))
}

func (w *world) newScreen(ts *testscript.TestScript, d *desktop) *screen {
	conn, err := dbus.Connect(d.Address)
	ts.Check(err)
	w.t.Cleanup(func() { _ = conn.Close() })
	s := &screen{conn: conn}
	ts.Check(conn.Export(s, saverPath, saverIface))
	reply, err := conn.RequestName(saverName, dbus.NameFlagDoNotQueue)
	ts.Check(err)
	mustBe(ts, reply == dbus.RequestNameReplyPrimaryOwner, "one screen locker on a desktop")
	return s
}
