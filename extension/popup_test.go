package extension

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"time"

	"github.com/keyshift-hq/keyshift/internal/browsertest"
	"github.com/keyshift-hq/keyshift/internal/native"
)

// saysAndDoes: what the popup says, and what each of its buttons does.
func (w *world) saysAndDoes() {
	w.Helper()
	page := w.ready("https://x.com/explore")
	popup := w.popup()
	held := lease(23 * time.Minute)
	w.agent.hold(held)
	w.waitCard(popup, held)
	w.waitsForTime()
	w.saysAsWhom(popup, page, held)
	w.hearsOfChanges(page, held)
	w.renewsAndTells(popup)
	w.showsReminders(popup)
	w.namesLookAlikes(popup)
	w.keepsItsKey(popup)
	page = w.opensTheLogIn(popup)
	popup = w.popup() // the one before made room for the page
	w.asksAColleague(popup, page, held)
	w.opensAsAPopup(popup, page)
	w.press(popup, "Check in")
	w.press(popup, "Check in and sign out")
	w.agent.wait(native.TypeLeaseCheckIn, 1)
	w.speaksAnotherVersion(popup)
}

func (w *world) saysAsWhom(popup, page browsertest.Page, held native.Lease) {
	w.Helper()
	w.front(popup, "https://x.com/explore")
	for _, tt := range []struct {
		relation native.Relation
		says     string
	}{
		{native.RelationOther, "Another company account is signed in here, not @acme"},
		{native.RelationPersonal, "A personal account is signed in here, not @acme"},
		{native.RelationUnknown, "The page does not say who is signed in"},
		{native.RelationLease, "Signed in as @acme"},
	} {
		ask[struct{}](w, page, `{type: "identity.seen", relation: "`+string(tt.relation)+`"}`)
		w.waitText(popup, tt.says)
		asks := `document.querySelector('[data-key="` + held.ID + `.code"]') !== null`
		if tt.relation == native.RelationLease {
			asks = "!(" + asks + ")" // who is signed in needs no code
		}
		w.wait(popup, asks)
		w.picture(popup, "popup-as-"+string(tt.relation))
	}
}

// hearsOfChanges: a page that is open is told of a new pack, and of other words.
func (w *world) hearsOfChanges(page browsertest.Page, held native.Lease) {
	w.Helper()
	told := func(what string) {
		w.Helper()
		w.wait(page, `ask({type: "page.hello"}).then((got) => got.heard.some((m) => m.type === "page.state" && `+what+`))`)
	}
	w.agent.mu.Lock()
	w.agent.newer = 1
	w.agent.state.WordsVersion = 2
	w.agent.mu.Unlock()
	w.agent.tell(native.TypePacksChanged, native.PackVersion{Network: "x", Version: 2})
	told("m.state.pack?.version === 2")
	w.agent.hold(held)
	told("m.state.words === 2")
}

// renewsAndTells: what the agent says of a refusal is told in its words.
func (w *world) renewsAndTells(popup browsertest.Page) {
	w.Helper()
	w.press(popup, "Renew")
	w.press(popup, "+ 15 min")
	if got := decode[native.LeaseRenew](w.T, w.agent.wait(native.TypeLeaseRenew, 1)); got.Minutes != 15 {
		w.Errorf("asked for %d minutes", got.Minutes)
	}
	w.waitText(popup, "Renewed.")
	w.agent.refuses(native.TypeLeaseRenew, native.CodeRefused, "@acme is lent for two hours at most.")
	w.press(popup, "Renew")
	w.press(popup, "+ 60 min")
	w.waitText(popup, "@acme is lent for two hours at most.")
	w.press(popup, "I made a mistake")
	w.agent.wait(native.TypeMistakeOpen, 1)
	w.waitText(popup, "Keyshift's window is open")
	w.agent.refuses(native.TypeMistakeOpen, native.CodeRefused, "The tray does not run. Run keyshift-agent mistake instead.")
	w.press(popup, "I made a mistake")
	w.waitText(popup, "Run keyshift-agent mistake instead.")
}

