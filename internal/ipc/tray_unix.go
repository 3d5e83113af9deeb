//go:build linux || darwin

package ipc

import "path/filepath"

func trayPath(agent string) string { return filepath.Join(filepath.Dir(agent), "tray.sock") }
