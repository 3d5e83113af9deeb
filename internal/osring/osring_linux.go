package osring

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"
)

const (
	busVariable = "DBUS_SESSION_BUS_ADDRESS"

	secretsName = "org.freedesktop.secrets"
	secretsPath = "/org/freedesktop/secrets"
	readAlias   = "org.freedesktop.Secret.Service.ReadAlias"
	isLocked    = "org.freedesktop.Secret.Error.IsLocked"
	noKeyring   = dbus.ObjectPath("/")

	// notUnlocked is go-keyring's text for a collection or item that stays
	// locked, and also for a default collection that does not exist.
	notUnlocked = "failed to unlock correct collection"
)

// connect makes sure that there is a session bus. The returned function closes
// go-keyring's connection to it: a kept one would gather a channel and
// goroutines with every prompt, which go-keyring never unsubscribes.
func connect() (hangUp func(), err error) {
	if err := findBus(); err != nil {
		return nil, err
	}
	conn, err := dbus.SessionBus()
	if err != nil {
		return nil, because(ErrUnavailable, err)
	}
	hangUp = func() { _ = conn.Close() }
	if err := watchProvider(conn); err != nil {
		hangUp()
		return nil, because(ErrUnavailable, err)
	}
	return hangUp, nil
}

// watchProvider ends the wait for a prompt whose provider goes away, say when a
// person quits KeePassXC under its dialog: go-keyring takes the next signal of
// any kind for an answer, and without this one it would wait for ever.
func watchProvider(conn *dbus.Conn) error {
	return conn.AddMatchSignal(
		dbus.WithMatchSender("org.freedesktop.DBus"),
		dbus.WithMatchMember("NameOwnerChanged"),
		dbus.WithMatchArg(0, secretsName))
}

// findBus reads the environment, which otherwise only cmd may do, because the
// D-Bus library reads it too: it runs dbus-launch when it finds no address, so
// an address found in the runtime directory is put where it looks first.
func findBus() error {
	address := os.Getenv(busVariable)
	if address != "" && !strings.HasPrefix(address, "autolaunch:") {
		return nil
	}
	socket := filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), "bus")
	if !filepath.IsAbs(socket) || !isSocket(socket) {
		return fmt.Errorf("%w: no session bus: %s is not set and there is no socket $XDG_RUNTIME_DIR/bus", ErrUnavailable, busVariable)
	}
	return os.Setenv(busVariable, "unix:path="+dbus.EscapeBusAddressValue(socket))
}

func isSocket(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().Type() == os.ModeSocket
}

func classifyOS(err error) error {
	var answer dbus.Error
	switch {
	case errors.As(err, &answer) && answer.Name == isLocked:
		return because(ErrLocked, err)
	case !strings.Contains(err.Error(), notUnlocked):
		return because(ErrUnavailable, err)
	case lacksDefault():
		return fmt.Errorf("%w: the Secret Service has no default keyring yet", ErrUnavailable)
	}
	return because(ErrLocked, err)
}

// lacksDefault says whether the provider answers and has no default keyring.
func lacksDefault() bool {
	if findBus() != nil {
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	conn, err := dbus.SessionBus()
	if err != nil {
		return false
	}
	var path dbus.ObjectPath
	service := conn.Object(secretsName, secretsPath)
	err = service.CallWithContext(ctx, readAlias, 0, "default").Store(&path)
	return err == nil && path == noKeyring
}
