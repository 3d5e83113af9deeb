package presence

import (
	"io"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/keyshift-hq/keyshift/internal/osring/osringtest"
)

// desktop is a session with real buses on which services are played.
type desktop struct {
	t       *testing.T
	session *osringtest.Session
	system  *osringtest.Session
}

func newDesktop(t *testing.T) *desktop {
	t.Helper()
	d := &desktop{t, osringtest.StartSession(t), osringtest.StartSession(t)}
	d.session.Setenv(t)
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", d.system.Address)
	return d
}

// service takes a name on a bus.
func (d *desktop) service(bus *osringtest.Session, name string) *dbus.Conn {
	d.t.Helper()
	conn, err := dbus.Connect(bus.Address)
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { _ = conn.Close() })
	if reply, err := conn.RequestName(name, dbus.NameFlagDoNotQueue); err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
		d.t.Fatalf("take name %s: %v, %v", name, reply, err)
	}
	return conn
}

// play answers a method with values.
func (d *desktop) play(conn *dbus.Conn, path dbus.ObjectPath, iface string, methods map[string]any) {
	d.t.Helper()
	if err := conn.ExportMethodTable(methods, path, iface); err != nil {
		d.t.Fatal(err)
	}
}

func answering[T any](value T) func() (T, *dbus.Error) {
	return func() (T, *dbus.Error) { return value, nil }
}

// properties plays the properties of one object, by interface and name.
func (d *desktop) properties(conn *dbus.Conn, path dbus.ObjectPath, values map[string]any) {
	d.play(conn, path, propsIface, map[string]any{"Get": func(iface, name string) (dbus.Variant, *dbus.Error) {
		value, ok := values[iface+"."+name]
		if !ok {
			return dbus.Variant{}, dbus.NewError("org.freedesktop.DBus.Error.InvalidArgs", nil)
		}
		return dbus.MakeVariant(value), nil
	}})
}

func (d *desktop) desk() *Desk {
	desk := New()
	d.t.Cleanup(desk.Close)
	return desk
}

func TestEverySourceIsHeard(t *testing.T) {
	for _, s := range savers {
		t.Run(s.name, func(t *testing.T) {
			d := newDesktop(t)
			d.play(d.service(d.session, s.name), s.path, s.name, map[string]any{"GetActive": answering(true)})
			if got := d.desk().Look(t.Context()); got != (State{Locked: true}) {
				t.Errorf("%+v, want a locked screen", got)
			}
		})
	}
	t.Run("Mutter", func(t *testing.T) {
		d := newDesktop(t)
		watched := make(chan struct{}, 2)
		d.play(d.service(d.session, mutterName), mutterPath, mutterName, map[string]any{
			"GetIdletime":        answering(uint64(IdleAfter.Milliseconds())),
			"AddUserActiveWatch": func() (uint32, *dbus.Error) { watched <- struct{}{}; return 1, nil },
		})
		desk := d.desk()
		for range 2 {
			if got := desk.Look(t.Context()); got != (State{Idle: IdleAfter}) {
				t.Errorf("%+v, want idle for %v", got, IdleAfter)
			}
		}
		if len(watched) != 1 {
			t.Errorf("the user's return is watched for %d times, want once", len(watched))
		}
	})
	for _, quiet := range []string{notifyName + ".Inhibited", dunstIface + ".paused"} {
		t.Run(quiet, func(t *testing.T) {
			d := newDesktop(t)
			d.properties(d.service(d.session, notifyName), notifyPath, map[string]any{quiet: true})
			if got := d.desk().Look(t.Context()); got != (State{Quiet: true}) {
				t.Errorf("%+v, want quiet", got)
			}
		})
	}
	t.Run("Xfce", func(t *testing.T) {
		d := newDesktop(t)
		d.play(d.service(d.session, xfconfName), xfconfPath, xfconfName, map[string]any{
			"GetProperty": func(channel, name string) (dbus.Variant, *dbus.Error) {
				return dbus.MakeVariant(channel == "xfce4-notifyd" && name == "/do-not-disturb"), nil
			},
		})
		if got := d.desk().Look(t.Context()); got != (State{Quiet: true}) {
			t.Errorf("%+v, want quiet", got)
		}
	})
}

func TestLogindIsHeard(t *testing.T) {
	d := newDesktop(t)
	conn := d.service(d.system, logindName)
	path := logindSpace + "/_32"
	d.properties(conn, logindUser, map[string]any{userIface + ".Display": display{"2", path}})
	since := time.Now().Add(-10 * time.Minute)
	d.properties(conn, path, map[string]any{
		sessIface + ".LockedHint": true, sessIface + ".IdleHint": true, sessIface + ".IdleSinceHint": uint64(since.UnixMicro()), //nolint:gosec // after 1970
	})
	got := d.desk().Look(t.Context())
	if !got.Locked || got.Idle < 10*time.Minute || got.Idle > time.Since(since) {
		t.Errorf("%+v, want locked and idle for 10 minutes", got)
	}
}

