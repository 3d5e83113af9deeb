package browser

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/keyshift-hq/keyshift/internal/browsertest"
	"github.com/keyshift-hq/keyshift/internal/replica"
)

// stories are told in this order.
var stories = []struct {
	name string
	tell func(*desk)
}{
	{"a session from check-out to revocation", (*desk).session},
	{"the browser is killed", (*desk).killed},
	{"hostile pages", (*desk).hostile},
	{"a browser that the company keeps", (*desk).keptBrowser},
	{"the user's own profile", (*desk).ownProfile},
	{"the log-ins of every generation", (*desk).generations},
	{"accounts that the network delegates", (*desk).delegated},
	{"every log-in from check-out to check-in", (*desk).soaked},
}

// TestStories tells all stories, those of one kind of browser beside those of the other: either waits more often than it computes.
func TestStories(t *testing.T) {
	built := build(t)
	for _, kind := range browsertest.Kinds {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			d := newDesk(newCompany(t, built), t, kind)
			for _, s := range stories {
				d.story(s.name, func() {
					d.world.Forget()
					defer d.giveBack()
					s.tell(d)
				})
			}
			d.wantSignedOut()
		})
	}
}

// story is a part of the test with a name of its own.
func (d *desk) story(name string, tell func()) {
	d.t.Run(name, func(t *testing.T) {
		outer := d.t
		d.t = t
		defer func() { d.t = outer }()
		tell()
	})
}

// banner waits for the sign above the page. Its words are in a closed shadow root: that it is there is what a page can see.
func (w *work) banner(p browsertest.Page) {
	w.t.Helper()
	w.wait(p, `[...document.documentElement.children, ...document.body.children].some(e => e.getAttribute("popover") === "manual" && e.matches(":popover-open"))`)
}

// inFront brings the network's tab to the front, and gives what the popup says of it.
func (w *work) inFront(popup browsertest.Page, host string) (s popupState) {
	w.t.Helper()
	w.check(popup.Eval(fmt.Sprintf(`(async () => {
		const [tab] = await chrome.tabs.query({url: "https://%s/*"});
		await chrome.tabs.update(tab.id, {active: true});
		return chrome.runtime.sendMessage({type: "popup.state"});
	})()`, host), &s))
	return s
}

func (w *work) awaitRelation(popup browsertest.Page, host, want string) {
	w.t.Helper()
	await(w.t, "the popup says "+want, func() (bool, string) {
		s := w.inFront(popup, host)
		return len(s.Leases) == 1 && s.Leases[0].Relation == want, fmt.Sprintf("%+v", s)
	})
}

// session is the main story.
func (d *desk) session() {
	v := replica.Find("x-onboarding-code")
	d.world.EndSessions("x")
	d.world.Show(v)
	d.checkOut("x")
	w := d.open("x")
	p := w.signIn(nil, v)
	if s := d.world.Sessions("x"); len(s) != 1 || s[0].Handle != "acme" || !s[0].Code {
		d.t.Fatalf("the network has %v", s)
	}
	w.banner(p)
	w.picture(p, "1-signed-in")
	popup := w.popup()
	w.awaitRelation(popup, "x.com", "lease")
	w.renews(popup)
	w.wrongAccount(p, popup)
	w.draft(p)
	w.guardPage(p)
	d.revoked(w, p)
}

// renews presses nothing but asks what the popup's button asks.
func (w *work) renews(popup browsertest.Page) {
	w.t.Helper()
	before := w.state(popup).Leases[0]
	w.wait(popup, `document.body.innerText.includes("acme")`)
	w.picture(popup, "2-popup")
	w.check(popup.Eval(fmt.Sprintf(`chrome.runtime.sendMessage({type: "popup.renew", lease_id: %q, minutes: 60})`, before.ID), nil))
	w.awaitState(popup, "the lease ends later", func(s popupState) bool { return len(s.Leases) == 1 && s.Leases[0].EndsAt > before.EndsAt })
}

// wrongAccount is somebody else's session in the work browser. Who that is stays in the extension.
func (w *work) wrongAccount(p, popup browsertest.Page) {
	w.t.Helper()
	w.check(p.Go("https://x.com/replica/become?handle=dana_private"))
	await(w.t, "the popup warns", func() (bool, string) {
		s := w.inFront(popup, "x.com")
		return len(s.Leases) == 1 && (s.Leases[0].Relation == "personal" || s.Leases[0].Relation == "other_account"), fmt.Sprintf("%+v", s)
	})
	w.banner(p)
	w.picture(p, "3-wrong-account")
	if strings.Contains(w.log(), "dana_private") {
		w.t.Error("the agent heard of a personal account")
	}
	w.check(p.Go("https://x.com/replica/become?handle=acme"))
	w.awaitRelation(popup, "x.com", "lease")
}

// draftText has what should not be posted; no part of it may be kept anywhere.
const draftText = "Call me: +49 170 5550123, dana.canary@home.example, pay to DE89370400440532013000"

