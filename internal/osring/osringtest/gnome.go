package osringtest

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"
)

// StartGnomeKeyring starts a real gnome-keyring-daemon in the session. With a
// password it makes or unlocks the login keyring and waits until that is open;
// without one, what an earlier daemon of the session stored stays locked. The
// returned function kills it, as the end of the test does.
func (s *Session) StartGnomeKeyring(t testing.TB, password string) (stop func()) {
	t.Helper()
	cmd := exec.Command("gnome-keyring-daemon", "--foreground", "--components=secrets")
	if password != "" {
		cmd.Args = append(cmd.Args, "--unlock")
		cmd.Stdin = strings.NewReader(password)
	}
	cmd.Env = s.Env()
	kill := start(t, cmd)
	conn := s.connect(t)
	if !await(func() bool { return ready(conn, password != "") }) {
		kill()
		t.Fatalf("gnome-keyring-daemon is not ready after %v: %s", patience, cmd.Stderr)
	}
	return func() {
		kill()
		// A daemon that is started before the bus noticed would give up.
		if !await(func() bool { return !owned(conn) }) {
			t.Fatalf("the bus has not noticed the end of gnome-keyring-daemon after %v", patience)
		}
	}
}

// LockGnomeKeyring locks the login keyring, as a locked screen may do. Without
// a display nobody can unlock it again but another StartGnomeKeyring.
func (s *Session) LockGnomeKeyring(t testing.TB) {
	t.Helper()
	service := s.connect(t).Object(secretsName, secretsPath)
	check(t, service.Call(serviceIface+".Lock", 0, []dbus.ObjectPath{loginPath}).Err)
}

func (s *Session) connect(t testing.TB) *dbus.Conn {
	t.Helper()
	conn, err := dbus.Connect(s.Address)
	check(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// ready says whether the Secret Service answers and, if unlocked is wanted,
// whether its login keyring is open.
func ready(conn *dbus.Conn, unlocked bool) bool {
	if !unlocked {
		_, err := property(conn, secretsPath, serviceIface, "Collections")
		return err == nil
	}
	locked, err := property(conn, loginPath, collectIface, "Locked")
	return err == nil && locked.Value() == false
}

func owned(conn *dbus.Conn) (has bool) {
	err := conn.BusObject().Call("org.freedesktop.DBus.NameHasOwner", 0, secretsName).Store(&has)
	return err == nil && has
}

// property does not let the bus start a provider: the one that is being started
// would find the name taken.
func property(conn *dbus.Conn, path dbus.ObjectPath, iface, name string) (value dbus.Variant, err error) {
	object := conn.Object(secretsName, path)
	err = object.Call(propsIface+".Get", dbus.FlagNoAutoStart, iface, name).Store(&value)
	return value, err
}
