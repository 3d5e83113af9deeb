package extension

import (
	"slices"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/browsertest"
	"github.com/keyshift-hq/keyshift/internal/native"
)

// signedIn is a page of the network with a session, and a personal one at another network.
func (w *world) signedIn(popup browsertest.Page) browsertest.Page {
	w.Helper()
	w.press(popup, "Sign in now")
	page := w.pageAt("https://x.com/login")
	w.wait(page, `document.readyState === "complete" && window.ask !== undefined`)
	if err := page.Go("https://x.com/home?cookies"); err != nil {
		w.Fatal(err)
	}
	w.wait(page, `window.ask !== undefined && store()`)
	ask[struct{}](w, page, `{type: "page.hello"}`)
	ask[struct{}](w, page, `{type: "session.began", verified: true}`)
	return page
}

func (w *world) wantOnlyPersonal() {
	w.Helper()
	if got := w.cookies("x.com"); len(got) != 0 {
		w.Errorf("left are the cookies %q", got)
	}
	if got := w.jar("facebook.com"); !slices.Equal(got, w.personal) {
		w.Errorf("the other network's cookies were %q and are %q", w.personal, got)
	}
	var stored []int
	if err := w.ready("https://facebook.com/").Eval("stored()", &stored); err != nil || !slices.Equal(stored, []int{1, 1, 1}) {
		w.Errorf("the other network's localStorage, databases, caches are %v, %v", stored, err)
	}
}

// staysPersonal fills cookies and storage of another network, which are nobody's business.
func (w *world) staysPersonal() {
	w.Helper()
	w.check(w.ready("https://facebook.com/?cookies").Eval("store()", nil))
	if w.personal = w.jar("facebook.com"); len(w.personal) != 4 {
		w.Fatalf("the other network set the cookies %q", w.personal)
	}
}

// TestTheUsersOwnProfile: nobody but the page that was asked for gets a value, without the agent a lease ends in time, and the popup
// says what it should.
func TestTheUsersOwnProfile(t *testing.T) {
	eachKind(t, func(t *testing.T, k browsertest.Kind) {
		w := start(t, k, native.ModeSameProfile, Options{})
		w.nobodyElseGetsAValue()
		w.endsInTimeWithoutTheAgent()
		w.saysAndDoes()
	})
}

// endsInTimeWithoutTheAgent: nothing is filled in any more, time goes on, and the clean-up is reported when the agent is back.
func (w *world) endsInTimeWithoutTheAgent() {
	w.Helper()
	w.staysPersonal()
	popup := w.popup()
	held := lease(time.Hour)
	cleaned := w.agent.count(native.TypeCleanupDone)
	w.agent.hold(held)
	w.agent.wait(native.TypeCleanupDone, cleaned+1) // of the lease before, whose tabs show that it is over
	w.waitCard(popup, held)
	page := w.signedIn(popup)

	popup = w.popup()
	held.EndsAt = native.Millis(time.Now().Add(4 * time.Second).UnixMilli())
	w.agent.hold(held)
	w.wait(popup, `document.querySelector(".ring small").textContent === "s"`)
	w.agent.stop()
	w.waitText(popup, "Keyshift on this computer does not answer.")
	if got := ask[valueAnswer](w, page, askPassword); got.Value != "" {
		w.Errorf("without the agent a page got %+v", got)
	}
	ended := w.endedPage(held)
	w.waitText(ended, "Nothing of it is left in this browser.")
	w.wantOnlyPersonal()
	w.wantNothingStored()
	before := w.agent.count(native.TypeCleanupDone)
	w.agent.mu.Lock()
	w.agent.state.Leases = []native.Lease{}
	w.agent.mu.Unlock()
	w.agent.listen()
	done := decode[native.CleanupDone](w.T, w.agent.wait(native.TypeCleanupDone, before+1))
	if done.LeaseID != held.ID || done.LeftOver != 0 || done.Cookies == 0 {
		w.Errorf("the clean-up says %+v", done)
	}
}

func (w *world) endedPage(held native.Lease) browsertest.Page {
	w.Helper()
	address, err := browsertest.ExtensionPage(w.kind, w.dir, "ended.html?lease="+held.ID)
	if err != nil {
		w.Fatal(err)
	}
	return w.pageAt(address)
}

// killedCleansFirst: the lease ends while the browser is gone; its next start cleans before any page is told anything.
func (w *world) killedCleansFirst() {
	w.Helper()
	popup := w.popup()
	held := lease(time.Hour)
	w.agent.hold(held)
	w.waitCard(popup, held)
	w.signedIn(popup)
	before := w.agent.count(native.TypeCleanupDone)
	if err := w.browser.Kill(); err != nil {
		w.Fatal(err)
	}
	w.agent.mu.Lock()
	w.agent.state.Leases = []native.Lease{}
	if w.kind == browsertest.Firefox { // forgets what an add-on stored that was installed for one run only; Chromium knows by itself
		w.agent.state.Ended = []native.Ended{{ID: held.ID, Network: "x", Hosts: []string{"x.com"}, CookieDomains: []string{"x.com", "twitter.com"}}}
	}
	w.agent.mu.Unlock()
	w.launch()
	done := decode[native.CleanupDone](w.T, w.agent.wait(native.TypeCleanupDone, before+1))
	if done.LeaseID != held.ID || done.LeftOver != 0 {
		w.Errorf("the clean-up says %+v", done)
	}
	if got := w.cookies("x.com"); len(got) != 0 {
		w.Errorf("left are the cookies %q", got)
	}
	w.wait(w.popup(), `globalThis.browser?.contextualIdentities === undefined ||
		browser.contextualIdentities.query({}).then((all) => all.every((c) => !c.name.startsWith("Keyshift")))`)
}