// showsReminders: a line is there until it is answered, here or elsewhere.
func (w *world) showsReminders(popup browsertest.Page) {
	w.Helper()
	line := native.Reminder{ID: "r1", Title: "Keyshift", Text: "Stand up for a moment.", Answers: []native.ReminderChoice{{Answer: "dismiss", Text: "Understood"}}}
	w.agent.tell(native.TypeReminder, line)
	w.waitText(popup, line.Text)
	w.press(popup, "Understood")
	if got := decode[native.ReminderAnswer](w.T, w.agent.wait(native.TypeReminderAnswer, 1)); got.ID != "r1" || got.Answer != "dismiss" {
		w.Errorf("answered %+v", got)
	}
	gone := `!document.body.innerText.includes("Stand up")`
	w.wait(popup, gone)
	line.ID = "r2"
	w.agent.tell(native.TypeReminder, line)
	w.waitText(popup, line.Text)
	w.agent.tell(native.TypeReminderOver, native.ReminderRef{ID: "r2"})
	w.wait(popup, gone)
}

// namesLookAlikes: a page that pretends to be the network is named, and nothing else is opened.
func (w *world) namesLookAlikes(popup browsertest.Page) {
	w.Helper()
	w.open("https://evil-x.com/")
	w.front(popup, "https://evil-x.com/")
	w.press(popup, "Sign in now")
	w.waitText(popup, "evil-x.com only looks like the network")
	w.picture(popup, "popup-look-alike")
	w.open("https://xn--80ak6aa92e.com/")
	w.front(popup, "https://xn--80ak6aa92e.com/")
	w.press(popup, "Sign in now")
	w.waitText(popup, "the address xn--80ak6aa92e.com has foreign letters")
}

// opensAsAPopup: the popup itself, not in a tab, fits its contents, knows the page below it, and makes room when a fill begins.
func (w *world) opensAsAPopup(opener, page browsertest.Page) {
	w.Helper()
	ask[struct{}](w, page, `{type: "identity.seen", relation: "unknown"}`)
	w.front(opener, "https://x.com/login")
	w.pressIcon(opener)
	w.wait(opener, inPopup(`document.body.innerText.includes("The page does not say who is signed in")`))
	w.wait(opener, inPopup(`innerWidth >= 360 && innerWidth <= 400 && document.documentElement.scrollWidth <= innerWidth && document.documentElement.scrollHeight <= innerHeight + 1`))
	w.pictureOfPopup(opener)
	w.check(opener.Eval(inPopup(`[...document.querySelectorAll("button")].find((b) => b.textContent === "Sign in now").click()`), nil))
	w.wait(opener, `chrome.extension.getViews({type: "popup"}).length === 0`)
}

// pressIcon opens the popup: in Firefox with the icon, which is in the toolbar from the beginning.
func (w *world) pressIcon(opener browsertest.Page) {
	w.Helper()
	if w.kind == browsertest.Chromium {
		w.check(opener.Eval(`chrome.action.openPopup()`, nil))
		return
	}
	window, err := browsertest.Window(w.browser)
	w.check(err)
	w.wait(window, `(() => { const b = document.querySelector("#nav-bar [data-extensionid] .unified-extensions-item-action-button"); b?.click(); return !!b; })()`)
}

// inPopup evaluates an expression in the popup, as another page of the extension can; false while there is none.
func inPopup(expression string) string {
	return `(([popup]) => popup !== undefined && (({ document, innerWidth, innerHeight }) => ` + expression + `)(popup))(chrome.extension.getViews({type: "popup"}))`
}

