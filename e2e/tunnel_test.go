package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/keyshift-hq/keyshift/internal/systest/badnet"
)

// cmdTunnel starts a company's HTTP proxy. What passes it goes to a file, so that a sweep looks there too.
func cmdTunnel(ts *testscript.TestScript, neg bool, args []string) {
	mustBe(ts, !neg && len(args) <= 1, "tunnel [USER:PASSWORD]")
	w := worldOf(ts)
	tunnel := badnet.NewTunnel(w.t, func(string) string { return strings.TrimPrefix(w.hubs[theHub].url, "https://") }, strings.Join(args, ""))
	w.tunnel = tunnel
	ts.Setenv("TUNNEL", tunnel.Addr())
}

// cmdTunneled looks at what was asked of the tunnel, and leaves what passed it with the logs.
func cmdTunneled(ts *testscript.TestScript, neg bool, args []string) {
	mustBe(ts, len(args) == 1, "tunneled REGEX")
	w := worldOf(ts)
	asked, passed := w.tunnel.Recorded()
	ts.Check(os.WriteFile(filepath.Join(w.logs, "tunnel"), passed, 0o600))
	find, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	if find.MatchString(asked) == neg {
		ts.Fatalf("asked of the tunnel:\n%s", asked)
	}
}
