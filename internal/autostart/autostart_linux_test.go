package autostart

import (
	"os"
	"strings"
	"testing"
)

func wantEnabled(t *testing.T, e *Entry, want bool) {
	t.Helper()
	if got, err := e.Enabled(); got != want || err != nil {
		t.Errorf("enabled: %v, %v, want %v", got, err, want)
	}
}

func TestTheStartIsSwitchedOnAndOff(t *testing.T) {
	e := New(t.TempDir(), "/opt/keyshift/keyshift-tray", "--background")
	wantEnabled(t, e, false)
	for range 2 { // saying it twice is saying it once
		if err := e.Set(true); err != nil {
			t.Fatal(err)
		}
		wantEnabled(t, e, true)
	}
	text, err := os.ReadFile(e.path())
	if err != nil || !strings.Contains(string(text), "\nExec=\"/opt/keyshift/keyshift-tray\" \"--background\"\n") {
		t.Errorf("the entry is %q, %v", text, err)
	}
	for range 2 {
		if err := e.Set(false); err != nil {
			t.Fatal(err)
		}
		wantEnabled(t, e, false)
	}
}

func TestADesktopThatSwitchedItOffIsHeard(t *testing.T) {
	e := New(t.TempDir(), "/opt/keyshift/keyshift-tray")
	if err := e.Set(true); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"Hidden=true\n", "X-GNOME-Autostart-enabled=false\n"} {
		if err := os.WriteFile(e.path(), []byte(e.text()+line), 0o600); err != nil {
			t.Fatal(err)
		}
		wantEnabled(t, e, false)
	}
}

func TestPathsAreQuoted(t *testing.T) {
	for path, want := range map[string]string{
		"/usr/bin/keyshift-tray":   `"/usr/bin/keyshift-tray"`,
		"/home/a\nHidden=true\r\t": `"/home/a\nHidden=true\r\t"`,
		`/home/a b/$x%"\`:          `"/home/a b/\\$x%%\\"\\\\"`,
	} {
		if got := quoted(path); got != want {
			t.Errorf("quoted(%s) = %s, want %s", path, got, want)
		}
	}
}
