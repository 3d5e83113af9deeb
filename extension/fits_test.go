package extension

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/browsertest"
	"github.com/keyshift-hq/keyshift/internal/native"
)

// popupWidth is how wide style.css makes the popup; popupHeight is the most that browsers give to one.
const (
	popupWidth  = 360
	popupHeight = 600
)

// TestThePopupFits: as wide as a popup is, with the longest handles and the long words of German, nothing of it is cut off.
func TestThePopupFits(t *testing.T) {
	eachKind(t, func(t *testing.T, k browsertest.Kind) {
		w := start(t, k, native.ModeSameProfile, Options{Language: "de"}, func(a *agent) { a.welcome.Paired = false })
		popup := w.popup()
		w.check(popup.Resize(popupWidth, popupHeight))
		w.fitsWithoutLease(popup)
		w.fitsWithLeases(popup)
		w.fitsWithTrouble(popup)
	})
}

// cutOff are the elements of which something is not to be seen, or that leave the popup.
const cutOff = `[...document.querySelectorAll("body, body *")].filter((e) => {
	const r = e.getBoundingClientRect();
	return e.getClientRects().length > 0 && !e.closest("svg") && (e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0 || r.right > innerWidth || r.left < 0);
}).map((e) => e.outerHTML.slice(0, 200))`

// fits looks at what the popup shows now, and keeps it as a picture, in light and dark.
func (w *world) fits(popup browsertest.Page, name string) {
	w.Helper()
	var cut []string
	w.check(popup.Eval("scrollTo(0, 0), "+cutOff, &cut))
	if len(cut) > 0 {
		w.Errorf("%s: cut off are\n%s", name, strings.Join(cut, "\n"))
	}
	if os.Getenv("KEYSHIFT_PICTURES") != "" {
		w.pictures(popup, name)
	}
}

// pictures are of the whole popup, whose tab has to be in front for them.
func (w *world) pictures(popup browsertest.Page, name string) {
	w.Helper()
	height := 0
	w.check(popup.Eval(`(async () => {
		[globalThis.before] = await chrome.tabs.query({active: true, lastFocusedWindow: true});
		await chrome.tabs.update((await chrome.tabs.getCurrent()).id, {active: true});
		scrollTo(0, 0);
		return Math.ceil(document.body.getBoundingClientRect().height);
	})()`, &height))
	w.check(popup.Resize(popupWidth, height))
	for _, scheme := range []string{"light", "dark"} {
		w.check(popup.Eval(fmt.Sprintf(`document.documentElement.style.colorScheme = %q`, scheme), nil))
		w.picture(popup, "popup-"+name+"-"+scheme)
	}
	w.check(popup.Resize(popupWidth, popupHeight))
	w.check(popup.Eval(`chrome.tabs.update(globalThis.before.id, {active: true})`, nil))
}

// pressKey clicks the button with this key as a user would.
func (w *world) pressKey(popup browsertest.Page, key string) {
	w.Helper()
	selector := fmt.Sprintf(`[data-key="%s"]`, key)
	w.wait(popup, fmt.Sprintf(`document.querySelector('%s')`, selector))
	w.check(popup.Eval(fmt.Sprintf(`document.querySelector('%s').click()`, selector), nil))
}

func (w *world) fitsWithoutLease(popup browsertest.Page) {
	w.Helper()
	w.wait(popup, `document.querySelector('[data-key="pair"]')`)
	w.fits(popup, "unpaired")
	w.pressKey(popup, "pair")
	w.wait(popup, `document.querySelector("output.digits")`)
	w.fits(popup, "digits")
	w.agent.mu.Lock()
	w.agent.welcome.Paired = true
	w.agent.mu.Unlock()
	w.agent.tell(native.TypePairDone, native.Empty{})
	w.wait(popup, `document.querySelector('[data-key="sent"]')`)
	w.fits(popup, "empty")
}

// longHandles are as long as the networks let them be, with and without a place to break.
var longHandles = []string{"redaktion_kundendienst_bayern1", "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWW", "kundendienst.oberbayern@hilfe.acme-deutschland.example"}

