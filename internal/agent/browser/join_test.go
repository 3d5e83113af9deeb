package browser

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/keyshift-hq/keyshift/internal/agent/nativehost"
	"github.com/keyshift-hq/keyshift/internal/agent/workbrowser"
)

// TestWorkBrowserFindsTheAgent: a Chromium with a folder of its own does not look into that of the user.
func TestWorkBrowserFindsTheAgent(t *testing.T) {
	state, folder := t.TempDir(), t.TempDir()
	const id = "abcdefghijklmnopabcdefghijklmnop"
	if err := nativehost.Record(state, id); err != nil {
		t.Fatal(err)
	}
	if err := prepare(state)(workbrowser.Browser{ID: "firefox", Family: workbrowser.Firefox}, folder); err != nil {
		t.Fatal(err)
	}
	manifest := filepath.Join(folder, "NativeMessagingHosts", "com.keyshift.agent.json")
	if _, err := os.Stat(manifest); err == nil {
		t.Error("Firefox has a manifest that it does not read")
	}
	if err := prepare(state)(workbrowser.Browser{ID: "chromium", Family: workbrowser.Chromium}, folder); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(manifest)
	own, _ := os.Executable()
	if err != nil || !strings.Contains(string(raw), own) || !strings.Contains(string(raw), id) {
		t.Errorf("got %s, %v", raw, err)
	}
}
