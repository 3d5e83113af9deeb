package app

import (
	"context"
	"path/filepath"
)

// runtimeDir is nothing: pipes have no folder.
func runtimeDir(func(string) string) (string, error) { return "", nil }

func hasDisplay(func(string) string) bool { return true }

func hasBus(func(string) string) bool { return true }

func reachesBus(context.Context, func(string) string) error { return nil }

// userFolders is that of the tray's settings; what is started at login stands in the registry.
func userFolders(env func(string) string) (settings, autostart string, ok bool) {
	data := env("APPDATA")
	return filepath.Join(data, "Keyshift"), "", filepath.IsAbs(data)
}
