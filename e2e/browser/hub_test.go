package browser

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/keyshift-hq/keyshift/internal/greeting"
)

// practiceHost is where the practice network is.
const practiceHost = "practice.example.com"

// startHub serves a hub and gives the code of its first owner.
func (c *company) startHub() (code string) {
	c.Helper()
	out, write, err := os.Pipe()
	c.check(err)
	defer out.Close()
	cmd := exec.Command(filepath.Join(c.bin, "keyshift-hub"), "serve", "--name", "Acme", "--listen", "127.0.0.1:0", "--practice", practiceHost)
	cmd.Env, cmd.Stdout = c.env(c.alice), write
	c.start("hub", cmd)
	c.check(write.Close())
	lines, said := bufio.NewReader(out), ""
	for code == "" {
		line, err := lines.ReadString('\n')
		if err != nil {
			c.Fatalf("the hub says %q: %v", said, err)
		}
		said += line
		code, err = greeting.Code(said)
		c.check(err)
	}
	c.hubURL = greeting.URL(said)
	return code
}

// hubProgram is the process of the hub, which was started first.
func (c *company) hubProgram() *os.Process { return c.programs[0].Process }

// hub runs a command of Alice, which has to succeed.
func (c *company) hub(input string, args ...string) string {
	c.Helper()
	out, err := c.run(c.alice, input, "keyshift-hub", args...)
	c.check(err)
	return out
}

// lease is what the hub says of a lease.
type lease struct {
	ID, Network, State string
	Removal            struct {
		Step, Text     string
		BrowserPending bool
	}
}

// newest gives the newest lease on a network.
func (c *company) newest(network string) lease {
	c.Helper()
	var list struct{ Leases []lease }
	c.check(json.Unmarshal([]byte(c.hub("", "leases", "list", "--all", "--json")), &list))
	for _, l := range list.Leases {
		if l.Network == "NETWORK_"+strings.ToUpper(strings.Replace(network, "desk", "site", 1)) {
			return l
		}
	}
	return lease{}
}

// events are the actions in the audit log, the newest first.
func (c *company) events() (actions []string, text string) {
	c.Helper()
	text = c.hub("", "audit", "list", "--json")
	var log struct{ Events []struct{ Action string } }
	c.check(json.Unmarshal([]byte(text), &log))
	for _, e := range log.Events {
		actions = append(actions, e.Action)
	}
	return actions, text
}
