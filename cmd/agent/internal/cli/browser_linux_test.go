package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/keyshift-hq/keyshift/internal/agent/nativehost"
	"github.com/keyshift-hq/keyshift/internal/api"
)

// TestBrowserInstall needs no agent: it is about files that browsers read.
func TestBrowserInstall(t *testing.T) {
	w := newWorld(t)
	home := t.TempDir()
	w.env["HOME"] = home
	w.run("browser", "install", "--extension-id", "xyz").want(t, api.ExitBadInput, "no id of an extension")
	w.run("browser", "install").want(t, api.ExitNotFound, "No browser was found")
	if err := os.MkdirAll(filepath.Join(home, ".config/chromium"), 0o700); err != nil {
		t.Fatal(err)
	}
	manifest := filepath.Join(home, ".config/chromium/NativeMessagingHosts/com.keyshift.agent.json")
	w.run("browser").want(t, api.ExitOK, "missing", manifest)
	const id = "abcdefghijklmnopabcdefghijklmnop"
	w.run("browser", "install", "--extension-id", id).want(t, api.ExitOK, manifest)
	raw, err := os.ReadFile(manifest)
	if err != nil || !strings.Contains(string(raw), `"path": "/usr/bin/keyshift-agent"`) || !strings.Contains(string(raw), "chrome-extension://"+id+"/") {
		t.Errorf("got %s, %v", raw, err)
	}
	if got := nativehost.Recorded(filepath.Join(home, ".local/state/keyshift")); len(got) != 1 || got[0] != id {
		t.Errorf("recorded %q", got)
	}
	w.run("browser", "install", "--browser", "firefox").want(t, api.ExitOK, "Firefox")
	if _, err := os.Stat(filepath.Join(home, ".mozilla/native-messaging-hosts/com.keyshift.agent.json")); err != nil {
		t.Error(err)
	}
	w.run("browser", "remove").want(t, api.ExitOK, "missing")
	if _, err := os.Stat(manifest); err == nil {
		t.Error("the manifest is still there")
	}
	if got := nativehost.Recorded(filepath.Join(home, ".local/state/keyshift")); len(got) > 0 {
		t.Errorf("still recorded: %q", got)
	}
}
