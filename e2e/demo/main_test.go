//go:build linux

package main

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/systest/programs"
)

// TestTheBrowserPart tells the parts of `make run` that are in a browser, the last one while another account is lent, on
// the real programs, a real keyring and the real Chromium; e2e tells the rest. Nothing is left of it.
func TestTheBrowserPart(t *testing.T) {
	bin := t.TempDir()
	scratch, err := os.MkdirTemp("", "ks-") // short: a socket is made below it
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(scratch)
	if err := programs.Put(bin, "keyshift-hub", "keyshift-agent"); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", scratch)
	for _, name := range []string{"DISPLAY", "XDG_RUNTIME_DIR", busVariable} { // neither a desktop nor its keyring is the test's
		t.Setenv(name, "")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	d := &demo{ctx: ctx, bin: bin, once: true, extension: "../../extension"}
	if err := d.inPlace(func() error { return first(d.company, d.letExpire, d.work, d.ownBrowser) }); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(scratch)
	if err != nil || len(left) > 0 {
		t.Errorf("left are %v, %v", left, err)
	}
	if d.browser == nil {
		t.Fatal("no browser was driven")
	}
	if _, err := os.Stat(filepath.Join("/proc", strconv.Itoa(d.browser.PID()))); !os.IsNotExist(err) {
		t.Errorf("the browser still runs: %v", err)
	}
}
