package main

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// story is the main job: check-out, renew, check-in, expiry, revocation, audit.
func (d *demo) story() error {
	return first(d.checkOut, d.renew, d.checkIn, d.refusal, d.letExpire, d.revoke, d.seeExpired, d.audit)
}

func (d *demo) checkOut() error {
	say("Dana looks what there is, and checks @acme on X out for half an hour:")
	return first(
		func() error { return d.show("", "keyshift-agent", "accounts") },
		func() error {
			return d.show("", "keyshift-agent", "checkout", "x/acme", "--duration", "30m", "--reason", "answer comments")
		},
		func() error { return d.seeHub("x", "LEASE_STATE_ACTIVE") },
		func() error {
			return d.see("the credential lies in the OS keyring, encrypted", 5*time.Second, func() (bool, error) {
				items, err := keyringItems()
				return strings.Contains(items, "lease:") && !strings.Contains(items, demoPassword), err
			})
		},
		func() error { return d.show("", "keyshift-agent", "code", "x/acme") },
	)
}

// keyringItems lists what the keyring holds of ours, as any program of this user could.
func keyringItems() (string, error) {
	out, err := exec.Command("secret-tool", "search", "--all", "--unlock", "service", "keyshift").CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) { // exit code 1: nothing found
		return "", fmt.Errorf("look into the keyring: %w", err)
	}
	return string(out), nil
}

func noLeaseInKeyring() (bool, error) {
	items, err := keyringItems()
	return !strings.Contains(items, "lease:"), err
}

func (d *demo) renew() error {
	say("It takes longer than planned. Dana renews:")
	before, err := d.lease("x")
	if err != nil {
		return err
	}
	return first(
		func() error { return d.show("", "keyshift-agent", "renew", "x/acme", "--duration", "1h") },
		func() error {
			return d.see("the lease ends later", 5*time.Second, func() (bool, error) {
				after, err := d.lease("x")
				return after.EndsAt.After(before.EndsAt), err
			})
		},
	)
}

func (d *demo) checkIn() error {
	say("Done. Dana checks in. A one-time code was handed out, so somebody may be signed in: the hub does not claim more than it knows.")
	return first(
		func() error { return d.show("", "keyshift-agent", "checkin", "x/acme") },
		func() error { return d.see("the keyring holds no lease any more", 5*time.Second, noLeaseInKeyring) },
		func() error {
			return d.seeRemoval("x", "Secret wiped; the end of the browser session is not confirmed")
		},
	)
}

func (d *demo) refusal() error {
	say("Pinterest forbids sharing passwords, and nobody accepted that risk, so the hub does not lend that login:")
	err := d.show("", "keyshift-agent", "checkout", "pinterest/acme", "--duration", "30m", "--reason", "new pins")
	var refused *failure
	if !errors.As(err, &refused) {
		return errors.Join(errors.New("the check-out was not refused"), err)
	}
	for line := range strings.Lines(refused.said) {
		fmt.Print("    ", line)
	}
	return d.see("the refusal names the reason", time.Second, func() (bool, error) { return strings.Contains(refused.said, "terms forbid"), nil })
}

func (d *demo) letExpire() error {
	say("Facebook is lent by its own roles: no secret, the same lease. This one lasts a minute, and is left to expire:")
	return d.show("", "keyshift-agent", "checkout", "facebook/acme", "--duration", "1m", "--reason", "look at the page")
}

func (d *demo) revoke() error {
	say("Dana checks @acme on X out again. This time Alice takes it back, from wherever she is:")
	return first(
		func() error {
			return d.show("", "keyshift-agent", "checkout", "x/acme", "--duration", "30m", "--reason", "answer comments")
		},
		func() error { return d.seeHub("x", "LEASE_STATE_ACTIVE") },
		func() error { return d.show("", "keyshift-hub", "leases", "held", "x/acme") },
		func() error {
			return d.show("", "keyshift-hub", "revoke", "--account", "x/acme", "--reason", "press inquiry")
		},
		func() error { return d.see("the keyring holds no lease any more", 10*time.Second, noLeaseInKeyring) },
		func() error { return d.seeRemoved("x") },
		func() error { return d.show("", "keyshift-agent", "leases") },
	)
}

