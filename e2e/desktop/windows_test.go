//go:build linux

package desktop

import (
	"os"
	"os/exec"
	"strings"

	"github.com/keyshift-hq/keyshift/internal/systest/realdesk"
)

// hasUI reports whether there is a program that draws windows.
func hasUI() bool { return os.Getenv(uiVariable) != "" }

// wantWindow waits until a window with a title is on the screen, and gives its number.
func (d *desk) wantWindow(title string) (number string) {
	d.t.Helper()
	realdesk.Eventually(d.t, "there is a window "+title, func() bool {
		cmd := exec.Command("xdotool", "search", "--onlyvisible", "--name", title)
		cmd.Env = d.Env()
		out, err := cmd.Output()
		number = strings.TrimSpace(string(out))
		return err == nil && number != ""
	})
	return number
}
