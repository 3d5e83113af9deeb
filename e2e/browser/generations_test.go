package browser

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/keyshift-hq/keyshift/internal/browsertest"
	"github.com/keyshift-hq/keyshift/internal/replica"
)

// generations signs in at every log-in of every network, and at a site that the admin added, in one browser of Dana's own: a
// page for each, also at those that are delegated. At the end the last session of each network ends there, too.
func (d *desk) generations() {
	for network := range networks {
		d.world.EndSessions(network)
	}
	w, popup := d.fresh()
	for _, network := range []string{"x", "pinterest"} {
		d.story("delegated by "+network, func() { w.delegatedInOwn(popup, network) })
	}
	held, last := map[string]*held{}, map[string]replica.Variant{}
	all := generationsToTry(d.kind)
	for _, v := range all {
		last[v.Network] = v
	}
	for _, v := range all {
		d.story(v.ID, func() { w.generation(popup, v, held, v.ID == last[v.Network].ID) })
	}
	if !d.t.Failed() {
		w.signedOut(popup)
	}
}

// generationsToTry are the log-ins that are filled in; in the short form without those whose screens another one has, too, and
// in Firefox, which is slower, every second of them.
func generationsToTry(kind browsertest.Kind) []replica.Variant {
	all := slices.DeleteFunc(replica.Variants(), func(v replica.Variant) bool { return v.Delegated })
	if _, long := soak(); long {
		return all
	}
	number := 0
	return slices.DeleteFunc(slices.Clone(all), func(v replica.Variant) bool {
		if slices.ContainsFunc(all, func(o replica.Variant) bool { return isPart(v, o) }) {
			return true
		}
		number++
		return kind == browsertest.Firefox && number%2 == 0
	})
}

// isPart tells whether all screens of a log-in are in a longer one of the same kind.
func isPart(v, of replica.Variant) bool {
	if len(v.Screens) >= len(of.Screens) || v.Host != of.Host || v.SPA != of.SPA {
		return false
	}
	for _, s := range v.Screens {
		same := func(o replica.Screen) bool { return o.Path == s.Path && o.HTML == s.HTML && o.Script == s.Script }
		if !slices.ContainsFunc(of.Screens, same) {
			return false
		}
	}
	return true
}

// fresh starts a browser of Dana's own in a profile in which nothing was done yet, and says yes to it.
func (d *desk) fresh() (*work, browsertest.Page) {
	d.t.Helper()
	o := d.options()
	o.Home, o.Profile, o.Env = d.Home, filepath.Join(d.Home, "fresh", string(d.kind)), d.env(d.Session)
	d.check(os.CopyFS(filepath.Join(o.Profile, nativeHosts), os.DirFS(filepath.Join(d.Home, knownHosts[d.kind]))))
	b, err := browsertest.Start(o)
	d.check(err)
	d.t.Cleanup(func() { _ = b.Kill() })
	w := &work{Browser: b, desk: d, profile: o.Profile}
	w.pair()
	return w, w.popup()
}

// A Chromium looks for native hosts in the profile that it has, a Firefox in one place.
const nativeHosts = "NativeMessagingHosts"

var knownHosts = map[browsertest.Kind]string{browsertest.Chromium: ".config/chromium/" + nativeHosts, browsertest.Firefox: ".mozilla/native-messaging-hosts"}

// generation signs in at one log-in, with one press in the popup. What the network has then is right.
func (w *work) generation(popup browsertest.Page, v replica.Variant, leases map[string]*held, stays bool) {
	lease := w.lend(popup, v, leases)
	w.world.Forget()
	w.world.Show(v)
	var pressed struct{ Refused *struct{ Code, Host string } }
	w.check(popup.Eval(fmt.Sprintf(`chrome.runtime.sendMessage({type: "popup.fill", lease_id: %q})`, lease), &pressed))
	if pressed.Refused != nil {
		w.t.Errorf("the popup says %+v", *pressed.Refused)
	}
	p := w.signIn(popup, v)
	w.isSignedIn(v)
	if stays {
		return
	}
	w.check(p.Eval(`fetch("/replica/leave").then(() => true)`, nil))
	w.check(p.Close())
}

// isSignedIn asks the network. A search and a newsletter beside a log-in got nothing.
func (w *work) isSignedIn(v replica.Variant) {
	w.t.Helper()
	if s := w.world.Sessions(v.Network); len(s) != 1 || s[0].Handle != "acme" || s[0].Code != v.NeedsCode() {
		w.t.Errorf("the network has %v", s)
	}
	for _, typed := range w.world.Typed() {
		if typed.Field == "q" || typed.Field == "news" {
			w.t.Errorf("filled into %+v", typed)
		}
	}
}

// held is a lease, and what was asked for with it: six values a minute, and one code for each of its steps.
type held struct {
	id     string
	values int
	code   bool
}

const (
	valuesPerMinute = 6
	// askedAgain is how many values more a page may ask for that is slow, and loses its fields while they are filled in.
	askedAgain = 2
)

// lend gives a lease with which a log-in can be filled in now. One that is used up is given back and taken anew.
func (w *work) lend(popup browsertest.Page, v replica.Variant, leases map[string]*held) string {
	w.t.Helper()
	l, need := leases[v.Network], values(v)
	if l == nil || l.values+need > valuesPerMinute-askedAgain || l.code && v.NeedsCode() {
		if l != nil {
			w.agentCommand("", "checkin", acme(v.Network))
		}
		l = &held{id: w.take(popup, acme(v.Network))}
		leases[v.Network] = l
	}
	l.values, l.code = l.values+need, l.code || v.NeedsCode()
	return l.id
}

// values are how many are asked for; a page that loses its fields asks again.
func values(v replica.Variant) (n int) {
	for _, s := range v.Screens {
		n += len(s.Take)
		if strings.Contains(s.Script, "hydrate") {
			n += len(s.Take)
		}
	}
	return n
}

// take checks an account out, and waits until the browser knows.
func (w *work) take(popup browsertest.Page, name string) string {
	w.t.Helper()
	var got struct {
		Lease struct{ Lease struct{ ID string } }
	}
	w.check(json.Unmarshal([]byte(w.desk.take(name, "23m")), &got))
	id := got.Lease.Lease.ID
	w.awaitState(popup, "the browser knows the lease", func(s popupState) bool {
		_, ok := s.lease(id)
		return ok && len(s.Cleaning) == 0
	})
	return id
}

// signedOut gives everything back, one after the other: each network has no session any more, and the hub knows how that went.
func (w *work) signedOut(popup browsertest.Page) {
	w.t.Helper()
	for network := range networks {
		w.agentCommand("", "checkin", acme(network))
		w.removed(network)
		if s := w.world.Sessions(network); len(s) != 0 && network != "desk" {
			w.t.Errorf("%s still has %v", network, s)
		}
		want := "done"
		if network == "desk" {
			want = "not_possible" // of an added site nobody knows how
		}
		audit := w.hub("", "audit", "list", "--lease", w.newest(network).ID, "--json")
		if !regexp.MustCompile(`"sign_out":\s*"` + want + `"`).MatchString(audit) {
			w.t.Errorf("%s: the hub does not know that signing out was %s", network, want)
		}
	}
	w.awaitState(popup, "nothing is held", func(s popupState) bool { return len(s.Leases) == 0 && len(s.Cleaning) == 0 })
	cookies, err := w.Cookies()
	w.check(err)
	if len(cookies) > 0 {
		w.t.Errorf("left are the cookies %+v", cookies)
	}
}
