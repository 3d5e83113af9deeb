package app

import (
	"context"
	"path/filepath"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

var errNoHome = keyshift.Refuse(keyshift.CodeUnavailable, "HOME is not set, so the agent's socket is not to be found.", "Set HOME, or give --socket.")

// runtimeDir is where the agent's socket has its folder. It is not $TMPDIR, which the system sweeps.
func runtimeDir(env func(string) string) (string, error) {
	if home := env("HOME"); filepath.IsAbs(home) {
		return filepath.Join(home, "Library", "Application Support"), nil
	}
	return "", errNoHome
}

func hasDisplay(func(string) string) bool { return true }

func hasBus(func(string) string) bool { return true }

func reachesBus(context.Context, func(string) string) error { return nil }

// userFolders are those of the tray's settings and of what is started at login.
func userFolders(env func(string) string) (settings, autostart string, ok bool) {
	home := env("HOME")
	return filepath.Join(home, "Library", "Application Support", "Keyshift"), home, filepath.IsAbs(home)
}
