//go:build linux

package desktop

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/systest"
	"github.com/keyshift-hq/keyshift/internal/systest/realdesk"
)

// TestADayByKeyboard is a day in the windows, without a mouse: enroll, check out, renew, lose it to a revocation, go home.
func TestADayByKeyboard(t *testing.T) {
	if !hasUI() {
		return // see the package comment
	}
	d := newDesk(t)
	d.StartPanel(t)
	d.company()
	r := d.startTray("--window", "enroll")
	defer d.stopAgent()
	d.notified("The agent was not running")

	// The code, whose hub it is, yes.
	d.wantWindow("Enroll this computer")
	code := systest.Do(t, d.hub.Owner.Users.CreateCode, &v1.CreateCodeRequest{User: "dana", Kind: v1.CodeKind_CODE_KIND_ENROLLMENT}).GetCode()
	d.types(code)
	d.keys("ctrl+Return")
	realdesk.Eventually(t, "the computer is enrolled", func() bool {
		d.keys("Return") // on "yes", once it is there
		status, err := d.agent.Status(t.Context())
		return err == nil && status.GetEnrolled()
	})
	d.keysUntil("Your accounts", "Return") // on "show my accounts"

	// The first account, what for, and it is Dana's.
	d.keysUntil("Check out", "Tab", "Return")
	d.types("answering comments")
	d.keys("ctrl+Return")
	d.wantWindow("Your accounts")
	lease := d.held()
	if lease.GetReason() != "answering comments" {
		t.Errorf("the lease is %v", lease)
	}

	// Prolonged: Enter is on "renew" when the window opens.
	ends := lease.GetEndsAt().AsTime()
	d.ask("--window", "renew", "--about", lease.GetId())
	d.wantWindow("Renew")
	realdesk.Eventually(t, "the lease lasts longer", func() bool {
		d.keys("Return")
		return d.held().GetEndsAt().AsTime().After(ends.Add(time.Millisecond))
	})

	// Taken back: the window says so, and offers to check out again.
	systest.Do(t, d.hub.Owner.Leases.Revoke, &v1.RevokeRequest{Target: &v1.RevokeRequest_LeaseId{LeaseId: lease.GetId()}, Reason: "off-boarding"})
	d.nothingHeld()
	d.keysUntil("Your accounts", "Tab", "Return")

	// Escape at home closes the window, and the tray stays.
	d.keys("Escape")
	realdesk.Eventually(t, "the window is closed", func() bool { return len(d.windows("Keyshift")) == 0 })
	r.entry(r.icon(), "Quit")
}

// xdotool acts as a keyboard would.
func (d *desk) xdotool(args ...string) string {
	d.t.Helper()
	cmd := exec.Command("xdotool", args...)
	cmd.Env = d.Env()
	out, _ := cmd.Output() // no window is no error
	return strings.TrimSpace(string(out))
}

func (d *desk) keys(names ...string) {
	d.xdotool(append([]string{"key", "--delay", "60"}, names...)...)
}

func (d *desk) types(text string) { d.xdotool("type", "--delay", "8", text) }

// keysUntil presses keys again and again until a window has a title.
func (d *desk) keysUntil(title string, names ...string) {
	d.t.Helper()
	realdesk.Eventually(d.t, "keys lead to "+title, func() bool {
		if len(d.windows(title)) > 0 {
			return true
		}
		d.keys(names...)
		return len(d.windows(title)) > 0
	})
}

// windows are the numbers of the windows with a title.
func (d *desk) windows(title string) []string {
	return strings.Fields(d.xdotool("search", "--onlyvisible", "--name", title))
}

// ask asks the tray for a window, as a launcher does.
func (d *desk) ask(args ...string) {
	d.t.Helper()
	if out, err := d.command(args...).CombinedOutput(); err != nil {
		d.t.Fatalf("%v\n%s", err, out)
	}
}

// held waits for the one lease.
func (d *desk) held() (lease *v1.Lease) {
	d.t.Helper()
	realdesk.Eventually(d.t, "there is a lease", func() bool {
		got, err := d.agent.Leases(d.t.Context())
		if err != nil || len(got.GetLeases()) != 1 {
			return false
		}
		lease = got.GetLeases()[0].GetLease()
		return true
	})
	return lease
}
