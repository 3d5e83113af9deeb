package browser

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/extension"
	"github.com/keyshift-hq/keyshift/internal/browsertest"
	"github.com/keyshift-hq/keyshift/internal/osring/osringtest"
	"github.com/keyshift-hq/keyshift/internal/replica"
	"github.com/keyshift-hq/keyshift/internal/systest/programs"
	"github.com/keyshift-hq/keyshift/internal/totp"
	"github.com/keyshift-hq/keyshift/internal/until"
)

// patience bounds the wait for anything that a story expects; commandLimit one command.
const (
	patience     = 60 * time.Second
	commandLimit = 90 * time.Second
)

// The login of the company's accounts; the seed is that of RFC 6238. Nothing may keep the password.
const (
	login    = "acme@example.com"
	password = "canary-correct-horse-battery"
	seed     = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
)

// Dana's own login at the networks, which nobody here knows.
const (
	ownLogin    = "dana@home.example"
	ownPassword = "hers"
)

// networks and the number of @acme at each; desk is a site that the admin added.
var networks = map[string]string{"x": "1001", "facebook": "1002", "instagram": "1003", "pinterest": "1004", "desk": "1005"}

// delegated is the account, such as a Page, as which Dana may act, and its number.
const (
	delegatedHandle = "acme_page"
	delegatedID     = "2001"
)

// company is what all stories of a kind of browser share.
type company struct {
	*testing.T
	dir      string
	bin      string
	built    string // the extensions
	world    *replica.World
	internet *browsertest.Fixture
	alice    *osringtest.Session
	lee      *osringtest.Session
	hubURL   string
	programs []*exec.Cmd
	logs     []string
}

// newCompany founds a company with what was built into a folder.
func newCompany(t *testing.T, folder string) *company {
	t.Helper()
	c := &company{T: t, dir: t.TempDir(), bin: binOf(folder), built: extensionOf(folder), world: replica.New(accounts()...)}
	var err error
	c.internet, err = browsertest.NewFixture(c.world)
	c.check(err)
	t.Cleanup(func() { _ = c.internet.Close() })
	t.Cleanup(c.end)
	c.alice = osringtest.StartSession(t)
	c.alice.StartGnomeKeyring(t, "alice's")
	code := c.startHub()
	c.hub(code+"\n", "login", "--name", "alice")
	c.hub("", "users", "add", "dana", "--full-name", "Dana")
	c.hub("", "site", "add", replica.DeskHost, "--title", "Desk", "--login", "https://"+replica.DeskHost+"/login")
	for network := range networks {
		c.addAccount(network)
	}
	for network := range delegations {
		c.addDelegated(network)
	}
	return c
}

// accounts are at the networks: @acme, one that others may act as, and Dana's own.
func accounts() []replica.Account {
	s, err := totp.ParseSecret(seed)
	if err != nil {
		panic(err) // it is a constant
	}
	good := func(code string) bool {
		step := s.Step(time.Now())
		return slices.ContainsFunc([]uint64{step - 1, step, step + 1}, func(at uint64) bool { return s.Code(at) == code })
	}
	var all []replica.Account
	for network, id := range networks {
		all = append(all,
			replica.Account{Network: network, ID: id, Handle: "acme", Username: login, Password: password, Code: good},
			replica.Account{Network: network, ID: delegatedID, Handle: delegatedHandle},
			replica.Account{Network: network, ID: "77" + id, Handle: "dana_private", Username: ownLogin, Password: ownPassword, Acts: delegatedHandle})
	}
	return all
}

func (c *company) check(err error) {
	c.Helper()
	if err != nil {
		c.Fatal(err)
	}
}