func (w *world) fitsWithLeases(popup browsertest.Page) {
	w.Helper()
	var all []native.Lease
	for i, network := range []string{"x", "instagram", "site:hilfe.acme-deutschland.example"} {
		l := lease(time.Duration(23+i) * time.Minute)
		l.Network, l.Handle = network, longHandles[i]
		if i == 2 {
			l.Hosts = []string{"hilfe.acme-deutschland.example"}
		}
		all = append(all, l)
	}
	one := all[:1]
	w.agent.hold(one...)
	w.waitCard(popup, one[0])
	w.fits(popup, "lease")
	page := w.ready("https://x.com/explore")
	w.front(popup, "https://x.com/explore")
	for _, relation := range []native.Relation{native.RelationUnknown, native.RelationOther, native.RelationPersonal, native.RelationLease} {
		ask[struct{}](w, page, `{type: "identity.seen", relation: "`+string(relation)+`"}`)
		class := map[native.Relation]string{native.RelationUnknown: "quiet", native.RelationLease: "good"}[relation]
		if class == "" {
			class = "bad"
		}
		w.wait(popup, fmt.Sprintf(`document.querySelector(".who.%s")`, class))
		w.fits(popup, "as-"+string(relation))
	}
	for what, opened := range map[string]string{"renew": "renew.60", "check_in": "sure"} {
		w.pressKey(popup, one[0].ID+"."+what)
		w.wait(popup, fmt.Sprintf(`document.querySelector('[data-key="%s.%s"]')`, one[0].ID, opened))
		w.fits(popup, what)
		w.pressKey(popup, one[0].ID+".cancel")
	}
	w.pressKey(popup, "sent")
	w.wait(popup, `document.querySelector(".sent li")`)
	w.fits(popup, "sent")
	w.pressKey(popup, "back")
	w.agent.tell(native.TypeReminder, native.Reminder{ID: "r1", Title: "Keyshift", Text: "Steh kurz auf: du arbeitest seit zwei Stunden.", Answers: []native.ReminderChoice{{Answer: "dismiss", Text: "Verstanden"}, {Answer: "snooze", Text: "In zehn Minuten erneut erinnern"}}})
	w.agent.hold(all...)
	w.waitCard(popup, all[2])
	w.wait(popup, `document.querySelector('[data-key="r1.snooze"]') && document.querySelector('[data-key^="allow."]')`)
	w.fits(popup, "three-leases")
	w.pressIcon(popup) // higher than browsers let a popup be
	w.wait(popup, inPopup(`document.querySelectorAll(".card").length === 3 && document.documentElement.scrollHeight > innerHeight`))
	w.wait(popup, inPopup(`[...document.querySelectorAll(".card, .notice")].every((e) => e.getBoundingClientRect().right <= document.documentElement.clientWidth)`))
	w.wait(popup, inPopup(cutOff+`.length === 0`))
	w.check(popup.Eval(`chrome.extension.getViews({type: "popup"})[0].close()`, nil))
	if w.kind == browsertest.Firefox {
		w.theUserIsAskedForTheSite(popup, all[2].Hosts[0])
	}
}

// theUserIsAskedForTheSite: Firefox asks as long as the user says no, and without the yes nothing is read there.
func (w *world) theUserIsAskedForTheSite(popup browsertest.Page, host string) {
	w.Helper()
	window, err := browsertest.Window(w.browser)
	w.check(err)
	w.check(popup.Eval(`chrome.tabs.getCurrent().then((t) => chrome.tabs.update(t.id, {active: true})).then(() => true)`, nil))
	allowed := fmt.Sprintf(`chrome.permissions.contains({origins: ["https://%s/*"]})`, host)
	for _, answer := range []string{"secondaryButton", "button"} {
		w.check(popup.Click(fmt.Sprintf(`[data-key="allow.%s"]`, host)))
		w.wait(window, fmt.Sprintf(`PopupNotifications.panel.state === "open" && PopupNotifications.panel.textContent.includes(%q)`, host))
		w.wait(window, fmt.Sprintf(`(PopupNotifications.panel.firstElementChild?.%s.click(), PopupNotifications.panel.state === "closed")`, answer))
		w.wait(popup, fmt.Sprintf(`%s.then((yes) => yes === %v)`, allowed, answer == "button"))
	}
	w.wait(popup, fmt.Sprintf(`!document.querySelector('[data-key="allow.%s"]')`, host))
	w.wait(popup, `chrome.scripting.getRegisteredContentScripts().then((all) => all.length === 1)`)
	w.ready("https://" + host + "/login")
	w.front(popup, "https://x.com/explore")
}

// fitsWithTrouble: with the leases, and then without any.
func (w *world) fitsWithTrouble(popup browsertest.Page) {
	w.Helper()
	w.agent.stop()
	w.wait(popup, `document.querySelector('[data-key="retry"]')`)
	w.fits(popup, "lost")
	w.agent.listen()
	w.wait(popup, `!document.querySelector('[data-key="retry"]')`)
	w.agent.hold()
	w.wait(popup, `!document.querySelector(".card")`)
	w.agent.refuses(native.TypeHello, native.CodeVersionUnsupported, "")
	w.agent.stop()
	w.agent.listen()
	w.wait(popup, `document.querySelector('.message [data-key="retry"]')`)
	w.fits(popup, "too-old")
}
