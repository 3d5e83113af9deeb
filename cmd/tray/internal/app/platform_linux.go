package app

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/sessionbus"
)

var errNoRuntimeDir = keyshift.Refuse(keyshift.CodeUnavailable, "XDG_RUNTIME_DIR is not set, so the agent's socket is not to be found.",
	"Start the tray at a desktop, or give --socket.")

// runtimeDir is where sockets of the user lie.
func runtimeDir(env func(string) string) (string, error) {
	if dir := env("XDG_RUNTIME_DIR"); filepath.IsAbs(dir) {
		return dir, nil
	}
	return "", errNoRuntimeDir
}

// hasDisplay reports whether there is something to draw on.
func hasDisplay(env func(string) string) bool {
	return env("DISPLAY") != "" || env("WAYLAND_DISPLAY") != ""
}

// hasBus reports whether there is a session bus. The D-Bus library would start a stray one where it finds none.
func hasBus(env func(string) string) bool {
	if env("DBUS_SESSION_BUS_ADDRESS") != "" {
		return true
	}
	_, err := os.Stat(filepath.Join(env("XDG_RUNTIME_DIR"), "bus"))
	return err == nil
}

// reachesBus reports whether the session bus is there and answers: what shows the icon waits for it without end.
func reachesBus(ctx context.Context, env func(string) string) error {
	if !hasBus(env) {
		return errNoBus
	}
	bus, err := sessionbus.Join(ctx)
	if err == nil {
		_ = bus.Close()
	}
	return err
}

var errNoBus = errors.New("there is no session bus")

// userFolders are those of the tray's settings and of what is started at login (XDG Base Directory Specification).
func userFolders(env func(string) string) (settings, autostart string, ok bool) {
	config := env("XDG_CONFIG_HOME")
	if !filepath.IsAbs(config) {
		if !filepath.IsAbs(env("HOME")) {
			return "", "", false
		}
		config = filepath.Join(env("HOME"), ".config")
	}
	return filepath.Join(config, "keyshift"), config, true
}