// build makes the programs and the extension, in a folder that all companies share.
func build(t *testing.T) (folder string) {
	t.Helper()
	folder = t.TempDir()
	c := &company{T: t, bin: binOf(folder), built: extensionOf(folder)}
	c.check(programs.Put(c.bin, "keyshift-hub", "keyshift-agent"))
	c.check(extension.Build(extension.Options{Source: "../../extension", Out: c.built, Version: "v1.2.3", Language: "en", Hosts: []string{replica.DeskHost}}))
	c.check(extension.PackXPI(filepath.Join(c.built, extension.Firefox), filepath.Join(c.built, "keyshift.xpi")))
	return folder
}

func binOf(folder string) string       { return filepath.Join(folder, "bin") }
func extensionOf(folder string) string { return filepath.Join(folder, "extension") }

func (c *company) env(s *osringtest.Session) []string {
	return append(s.Env(), "PATH="+c.bin+":"+os.Getenv("PATH"), "TZ=UTC", "LANG=C.UTF-8")
}

// start starts a program that runs until the end; its log is shown when a story failed.
func (c *company) start(name string, cmd *exec.Cmd) {
	c.Helper()
	path := filepath.Join(c.dir, fmt.Sprintf("%d-%s.log", len(c.logs), name))
	log, err := os.Create(path)
	c.check(err)
	defer log.Close()
	cmd.Stderr = log
	c.check(cmd.Start())
	c.programs, c.logs = append(c.programs, cmd), append(c.logs, path)
}

func (c *company) end() {
	for _, cmd := range c.programs {
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()
	}
	if !c.Failed() {
		return
	}
	for _, path := range c.logs {
		text, _ := os.ReadFile(path)
		c.Logf("%s:\n%s", filepath.Base(path), text[max(0, len(text)-6000):])
	}
}

// run runs a command of somebody at a session.
func (c *company) run(s *osringtest.Session, input, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), commandLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(c.bin, name), args...)
	cmd.Env, cmd.Stdin = c.env(s), strings.NewReader(input)
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("%s %q: %w\n%s%s", name, args, err, out.String(), errOut.String())
	}
	return out.String(), nil
}

// acme is how Keyshift calls the account of a network.
func acme(network string) string {
	if network == "desk" {
		return "site/acme@" + replica.DeskHost
	}
	return network + "/acme"
}

// relayed is the network whose codes are sent to a colleague; those of the others come from the hub.
const relayed = "pinterest"

// addAccount adds @acme of a network, whose login is lent whatever the network's terms say.
func (c *company) addAccount(network string) {
	c.Helper()
	name, codes := acme(network), seed
	if network == relayed {
		codes = ""
	}
	c.addShared(name, codes)
	if network != "x" && network != "desk" {
		c.hub("", "accounts", "accept-risk", name, "--until", time.Now().AddDate(0, 6, 0).Format(time.DateOnly), "--yes")
	}
}

// addShared adds an account with the company's login, and grants it to Dana.
func (c *company) addShared(name, codes string) {
	c.Helper()
	c.hub("", "accounts", "add", name, "--mode", "shared_secret", "--max-duration", "2h")
	c.hub(login+"\n"+password+"\n"+codes+"\n", "credential", "set", name)
	c.hub("", "grants", "add", name, "--user", "dana")
}

// addDelegated adds an account of which nobody here has a login.
func (c *company) addDelegated(network string) {
	c.Helper()
	name := network + "/" + delegatedHandle
	c.hub("", "accounts", "add", name, "--mode", "delegated", "--max-duration", "2h")
	c.hub("", "accounts", "ref", name, delegatedID)
	c.hub("", "grants", "add", name, "--user", "dana")
}

// await repeats a look until it says yes.
func await(t *testing.T, what string, look func() (yes bool, seen string)) {
	t.Helper()
	awaitFor(t, patience, what, look)
}

// awaitFor has a patience of its own.
func awaitFor(t *testing.T, patience time.Duration, what string, look func() (yes bool, seen string)) {
	t.Helper()
	if err := until.Seen(what, patience, look); err != nil {
		t.Fatal(err)
	}
}
