//go:build linux || darwin

package ipc

import "path/filepath"

func browserPath(agent string) string { return filepath.Join(filepath.Dir(agent), "browser.sock") }
