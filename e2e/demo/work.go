//go:build linux

package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"
)

// practiceAccount is lent in the browser.
const practiceAccount = "site/acme@" + practiceHost

// aPhoneNumber is nobody's (reserved for fiction).
const aPhoneNumber = "+1 202 555 0148"

// work is the main job in a browser, on the practice network: opened, signed in, seen as whom, renewed, warned, closed out
// of a page, and taken back by Alice.
func (d *demo) work() error {
	if err := d.open(); err != nil {
		return err
	}
	w, err := d.attach()
	if err != nil {
		return err
	}
	d.browser = w.Browser
	return first(w.fillIn, w.seeAsWhom, w.signInAgain, w.renewHere, w.draft, w.closedPage, w.revoked)
}

func (d *demo) open() error {
	say("Now the whole job in a browser. Dana practices first: the hub serves a small fake site for that, which says so on every page.")
	if visible() {
		fmt.Println("It opens on your screen; the demo presses and types there as Dana would.")
	} else {
		fmt.Println("There is no display, so the browser works without a window; what is told here is what was read in its pages.")
	}
	return first(
		d.step("keyshift-agent", "checkout", practiceAccount, "--duration", "30m", "--reason", "learn Keyshift"),
		d.stateSeen("site", "LEASE_STATE_ACTIVE", 10*time.Second),
		d.step("keyshift-agent", "open", practiceAccount),
	)
}

func contains(want string) func(string) bool {
	return func(text string) bool { return strings.Contains(text, want) }
}

// fillIn signs in: opening the account was the one click, and the buttons of the page are the user's.
func (w *window) fillIn() error {
	version, err := read(w.page, `navigator.userAgent.match(/Chrome\/(\d+)/)?.[1] ?? "of an unknown version"`)
	if err != nil {
		return err
	}
	fmt.Printf("    ✓ seen: Chromium %s runs with a folder of its own, apart from every other browser\n", version)
	return w.throughLogin()
}

// throughLogin follows the two pages of the log-in, in which the extension fills in and the user presses.
func (w *window) throughLogin() error {
	return first(
		func() error {
			return w.pageSays("Keyshift has filled in the name", value("username"), contains("acme"))
		},
		func() error { return w.press("Dana presses “Continue”", "main button") },
		func() error {
			return w.pageSays("Keyshift has filled in the password, which the demo does not know", value("password")+".replace(/./g, '•')", contains("••••••••"))
		},
		func() error { return w.press("Dana presses “Sign in”", "main button") },
		func() error {
			return w.pageSays("the page says who is signed in", `document.querySelector("#me")?.textContent ?? ""`, contains("@acme"))
		},
	)
}

func value(id string) string { return fmt.Sprintf(`(document.querySelector("#%s")?.value ?? "")`, id) }

func (w *window) seeAsWhom() error {
	return first(
		func() error { return w.aboveSays("the sign above the page says", "You are") },
		func() error { return w.inPopup(func(p *popup) error { return p.shows("Signed in as @acme") }) },
	)
}

// inPopup does something in the popup, and closes it.
func (w *window) inPopup(do func(*popup) error) error {
	p, err := w.openPopup()
	if err != nil {
		return err
	}
	return errors.Join(do(p), p.done())
}

// signInAgain signs in from the popup, with one press.
func (w *window) signInAgain() error {
	say("Dana signs out by mistake. One press in the extension's popup brings her back:")
	return first(
		func() error { return w.press("Dana presses “Sign out” on the page", "#out") },
		func() error {
			return w.pageSays("the page says", `document.querySelector("h1")?.textContent ?? ""`, contains("Sign in"))
		},
		func() error {
			return w.inPopup(func(p *popup) error {
				return first(
					func() error { return p.shows("does not say who is signed in") },
					func() error { return p.press("Dana presses “Sign in now” in the popup", "fill") },
				)
			})
		},
		w.throughLogin,
	)
}

func (w *window) renewHere() error {
	say("It takes longer than planned. The popup renews too:")
	before, err := w.lease("site")
	if err != nil {
		return err
	}
	return w.inPopup(func(p *popup) error {
		return first(
			func() error { return p.press("Dana presses “Renew” …", "renew") },
			func() error { return p.press("… and “60 min”", "renew.60") },
			func() error {
				return w.see("at the hub the lease ends later", patience, func() (bool, error) {
					after, err := w.lease("site")
					return after.EndsAt.After(before.EndsAt), err
				})
			},
			func() error { return w.says("the sign above the page says", anHour, w.page.Above) },
		)
	})
}

