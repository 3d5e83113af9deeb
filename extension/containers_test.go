package extension

import (
	"slices"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/browsertest"
	"github.com/keyshift-hq/keyshift/internal/native"
)

// TestContainers: a container that is just made is not taken for one that was left behind, and one that the user removes is
// made anew.
func TestContainers(t *testing.T) {
	w := start(t, browsertest.Firefox, native.ModeContainer, Options{})
	popup := w.popup()
	for range 4 {
		held := w.lent(popup)
		w.check(popup.Eval(`void chrome.runtime.sendMessage({type: "popup.fill", lease_id: "`+held.ID+`"})`, nil))
		for range 20 {
			w.agent.hold(held) // after each word of the agent the background looks for what was left behind
		}
		w.pageAt("https://x.com/login")
		w.givenBack()
	}

	w.findsTheWayAgain(popup)

	held := w.lent(popup)
	for range 2 {
		w.press(popup, "Sign in now")
		w.pageAt("https://x.com/login")
		popup = w.popup()
		w.waitCard(popup, held)
		w.check(popup.Eval(`browser.contextualIdentities.query({}).then((all) => Promise.all(
			all.filter((c) => c.name.startsWith("Keyshift")).map((c) => browser.contextualIdentities.remove(c.cookieStoreId))))`, nil))
	}
	if done := w.givenBack(); done.LeaseID != held.ID || done.LeftOver != 0 {
		w.Errorf("without its container the clean-up says %+v", done)
	}
}

// findsTheWayAgain: a busy browser can forget where a new tab was sent. It stays empty then, and is sent there again.
func (w *world) findsTheWayAgain(popup browsertest.Page) {
	w.Helper()
	held := w.lent(popup)
	before, err := w.browser.Pages()
	w.check(err)
	reached := make(chan struct{})
	w.slow.silent <- reached
	w.check(popup.Eval(`void chrome.runtime.sendMessage({type: "popup.fill", lease_id: "`+held.ID+`"})`, nil))
	page := w.pageThat("a new tab is there", func(p browsertest.Page, _ string) bool {
		return !slices.ContainsFunc(before, func(o browsertest.Page) bool { return o.ID() == p.ID() })
	})
	<-reached
	w.check(page.Eval(`stop()`, nil))
	w.pageAt("https://x.com/login")
	w.givenBack()
}

func (w *world) lent(popup browsertest.Page) native.Lease {
	w.Helper()
	held := lease(time.Hour)
	w.agent.hold(held)
	w.waitCard(popup, held)
	return held
}

// givenBack ends the lease, and waits for the clean-up.
func (w *world) givenBack() native.CleanupDone {
	w.Helper()
	before := w.agent.count(native.TypeCleanupDone)
	w.agent.hold()
	return decode[native.CleanupDone](w.T, w.agent.wait(native.TypeCleanupDone, before+1))
}
