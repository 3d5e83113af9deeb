//go:build linux

package desktop

import (
	"testing"
)

// TestADeskWithoutATray is GNOME's case, on a computer without OpenGL at that: there is neither a tray nor a window. The
// program says so, stays, and is in the tray as soon as there is one.
func TestADeskWithoutATray(t *testing.T) {
	d := newDesk(t)
	r := d.startTray()
	defer d.stopAgent()
	d.notified("The agent was not running")
	if hasUI() {
		d.wantWindow("Keyshift")
	} else {
		d.notified("Windows can't be shown on this desk.")
	}

	// A second start asks the first for a window, and ends.
	if out, err := d.command("--window", "settings").CombinedOutput(); err != nil {
		t.Errorf("the second start: %v\n%s", err, out)
	}

	d.StartPanel(t)
	icon := r.icon()
	r.entry(icon, "Quit")
	if !hasUI() {
		r.entry(icon, "Windows can't be shown on this desk.")
	}
	if err := r.quit(icon); err != nil {
		t.Errorf("the tray ended with %v", err)
	}
}

// TestAtLoginNothingPops: started by the session, the tray shows nothing before it is asked.
func TestAtLoginNothingPops(t *testing.T) {
	d := newDesk(t)
	r := d.startTray("--background")
	defer d.stopAgent()
	d.notified("The agent was not running")
	d.StartPanel(t)
	r.entry(r.icon(), "Quit")
	list, err := d.Notifications()
	if err != nil || len(list) != 1 {
		t.Errorf("notifications %+v, %v, want only that the agent was started", list, err)
	}
}
