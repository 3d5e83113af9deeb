package browser

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"

	"github.com/keyshift-hq/keyshift/internal/osring/osringtest"
)

// enrollment is a code with which somebody enrolls a device.
func (c *company) enrollment(user string) string {
	c.Helper()
	var made struct{ Code string }
	c.check(json.Unmarshal([]byte(c.hub("", "codes", "enroll", user, "--json")), &made))
	return made.Code
}

// colleague is Lee's desk, who receives the codes that one network sends.
func (c *company) colleague() *osringtest.Session {
	c.Helper()
	if c.lee != nil {
		return c.lee
	}
	c.lee = osringtest.StartSession(c.T)
	c.lee.StartGnomeKeyring(c.T, "lee's")
	c.hub("", "users", "add", "lee", "--full-name", "Lee")
	c.hub("", "accounts", "custodian", "add", acme(relayed), "lee")
	cmd := exec.Command(filepath.Join(c.bin, "keyshift-agent"), "run")
	cmd.Env = c.env(c.lee)
	c.start("agent-lee", cmd)
	await(c.T, "the agent answers", func() (bool, string) {
		out, err := c.run(c.lee, "", "keyshift-agent", "status")
		return err == nil, fmt.Sprint(out, err)
	})
	_, err := c.run(c.lee, c.enrollment("lee")+"\n", "keyshift-agent", "enroll", "--yes", "--device-name", "lee-desk")
	c.check(err)
	return c.lee
}