// draft writes a post with personal data. It is pointed out, and the text goes nowhere.
func (w *work) draft(p browsertest.Page) {
	w.t.Helper()
	w.wait(p, `document.documentElement.dataset.traces === "left"`)
	w.check(p.Type(`[data-testid=tweetTextarea_0]`, draftText))
	await(w.t, "the hub counts the draft", func() (bool, string) {
		actions, text := w.events()
		return slices.ContainsFunc(actions, func(a string) bool { return strings.Contains(a, "draft") }), text[:min(len(text), 2000)]
	})
	w.picture(p, "4-draft")
	_, audit := w.events()
	for _, part := range []string{"5550123", "dana.canary", "DE89370400440532013000"} {
		if strings.Contains(audit, part) || strings.Contains(w.log(), part) {
			w.t.Errorf("%s left the page", part)
		}
		w.nowhere(part, w.Home, w.alice.Home)
	}
}

// nowhere looks for a text in all files below some folders, but not in what browsers keep: the page itself is there.
func (w *work) nowhere(text string, folders ...string) {
	w.t.Helper()
	out, err := exec.Command("grep", append([]string{"-rlaF", "--exclude-dir=work", "--", text}, folders...)...).Output()
	if err == nil {
		w.t.Errorf("%q is in %s", text, out)
	}
}

// coveredPage: in the middle of the page is what the extension put there, which the page cannot look into.
const coveredPage = `(() => { const e = document.elementFromPoint(innerWidth / 2, innerHeight / 2); return e && e !== document.body && e !== document.documentElement && e.childNodes.length === 0; })()`

// guardPage opens the page that changes the password: the extension stands before it, by a document and without.
func (w *work) guardPage(p browsertest.Page) {
	w.t.Helper()
	w.check(p.Go("https://x.com/"))
	w.check(p.Click("#spa-settings"))
	w.wait(p, coveredPage)
	w.picture(p, "5-guard")
	w.covered(p, "https://x.com/settings/password")
	await(w.t, "the hub hears of the guard page", func() (bool, string) {
		actions, text := w.events()
		return slices.ContainsFunc(actions, func(a string) bool { return strings.Contains(a, "guard") }), text[:min(len(text), 2000)]
	})
	for _, typed := range w.world.Typed() {
		if typed.Path == "/settings/password" && typed.Value == password {
			w.t.Errorf("filled into %+v", typed)
		}
	}
}

// revoked takes the account back at the hub: everything is gone, and the hub knows.
func (d *desk) revoked(w *work, p browsertest.Page) {
	d.t.Helper()
	d.hub("", "revoke", "--account", "x/acme", "--reason", "press inquiry")
	d.closed(w)
	d.removed("x")
	d.leftTheNetwork()
	d.nothingLeft(w)
}

// leftTheNetwork: X has no session of @acme any more, or the hub knows that signing out took too long.
func (d *desk) leftTheNetwork() {
	d.t.Helper()
	out := d.signOut("x")
	d.signOuts = append(d.signOuts, out)
	if out == "done" && d.signedIn("acme") {
		d.t.Errorf("the network still has %v", d.world.Sessions("x"))
	}
}

// wantSignedOut: of all work browsers at least one had the time for it.
func (d *desk) wantSignedOut() {
	d.t.Helper()
	if len(d.signOuts) > 0 && !slices.Contains(d.signOuts, "done") {
		d.t.Errorf("signing out was %q", d.signOuts)
	}
	d.t.Logf("signing out was %q", d.signOuts)
}

// closed waits until the work browser and its folder are gone.
func (d *desk) closed(w *work) {
	d.t.Helper()
	await(d.t, "the work browser is gone", func() (bool, string) {
		_, err := os.Stat(w.profile)
		return os.IsNotExist(err), fmt.Sprint(err)
	})
}

// removed waits until the hub says that access is removed.
func (d *desk) removed(network string) {
	d.t.Helper()
	await(d.t, "the hub says that access is removed", func() (bool, string) {
		l := d.newest(network)
		return l.Removal.Step == "REMOVAL_STEP_SESSION_CLOSED", fmt.Sprintf("%+v", l)
	})
}

// nothingLeft looks for the password on Dana's side: in files, and in command lines and environments.
func (d *desk) nothingLeft(w *work) {
	d.t.Helper()
	w.nowhere(password, d.Home)
	if strings.Contains(d.log(), password) {
		d.t.Error("the agent logged the password")
	}
	for _, what := range []string{"cmdline", "environ"} {
		found, _ := filepath.Glob("/proc/[0-9]*/" + what)
		for _, path := range found {
			if text, err := os.ReadFile(path); err == nil && strings.Contains(string(text), password) {
				d.t.Errorf("the password is in %s", path)
			}
		}
	}
}

// killed ends the browser without warning. Its folder goes with it, so nothing can come back.
func (d *desk) killed() {
	v := replica.Find("x-onboarding")
	d.world.Show(v)
	d.checkOut("x")
	w := d.open("x")
	w.signIn(nil, v)
	d.check(w.Browser.Kill())
	d.closed(w)
	d.agentCommand("", "checkin", "x/acme")
	d.removed("x")
}
