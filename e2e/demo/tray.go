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
	tray := d.program("keyshift-tray")
	if d.desktop != "" { // the demo may have a bus of its own, which no panel knows
		tray.Env = append(tray.Env, busVariable+"="+d.desktop)
	}
	out, err := d.start(tray)
	if err != nil {
		return err
	}
	drain(out)
	return nil
}
