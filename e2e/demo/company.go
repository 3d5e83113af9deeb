package main

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// company starts a hub, fills it with a demo company, and enrolls this computer.
func (d *demo) company() error {
	say("A hub for a demo company, on embedded SQLite, with everything it needs made on the first start:")
	code, err := d.startHub()
	if err != nil {
		return err
	}
	if err := d.show(code+"\n", "keyshift-hub", "login", "--name", "alice"); err != nil {
		return err
	}
	say("Users, a group, one account per network, and who may use which:")
	if err := d.fill(); err != nil {
		return err
	}
	return d.enroll()
}

var hubAddress = regexp.MustCompile(`https://\S+`)

func (d *demo) startHub() (code string, err error) {
	out, err := d.start("keyshift-hub", "serve", "--name", "Acme", "--listen", "127.0.0.1:0", "--data-dir", d.path("hub"), "--kek-file", d.path("secret/kek.json"))
	if err != nil {
		return "", err
	}
	for code == "" {
		line, err := out.ReadString('\n')
		if err != nil {
			return "", fmt.Errorf("read what the hub says (see %s): %w", d.path("keyshift-hub.log"), err)
		}
		if url := hubAddress.FindString(line); url != "" {
			d.hubURL = url
			fmt.Println("   ", strings.TrimSpace(line))
		}
		if strings.HasPrefix(line, "keyshift1-") {
			code = strings.TrimSpace(line)
		}
	}
	drain(out)
	return code, nil
}

func (d *demo) fill() error {
	hub := func(args ...string) error { return d.show("", "keyshift-hub", args...) }
	return first(
		func() error { return hub("users", "add", "dana", "--full-name", "Dana") },
		func() error { return hub("groups", "add", "social") },
		func() error { return hub("groups", "add-member", "social", "dana") },
		func() error {
			return hub("accounts", "add", "x/acme", "--mode", "shared_secret", "--max-duration", "2h", "--allow-show")
		},
		func() error { return hub("accounts", "add", "facebook/acme") },
		func() error { return hub("accounts", "add", "instagram/acme") },
		func() error {
			return hub("accounts", "add", "pinterest/acme", "--mode", "shared_secret", "--storage", "memory")
		},
		func() error {
			return d.show("acme\n"+demoPassword+"\n"+demoSeed+"\n", "keyshift-hub", "credential", "set", "x/acme")
		},
		func() error {
			return d.show("pins@acme.example\n"+demoPassword+"\n\n", "keyshift-hub", "credential", "set", "pinterest/acme")
		},
		func() error { return hub("grants", "add", "x/acme", "--group", "social") },
		func() error { return hub("grants", "add", "facebook/acme", "--user", "dana") },
		func() error { return hub("grants", "add", "pinterest/acme", "--user", "dana") },
	)
}

// A made-up login; the seed is that of RFC 6238.
const (
	demoPassword = "correct horse battery staple"
	demoSeed     = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
)

func first(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (d *demo) enroll() error {
	say("This computer's agent starts, and is enrolled with a code that carries the hub's address and keys:")
	out, err := d.start("keyshift-agent", append([]string{"run"}, d.agentArgs()...)...)
	if err != nil {
		return err
	}
	drain(out)
	if err := d.see("the agent answers", 10*time.Second, func() (bool, error) {
		_, err := d.command("", "keyshift-agent", "accounts")
		return err == nil || !strings.Contains(err.Error(), "not running"), nil
	}); err != nil {
		return err
	}
	var made struct{ Code string }
	if err := d.ask(&made, "keyshift-hub", "codes", "enroll", "dana"); err != nil {
		return err
	}
	fmt.Println("\n  $ keyshift-hub codes enroll dana\n    " + made.Code[:24] + "…")
	return d.show(made.Code+"\n", "keyshift-agent", "enroll", "--yes")
}

func (d *demo) cleanUp() error {
	if len(d.long) == 0 {
		return nil
	}
	_, leave := d.command("", "keyshift-agent", "unenroll", "--force", "--yes")
	_, logout := d.command("", "keyshift-hub", "logout")
	if leave != nil || logout != nil {
		fmt.Println("\nLeft in the keyring (service keyshift):", errors.Join(leave, logout))
	}
	return d.stopPrograms()
}
