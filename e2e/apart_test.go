package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// What a test binary that was started apart finds in its environment.
const (
	apartVariable = "KEYSHIFT_E2E_APART"
	binVariable   = "KEYSHIFT_E2E_BIN"
)

// TestStoriesApart tells the stories that turn clocks and pull cables. They have network, mounts and clocks of their own,
// which is why this binary starts itself once more.
func TestStoriesApart(t *testing.T) {
	if os.Getenv(apartVariable) != "" {
		testscript.Run(t, testscript.Params{Dir: "testdata/apart", Setup: newWorld, Cmds: commands(), RequireUniqueNames: true})
		return
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "unshare", apartFlags("sh", "-c", `ip link set lo up && mount -t tmpfs tmpfs /run && exec "$@"`, "sh",
		self, "-test.run=^TestStoriesApart$", "-test.v", "-test.timeout=8m")...)
	cmd.Env = append(os.Environ(), apartVariable+"=1", binVariable+"="+bin)
	cmd.Cancel, cmd.WaitDelay = func() error { return cmd.Process.Signal(os.Interrupt) }, time.Minute
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func apartFlags(command ...string) []string {
	flags := []string{"--net", "--mount"}
	if os.Geteuid() != 0 {
		flags = append(flags, "--user", "--map-root-user")
	}
	return append(flags, command...)
}

// The two ends of a cable.
const hubEnd, deskEnd = "10.99.7.1", "10.99.7.2"

// cmdCable puts the agent of this desktop into a network that one cable joins to the hub's.
func cmdCable(ts *testscript.TestScript, neg bool, args []string) {
	mustBe(ts, !neg && len(args) == 0, "cable")
	d := worldOf(ts).here(ts)
	space, near, far := "desk-"+d.name, "hub-"+d.name, "desk"
	for _, line := range [][]string{
		{"netns", "add", space},
		{"link", "add", near, "type", "veth", "peer", "name", far, "netns", space},
		{"address", "add", hubEnd + "/24", "dev", near},
		{"link", "set", near, "up"},
		{"-n", space, "address", "add", deskEnd + "/24", "dev", far},
		{"-n", space, "link", "set", far, "up"},
		{"-n", space, "link", "set", "lo", "up"},
	} {
		runIP(ts, line...)
	}
	d.under = []string{"ip", "netns", "exec", space}
	ts.Setenv("CABLE", hubEnd)
	ts.Defer(func() {
		runIP(ts, "link", "delete", near)
		runIP(ts, "netns", "delete", space)
	})
}

func runIP(ts *testscript.TestScript, args ...string) {
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		ts.Fatalf("ip %v: %v\n%s", args, err, out)
	}
}

// cable pulls the cable of this desktop at its own end, or plugs it in.
func cable(state string) command {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		mustBe(ts, !neg && len(args) == 0, "unplug, plug")
		runIP(ts, "-n", fmt.Sprint("desk-", worldOf(ts).here(ts).name), "link", "set", "desk", state)
	}
}
