//go:build linux

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/keyshift-hq/keyshift/internal/greeting"
)

// A made-up login; the seed is that of RFC 6238.
const (
	demoPassword = "correct horse battery staple"
	demoSeed     = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
)

// company starts a hub, fills it with a demo company, and enrolls this computer.
func (d *demo) company() error {
	say("A hub for a demo company. On its first start it makes all it needs, here on embedded SQLite, and a code, in a file because nobody reads its output but this program:")
	code, err := d.startHub()
	if err != nil {
		return err
	}
	return first(
		func() error {
			say("Alice becomes its owner. She adds a user, a group, an account on each network, and who may use which:")
			return d.brief(code+"\n", "pastes the code", "keyshift-hub", "login", "--name", "alice")
		},
		d.fill,
		d.enroll,
		d.openTray,
	)
}

// startHub serves a hub and reads the code for its first owner.
func (d *demo) startHub() (code string, err error) {
	words := []string{"serve", "--name", "Acme", "--listen", "127.0.0.1:0", "--practice", practiceHost}
	fmt.Printf("  $ keyshift-hub %s &\n", typed(words))
	out, err := d.start(d.program("keyshift-hub", words...))
	if err != nil {
		return "", err
	}
	lines, said := bufio.NewReader(out), ""
	for code == "" {
		line, err := lines.ReadString('\n')
		if err != nil {
			return "", fmt.Errorf("read what the hub says: %w", errors.Join(err, d.logOf("keyshift-hub")))
		}
		indent(line)
		said += line
		d.hubURL = greeting.URL(said)
		if code, err = greeting.Code(said); err != nil {
			return "", err
		}
	}
	drain(lines)
	return code, nil
}

// shortened is enough of a code to be recognized as one.
func shortened(code string) string { return code[:24] + "…" }

func (d *demo) fill() error {
	hub := func(args ...string) func() error {
		return func() error { return d.brief("", "", append([]string{"keyshift-hub"}, args...)...) }
	}
	credential := func(account, login, password, seed, remark string) func() error {
		return func() error {
			return d.brief(login+"\n"+password+"\n"+seed+"\n", remark, "keyshift-hub", "credential", "set", account)
		}
	}
	return first(
		hub("users", "add", "dana", "--full-name", "Dana"),
		hub("groups", "add", "social"),
		hub("groups", "add-member", "social", "dana"),
		hub("accounts", "add", "x/acme", "--mode", "shared_secret", "--max-duration", "2h"),
		credential("x/acme", "acme", demoPassword, demoSeed, "types login, password and the seed of the one-time codes"),
		hub("grants", "add", "x/acme", "--group", "social"),
		hub("accounts", "add", "facebook/acme"),
		hub("grants", "add", "facebook/acme", "--user", "dana"),
		hub("accounts", "add", "pinterest/acme", "--mode", "shared_secret"),
		credential("pinterest/acme", "pins@acme.example", demoPassword, "", "types login and password"),
		hub("grants", "add", "pinterest/acme", "--user", "dana"),
		hub("practice", "add", "acme", "--group", "social"),
	)
}

// enroll starts the agent and makes this computer known to the hub.
func (d *demo) enroll() error {
	say("Dana's computer, which is this one. Its agent is enrolled with a code that carries the hub's address and keys:")
	if err := d.prepareBrowser(); err != nil {
		return err
	}
	fmt.Println("  $ keyshift-agent run &")
	out, err := d.start(d.program("keyshift-agent", "run", "--browser", d.launcher(), "--extension", d.extensionDir()))
	if err != nil {
		return err
	}
	drain(out)
	if err := d.await("the agent answers", 10*time.Second, d.agentAnswers); err != nil {
		return errors.Join(err, d.logOf("keyshift-agent"))
	}
	var made struct{ Code string }
	if err := d.ask(&made, "keyshift-hub", "codes", "enroll", "dana"); err != nil {
		return err
	}
	fmt.Printf("  $ keyshift-hub codes enroll dana\n    %s\n", shortened(made.Code))
	d.enrolled = true
	return d.brief(made.Code+"\n", "pastes the code", "keyshift-agent", "enroll", "--yes")
}

func (d *demo) agentAnswers() (bool, error) {
	_, err := d.command(d.ctx, "", "keyshift-agent", "status")
	return err == nil, nil
}

// logOf is the end of a program's log, as an error to join.
func (d *demo) logOf(name string) error {
	text, err := readTail(d.path(name + ".log"))
	if err != nil || text == "" {
		return err
	}
	return errors.New(text)
}

// giveBack ends what is held, and lets the work browser sign out and close.
func (d *demo) giveBack(ctx context.Context) {
	if len(d.workFolders()) == 0 {
		return
	}
	_, _ = d.command(ctx, "", "keyshift-agent", "checkin", "--all") // what fails here is done by force below
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(12 * time.Second); len(d.workFolders()) > 0; {
		select {
		case <-tick.C:
		case <-late:
			return
		}
	}
}

// cleanUp takes back what lies outside the demo's own folder: items in the keyring, and programs.
func (d *demo) cleanUp() error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(d.ctx), 30*time.Second)
	defer cancel()
	var left error
	if d.enrolled {
		d.giveBack(ctx)
		_, leave := d.command(ctx, "", "keyshift-agent", "unenroll", "--yes", "--force")
		_, logout := d.command(ctx, "", "keyshift-hub", "logout")
		left = errors.Join(leave, logout)
	}
	return errors.Join(left, d.closeBrowsers(), d.stopPrograms())
}
