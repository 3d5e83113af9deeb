//go:build linux

package main

import (
	"os"
	"path/filepath"
)

// openTray opens the tray where there is a display, with its windows if they were built.
func (d *demo) openTray() error {
	if os.Getenv("DISPLAY") == "" {
		return nil
	}
	if _, err := os.Stat(filepath.Join(d.bin, "keyshift-tray")); err != nil {
		return nil
	}
	say("The tray is open: look for the key in your panel. Where there is no tray, its window is on the screen.")
	out, err := d.start(d.program("keyshift-tray"))
	if err != nil {
		return err
	}
	drain(out)
	return nil
}