// pictureOfPopup keeps how the popup looks that is open: in Firefox its own window draws it.
func (w *world) pictureOfPopup(opener browsertest.Page) {
	w.Helper()
	if os.Getenv("KEYSHIFT_PICTURES") == "" {
		return
	}
	if w.kind == browsertest.Chromium {
		w.picture(w.another(opener), "popup-real")
		return
	}
	window, err := browsertest.Window(w.browser)
	w.check(err)
	var drawn string
	w.check(window.Eval(`(async () => {
		const shown = document.querySelector("browser.webextension-popup-browser").browsingContext.currentWindowGlobal;
		const bitmap = await shown.drawSnapshot(null, 1, "white");
		const canvas = document.createElementNS("http://www.w3.org/1999/xhtml", "canvas");
		[canvas.width, canvas.height] = [bitmap.width, bitmap.height];
		canvas.getContext("2d").drawImage(bitmap, 0, 0);
		return canvas.toDataURL().split(",")[1];
	})()`, &drawn))
	png, err := base64.StdEncoding.DecodeString(drawn)
	w.check(err)
	w.check(os.WriteFile(filepath.Join(os.Getenv("KEYSHIFT_PICTURES"), "firefox-popup-real.png"), png, 0o600))
}

// another waits for a page at the address of this one that is not it.
func (w *world) another(this browsertest.Page) browsertest.Page {
	w.Helper()
	address, err := this.URL()
	w.check(err)
	return w.pageThat("the popup opens", func(p browsertest.Page, at string) bool { return at == address && p.ID() != this.ID() })
}

func (w *world) wantGone(p browsertest.Page) {
	w.Helper()
	w.await("the popup closes", func() bool {
		_, err := p.URL()
		return err != nil
	})
}

// opensTheLogIn: on a page of the network where nobody signs in, the log-in is opened beside it.
func (w *world) opensTheLogIn(popup browsertest.Page) browsertest.Page {
	w.Helper()
	w.open("https://help.x.com/")
	w.front(popup, "https://help.x.com/")
	w.press(popup, "Sign in now")
	w.wantGone(popup)
	page := w.pageAt("https://x.com/login")
	w.wait(page, `document.readyState === "complete" && window.ask !== undefined`)
	return page
}

// asksAColleague: the user hears that nobody passes a code on, or that somebody was asked.
func (w *world) asksAColleague(popup, page browsertest.Page, held native.Lease) {
	w.Helper()
	w.agent.refuses(native.TypeRelayAsk, native.CodeNoCustodian, "")
	ask[struct{}](w, page, `{type: "relay.ask"}`)
	w.waitText(popup, "nobody is named who passes it on")
	w.agent.refuses(native.TypeRelayAsk, "", "")
	ask[struct{}](w, page, `{type: "relay.ask"}`)
	w.waitText(popup, "X sends its code to a colleague of yours.")
	w.agent.tell(native.TypeCodeReady, native.LeaseRef{LeaseID: held.ID})
	w.wait(popup, `!document.body.innerText.includes("colleague")`)
}

// keepsItsKey: what proves which profile asks cannot be taken out, not even by a page of the extension.
func (w *world) keepsItsKey(popup browsertest.Page) {
	w.Helper()
	w.wait(popup, `new Promise((done) => {
		const opened = indexedDB.open("keyshift");
		opened.onsuccess = () => {
			const got = opened.result.transaction("keys").objectStore("keys").get("profile");
			got.onsuccess = () => crypto.subtle.exportKey("pkcs8", got.result.privateKey).then(() => done(false), (no) => done(no.name === "InvalidAccessError"));
		};
	})`)
}

// speaksAnotherVersion: an agent that does not understand the extension, and one that does again.
func (w *world) speaksAnotherVersion(popup browsertest.Page) {
	w.Helper()
	w.agent.hold()
	w.waitText(popup, "You hold no account right now")
	for _, code := range []native.Code{native.CodeVersionUnsupported, native.CodeBadMessage} {
		w.agent.refuses(native.TypeHello, code, "")
		w.agent.stop()
		w.agent.listen()
		w.waitText(popup, "One of the two is too old")
		w.agent.refuses(native.TypeHello, "", "")
		w.press(popup, "Try again")
		w.waitText(popup, "You hold no account right now")
	}
}
