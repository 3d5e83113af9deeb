//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

// story is the main job: check-out, renew, check-in, a refusal, expiry; in a browser, with revocation; audit.
func (d *demo) story() error {
	return first(d.checkOut, d.renew, d.checkIn, d.refusal, d.letExpire, d.work, d.ownBrowser, d.seeExpired, d.audit)
}

func (d *demo) checkOut() error {
	say("Dana looks what there is, and checks @acme on X out for half an hour:")
	return first(
		d.step("keyshift-agent", "accounts"),
		d.step("keyshift-agent", "checkout", "x/acme", "--duration", "30m", "--reason", "answer comments"),
		d.stateSeen("x", "LEASE_STATE_ACTIVE", 10*time.Second),
		func() error {
			return d.see("the credential lies in the OS keyring, encrypted", 5*time.Second, func() (bool, error) {
				n, all, err := d.leasesInKeyring()
				return n == 1 && !strings.Contains(all, demoPassword), err
			})
		},
	)
}

// step is show as a step.
func (d *demo) step(words ...string) func() error {
	return func() error { return d.show(words...) }
}

func (d *demo) renew() error {
	say("It takes longer than planned. Dana renews:")
	before, err := d.lease("x")
	if err != nil {
		return err
	}
	return first(
		d.step("keyshift-agent", "renew", "--duration", "1h"),
		func() error {
			return d.see("at the hub the lease ends later", 5*time.Second, func() (bool, error) {
				after, err := d.lease("x")
				return after.EndsAt.After(before.EndsAt), err
			})
		},
	)
}

func (d *demo) checkIn() error {
	say("Done. Dana checks in, and nothing is left on this computer:")
	return first(d.step("keyshift-agent", "checkin"), d.keyringEmpty, d.removalSeen("x"))
}

func (d *demo) refusal() error {
	say("Pinterest forbids sharing passwords. Nobody has accepted that risk, so the hub does not lend this login:")
	err := d.show("keyshift-agent", "checkout", "pinterest/acme", "--duration", "30m", "--reason", "new pins")
	refused, ok := errors.AsType[*commandError](err)
	if !ok {
		return errors.Join(errors.New("the check-out was not refused"), err)
	}
	indent(refused.said)
	return d.see("the refusal names its reason", time.Second, func() (bool, error) { return strings.Contains(refused.said, "terms forbid"), nil })
}

func (d *demo) letExpire() error {
	say("Facebook is lent by its own roles: there is no secret, but the same lease. This one is for a minute, and left to expire:")
	return d.show("keyshift-agent", "checkout", "facebook/acme", "--duration", "1m", "--reason", "look at the page")
}

func (d *demo) seeExpired() error {
	say("The minute on Facebook passes, which takes its time. Nobody has to do anything:")
	return first(d.stateSeen("facebook", "LEASE_STATE_EXPIRED", 75*time.Second), d.removalSeen("facebook"))
}

func (d *demo) audit() error {
	say("The audit log tells all of it, and proves that nothing was changed:")
	return first(
		d.step("keyshift-hub", "audit", "list", "--account", practiceAccount),
		d.seeEvents,
		d.step("keyshift-hub", "audit", "verify"),
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
		told := map[string]bool{}
		for _, e := range log.Events {
			told[e.Action] = true
		}
		for _, action := range []string{"granted", "activated", "renewed", "checked_in", "refused", "revoked", "expired"} {
			if !told["lease."+action] {
				return false, nil
			}
		}
		return true, nil
	})
}

func (d *demo) keyringEmpty() error {
	return d.see("the keyring holds no lease any more", 10*time.Second, func() (bool, error) {
		n, _, err := d.leasesInKeyring()
		return n == 0, err
	})
}

// leaseInfo is what the story needs to know of a lease, as the hub tells it.
type leaseInfo struct {
	Network string
	State   string
	EndsAt  time.Time
	Removal struct{ Step, Text string }
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

func (d *demo) stateSeen(network, state string, within time.Duration) func() error {
	word := strings.ToLower(strings.TrimPrefix(state, "LEASE_STATE_"))
	return func() error {
		return d.see("at the hub the lease is "+word, within, func() (bool, error) {
			l, err := d.lease(network)
			return l.State == state, err
		})
	}
}

func (d *demo) removalSeen(network string) func() error {
	return func() error {
		return d.see("at the hub it reads “Access removed”", 10*time.Second, func() (bool, error) {
			l, err := d.lease(network)
			return l.Removal.Text == "Access removed", err
		})
	}
}

func (d *demo) inviteToTry() error {
	file, err := d.writePlaces()
	if err != nil {
		return err
	}
	say("Hub (%s) and agent stay up. Try them from another terminal, after", d.hubURL)
	fmt.Printf("  source %s\n\n", file)
	fmt.Println("  keyshift-agent accounts                                  what Dana may check out")
	fmt.Printf("  keyshift-agent checkout %s --reason try\n", practiceAccount)
	fmt.Printf("  keyshift-agent open %s        %s\n", practiceAccount, browserHint())
	fmt.Println("  keyshift-agent leases --watch                            see the time run")
	fmt.Printf("  keyshift-hub revoke --account %s --reason try\n", practiceAccount)
	fmt.Println("  keyshift-hub audit list                                  who did what")
	fmt.Println("\nCtrl-C ends the demo and leaves nothing behind.")
	return nil
}

// readTail is the end of a file.
func readTail(path string) (string, error) {
	text, err := os.ReadFile(path)
	return string(text[max(0, len(text)-2000):]), err
}