func TestWhatIsUnknownCountsAsActive(t *testing.T) {
	t.Run("nobody answers", func(t *testing.T) {
		if got := newDesktop(t).desk().Look(t.Context()); got != (State{}) {
			t.Errorf("%+v, want nothing", got)
		}
	})
	t.Run("no bus", func(t *testing.T) {
		d := newDesktop(t)
		d.session.StopBus()
		d.system.StopBus()
		if got := d.desk().Look(t.Context()); got != (State{}) {
			t.Errorf("%+v, want nothing", got)
		}
	})
	t.Run("nonsense", func(t *testing.T) {
		d := newDesktop(t)
		d.play(d.service(d.session, savers[0].name), savers[0].path, savers[0].name, map[string]any{"GetActive": answering("perhaps")})
		d.play(d.service(d.session, mutterName), mutterPath, mutterName, map[string]any{"GetIdletime": answering(uint64(1 << 63))})
		d.properties(d.service(d.session, notifyName), notifyPath, map[string]any{notifyName + ".Inhibited": "yes"})
		d.properties(d.service(d.system, logindName), logindUser, map[string]any{userIface + ".Display": "2"})
		if got := d.desk().Look(t.Context()); got != (State{}) {
			t.Errorf("%+v, want nothing", got)
		}
	})
	t.Run("one hangs", func(t *testing.T) {
		d := newDesktop(t)
		over := make(chan struct{})
		t.Cleanup(func() { close(over) })
		d.play(d.service(d.session, savers[0].name), savers[0].path, savers[0].name, map[string]any{
			"GetActive": func() (bool, *dbus.Error) { <-over; return true, nil },
		})
		d.properties(d.service(d.session, notifyName), notifyPath, map[string]any{notifyName + ".Inhibited": true})
		if got := d.desk().Look(t.Context()); got != (State{Quiet: true}) {
			t.Errorf("%+v, want what the others say", got)
		}
	})
}

// TestABusThatHangsIsLeftAlone: whoever looks every few seconds must not keep a connection of each look.
func TestABusThatHangsIsLeftAlone(t *testing.T) {
	for name, says := range map[string]string{"silent": "", "refuses": "REJECTED\r\n"} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "bus")
			t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+path)
			t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/does/not/exist")
			l, err := net.Listen("unix", path)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			ended := make(chan error, 1)
			go func() { ended <- hearOut(l, says) }()
			desk := New()
			defer desk.Close()
			if got := desk.Look(t.Context()); got != (State{}) {
				t.Errorf("%+v, want nothing", got)
			}
			select {
			case err := <-ended:
				if err != nil {
					t.Error(err)
				}
			case <-time.After(20 * time.Second):
				t.Error("the connection stays")
			}
		})
	}
}

// hearOut says something to who comes first, and hears them until they leave.
func hearOut(l net.Listener, says string) error {
	c, err := l.Accept()
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := io.WriteString(c, says); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, c)
	return err
}

// await fails if nothing is told for far longer than a signal takes.
func await(t *testing.T, desk *Desk, what string) {
	t.Helper()
	select {
	case <-desk.Changes():
	case <-time.After(20 * time.Second):
		t.Fatalf("nothing was told of %s", what)
	}
}

func TestAChangeIsTold(t *testing.T) {
	d := newDesktop(t)
	active := make(chan bool, 1)
	conn := d.service(d.session, savers[0].name)
	d.play(conn, savers[0].path, savers[0].name, map[string]any{"GetActive": func() (bool, *dbus.Error) {
		now := <-active
		active <- now
		return now, nil
	}})
	desk := d.desk()
	active <- false
	if got := desk.Look(t.Context()); got != (State{}) {
		t.Fatalf("%+v, want an open screen", got)
	}
	<-active
	active <- true
	if err := conn.Emit(savers[0].path, savers[0].name+".ActiveChanged", true); err != nil {
		t.Fatal(err)
	}
	await(t, desk, "the lock")
	if got := desk.Look(t.Context()); got != (State{Locked: true}) {
		t.Errorf("%+v, want a locked screen", got)
	}
	logind := d.service(d.system, logindName)
	if err := logind.Emit(logindSpace+"/_32", propsIface+".PropertiesChanged", sessIface, map[string]dbus.Variant{}, []string{"LockedHint"}); err != nil {
		t.Fatal(err)
	}
	await(t, desk, "logind's hint")
}

func TestALostBusIsJoinedAgain(t *testing.T) {
	d := newDesktop(t)
	desk := d.desk()
	desk.Look(t.Context())
	d.session.StopBus()
	await(t, desk, "the end of the session bus")
	d.session.StartBus(t)
	d.play(d.service(d.session, savers[0].name), savers[0].path, savers[0].name, map[string]any{"GetActive": answering(true)})
	if got := desk.Look(t.Context()); got != (State{Locked: true}) {
		t.Errorf("%+v, want a locked screen", got)
	}
}
