//go:build linux

// Package desktop tells stories of keyshift-tray on a real desktop, on a screen that nobody sees: a panel with a tray, a
// notification server and a keyring as Debian has them, the real agent, and the real hub. What the tray shows is read over
// D-Bus, as a panel reads it, and clicked in the same way.
//
// Windows need Fyne and minutes to compile. With the path of a built keyshift-tray-ui in $KEYSHIFT_TRAY_UI there are
// stories about them, too: `make test-desktop`.
package desktop

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/keyshift-hq/keyshift/internal/systest/programs"
	"github.com/keyshift-hq/keyshift/internal/systest/realhub"
)

// uiVariable names the program that draws windows.
const uiVariable = "KEYSHIFT_TRAY_UI"

// bin is the folder with the programs.
var bin string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "keyshift-desktop-")
	if err == nil {
		defer os.RemoveAll(dir)
		bin = dir
		err = errors.Join(programs.Put(bin, "keyshift-agent", "keyshift-tray"), linkUI())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "desktop:", err)
		return 1
	}
	return realhub.Main(m)
}

func linkUI() error {
	ui := os.Getenv(uiVariable)
	if ui == "" {
		return nil
	}
	return os.Symlink(ui, filepath.Join(bin, "keyshift-tray-ui"))
}