// anHour tells whether about an hour is left.
func anHour(text string) bool {
	return strings.Contains(text, "59 min left") || strings.Contains(text, "1 h 0 min left")
}

// draft writes what should not be posted.
func (w *window) draft() error {
	say("Dana writes a post, and there is a telephone number in it:")
	return first(
		func() error { w.pause(); return w.page.Type("#text", "Call me: "+aPhoneNumber) },
		func() error { return w.aboveSays("the sign above the page warns", "a phone number") },
		func() error {
			return w.toldHub("the hub knows that a draft had such a thing, and not what it says", "lease.draft_checked")
		},
	)
}

// toldHub waits for something in the audit log. The text of the draft is never there.
func (w *window) toldHub(what, want string) error {
	return w.see(what, patience, func() (bool, error) {
		text, err := w.command(w.ctx, "", "keyshift-hub", "audit", "list", "--json")
		if strings.Contains(text, "555 0148") {
			return false, errors.New("the audit log has the text of a draft")
		}
		return strings.Contains(strings.ReplaceAll(text, " ", ""), want), err
	})
}

func (w *window) closedPage() error {
	say("A lease never needs the page that changes the password, so Keyshift stands before it:")
	return first(
		func() error { return w.press("Dana presses “Password”", `a[href="/settings/password"]`) },
		func() error {
			return w.aboveSays("the page is covered by another one", "This page is closed while you work as")
		},
		func() error { return w.toldHub("the hub has it in its audit log", "lease.guard_hit") },
		func() error { w.pause(); return w.page.Go("https://" + practiceHost + "/") },
	)
}

// revoked has Alice take the account back, and looks what is left.
func (w *window) revoked() error {
	say("Alice takes the account back, from wherever she is:")
	session, err := w.session()
	if err != nil {
		return err
	}
	return first(
		func() error {
			return w.sessionSeen("the practice network knows this browser as signed in", session, true)
		},
		w.step("keyshift-hub", "revoke", "--account", practiceAccount, "--reason", "practice is over"),
		func() error { return w.sessionSeen("the practice network has ended that session", session, false) },
		w.gone,
		w.keyringEmpty,
		w.removalSeen("site"),
		w.closedSeen,
	)
}

// closedSeen waits until the hub has the device's word that the session is closed, and that signing out worked.
func (w *window) closedSeen() error {
	return first(
		func() error {
			return w.see("the hub has it step by step, up to session_closed", patience, func() (bool, error) {
				l, err := w.lease("site")
				return l.Removal.Step == "REMOVAL_STEP_SESSION_CLOSED", err
			})
		},
		func() error {
			return w.toldHub("and that signing out at the network worked: sign_out=done", `"sign_out":"done"`)
		},
	)
}

// session is the cookie by which the practice network knows this browser.
func (w *window) session() (string, error) {
	cookies, err := w.Cookies()
	for _, c := range cookies {
		if c.Name == "practice_session" {
			return c.Value, nil
		}
	}
	return "", errors.Join(errors.New("the work browser has no session"), err)
}

// sessionSeen asks the practice network, past the browser, whether a session counts.
func (w *window) sessionSeen(what, session string, want bool) error {
	return w.see(what, patience, func() (bool, error) {
		in, err := signedIn(w.ctx, w.hubURL, session)
		return in == want, err
	})
}

func signedIn(ctx context.Context, hub, session string) (bool, error) {
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, hub+"/", nil)
	if err != nil {
		return false, err
	}
	q.Host = practiceHost
	q.AddCookie(&http.Cookie{Name: "practice_session", Value: session})                  //nolint:gosec // it is sent back, not set
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // our own hub
	defer transport.CloseIdleConnections()
	got, err := transport.RoundTrip(q)
	if err != nil {
		return false, fmt.Errorf("ask practice network: %w", err)
	}
	return got.StatusCode == http.StatusOK, got.Body.Close()
}

// gone waits until browser and folder are.
func (w *window) gone() error {
	return first(
		func() error {
			return w.see("the work browser is closed", patience, func() (bool, error) {
				_, err := os.Stat(fmt.Sprintf("/proc/%d", w.PID()))
				return os.IsNotExist(err), nil
			})
		},
		func() error {
			return w.see("its folder is gone, with cookies, storage and cache", patience, func() (bool, error) {
				_, err := os.Stat(w.folder)
				return os.IsNotExist(err), nil
			})
		},
	)
}
