package extension

import (
	"fmt"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/browsertest"
	"github.com/keyshift-hq/keyshift/internal/native"
)

func modeOf(k browsertest.Kind) native.ProfileMode {
	if k == browsertest.Firefox {
		return native.ModeContainer
	}
	return native.ModeWork
}

// TestABrowserOfItsOwn goes the whole way: the digits, the card, a fill of one value at a time, the session, the end; and then
// a lease whose browser is killed.
func TestABrowserOfItsOwn(t *testing.T) {
	eachKind(t, func(t *testing.T, k browsertest.Kind) {
		w := start(t, k, modeOf(k), Options{}, func(a *agent) { a.welcome.Paired = false })
		popup := w.popup()
		w.waitText(popup, "Connect this browser")
		w.press(popup, "Show the digits")
		w.waitText(popup, "482\n913")
		w.agent.mu.Lock()
		w.agent.welcome.Paired = true
		w.agent.mu.Unlock()
		w.agent.tell(native.TypePairDone, native.Empty{})
		w.waitText(popup, "You hold no account right now")

		held := lease(23 * time.Minute)
		w.agent.hold(held)
		w.waitCard(popup, held)
		w.wait(popup, `chrome.action.getBadgeText({}).then((t) => t === "23m")`)
		w.wait(popup, `document.querySelector(".ring b").textContent === "23"`)

		w.knowsTheKeyboard(popup, held)
		w.wait(popup, `chrome.scripting.getRegisteredContentScripts().then((all) => all.length === 0)`) // no site was added
		w.check(popup.Press("Enter"))                                                                   // the first button has the focus
		page := w.pageAt("https://x.com/login")
		w.wait(page, `document.readyState === "complete" && window.ask !== undefined`)
		w.fillsOneValueAtATime(page, held)
		w.endsClean(page, held)
		w.signsOutWhileAPageLoads()
		w.killedCleansFirst()
		w.closesOnlyWorkBrowsers()
	})
}

// knowsTheKeyboard: Tab reaches everything, what opens takes the focus, Escape closes it and gives the focus back.
func (w *world) knowsTheKeyboard(popup browsertest.Page, held native.Lease) {
	w.Helper()
	focus := func(key string) {
		w.Helper()
		w.wait(popup, fmt.Sprintf("document.activeElement.dataset.key === %q", held.ID+"."+key))
	}
	focus("fill")
	w.check(popup.Press("Tab"))
	focus("renew")
	w.check(popup.Press("Enter"))
	focus("renew.15")
	w.check(popup.Press("Escape"))
	focus("renew")
	for _, key := range []string{"check_in", "mistake"} {
		w.check(popup.Press("Tab"))
		focus(key)
	}
	w.check(popup.Press("Tab"))
	w.wait(popup, `document.activeElement.dataset.key === "sent"`)
	w.check(popup.Press("Enter"))
	w.waitText(popup, "That you signed in")
	w.check(popup.Press("Escape"))
	w.wait(popup, `document.activeElement.dataset.key === "sent"`)
	w.check(popup.Eval(`document.querySelector(".primary").focus()`, nil))
}

// closesOnlyWorkBrowsers: the agent may close a browser that is there for a lease, and no other.
func (w *world) closesOnlyWorkBrowsers() {
	w.Helper()
	if modeOf(w.kind) != native.ModeWork {
		return // the other story is told in a browser that stays
	}
	w.agent.tell(native.TypeBrowserClose, native.LeaseRef{LeaseID: "lease-1"})
	w.await("the work browser is closed", func() bool {
		pages, err := w.browser.Pages()
		return err != nil || len(pages) == 0
	})
}

func (w *world) fillsOneValueAtATime(page browsertest.Page, held native.Lease) {
	w.Helper()
	hello := ask[struct {
		State struct {
			Lease *native.Lease
			Fill  bool
			Pack  map[string]any
		}
	}](w, page, `{type: "page.hello"}`).State
	if hello.Lease == nil || hello.Lease.ID != held.ID || !hello.Fill || hello.Pack["network"] != "x" {
		w.Fatalf("the page is told %+v", hello)
	}
	for _, needless := range []string{"variants", "sign_out", "cookie_domains", "fact"} {
		if hello.Pack[needless] != nil {
			w.Errorf("the page is told %s of the site pack", needless)
		}
	}
	type answer struct{ Value, Refused string }
	if got := ask[answer](w, page, `{type: "fill.value", field: "password"}`); got.Value != "hunter2" {
		w.Fatalf("the page got %+v", got)
	}
	get := decode[native.FillGet](w.T, w.agent.wait(native.TypeFillGet, 1))
	if get.Origin != "https://x.com" || get.TopOrigin != "https://x.com" || get.Gesture != native.GesturePopup || get.LeaseID != held.ID {
		w.Errorf("the agent was asked %+v", get)
	}
	ask[struct{}](w, page, `{type: "session.began", verified: true}`)
	if began := decode[native.SessionBegan](w.T, w.agent.wait(native.TypeSessionBegan, 1)); !began.Verified {
		w.Errorf("the agent was told %+v", began)
	}
	if got := ask[answer](w, page, `{type: "fill.value", field: "password"}`); got.Refused != "not_asked" {
		w.Errorf("after the session began the page got %+v", got)
	}
}

func (w *world) endsClean(page browsertest.Page, held native.Lease) {
	w.Helper()
	if err := page.Go("https://x.com/home?cookies"); err != nil {
		w.Fatal(err)
	}
	w.wait(page, `window.store !== undefined && store()`)
	if got := w.cookies("x.com"); len(got) != 4 {
		w.Fatalf("the site set the cookies %q", got)
	}
	w.agent.hold()
	done := decode[native.CleanupDone](w.T, w.agent.wait(native.TypeCleanupDone, 1))
	if done.LeftOver != 0 || done.Cookies < 3 || done.SignOut != native.SignOutDone || done.LeaseID != held.ID {
		w.Errorf("the clean-up says %+v", done)
	}
	w.Logf("cleaned in %d ms", done.MS)
	if got := w.cookies("x.com"); len(got) != 0 {
		w.Errorf("left are the cookies %q", got)
	}
	ended := w.endedPage(held)
	w.waitText(ended, "Your time with @acme on X is over")
	w.waitText(ended, "Nothing of it is left in this browser.")
	w.wantNothingStored()
}

// wantNothingStored looks from inside a page of the network.
func (w *world) wantNothingStored() {
	w.Helper()
	var stored []int
	if err := w.ready("https://x.com/home").Eval("stored()", &stored); err != nil || len(stored) != 3 || stored[0]+stored[1]+stored[2] != 0 {
		w.Errorf("left are localStorage, databases, caches: %v, %v", stored, err)
	}
}