func (d *demo) seeExpired() error {
	say("Meanwhile the minute on Facebook passes:")
	return first(
		func() error { return d.seeWithin("facebook", "LEASE_STATE_EXPIRED", 75*time.Second) },
		func() error { return d.seeRemoved("facebook") },
	)
}

func (d *demo) audit() error {
	say("The audit log tells all of it, and proves that nothing was changed:")
	return first(
		func() error { return d.show("", "keyshift-hub", "audit", "list") },
		func() error { return d.seeEvents() },
		func() error { return d.show("", "keyshift-hub", "audit", "verify") },
	)
}

func (d *demo) seeEvents() error {
	return d.see("granted, activated, renewed, checked in, refused, revoked and expired are in the audit log", 5*time.Second, func() (bool, error) {
		var log struct {
			Events []struct{ Action string }
		}
		if err := d.ask(&log, "keyshift-hub", "audit", "list"); err != nil {
			return false, err
		}
		seen := map[string]bool{}
		for _, e := range log.Events {
			seen[e.Action] = true
		}
		for _, action := range []string{"granted", "activated", "renewed", "checked_in", "refused", "revoked", "expired"} {
			if !seen["lease."+action] {
				return false, nil
			}
		}
		return true, nil
	})
}

// leaseInfo is what the story needs to know of a lease, as the hub tells it.
type leaseInfo struct {
	Network string
	State   string
	EndsAt  time.Time
	Removal struct{ Text string }
}

// lease gives the newest lease on a network.
func (d *demo) lease(network string) (leaseInfo, error) {
	var list struct{ Leases []leaseInfo }
	if err := d.ask(&list, "keyshift-hub", "leases", "list", "--all"); err != nil {
		return leaseInfo{}, err
	}
	for _, l := range list.Leases {
		if l.Network == "NETWORK_"+strings.ToUpper(network) {
			return l, nil
		}
	}
	return leaseInfo{}, fmt.Errorf("the hub has no lease on %s", network)
}

func (d *demo) seeHub(network, state string) error {
	return d.seeWithin(network, state, 10*time.Second)
}

func (d *demo) seeWithin(network, state string, within time.Duration) error {
	word := strings.ToLower(strings.TrimPrefix(state, "LEASE_STATE_"))
	return d.see("at the hub the lease is "+word, within, func() (bool, error) {
		l, err := d.lease(network)
		return l.State == state, err
	})
}

func (d *demo) seeRemoved(network string) error { return d.seeRemoval(network, "Access removed") }

func (d *demo) seeRemoval(network, text string) error {
	return d.see("at the hub it reads “"+text+"”", 10*time.Second, func() (bool, error) {
		l, err := d.lease(network)
		return l.Removal.Text == text, err
	})
}

func (d *demo) inviteToTry() {
	agent := strings.Join(d.agentArgs(), " ")
	say("The hub (%s) and the agent stay up. In another terminal of this session:", d.hubURL)
	fmt.Printf("  alias agent='%s/keyshift-agent %s'\n  alias hub='XDG_CONFIG_HOME=%s %s/keyshift-hub'\n", d.bin, agent, d.path("config"), d.bin)
	fmt.Println("  agent accounts                                        what Dana may check out")
	fmt.Println("  agent checkout x/acme --duration 30m --reason \"try\"    take it")
	fmt.Println("  agent leases --watch                                  see the time run")
	fmt.Println("  hub revoke --all --reason \"try\"                       take everything back")
	fmt.Println("  hub audit list                                        who did what")
	fmt.Println("Ctrl-C ends it and leaves nothing behind.")
}
