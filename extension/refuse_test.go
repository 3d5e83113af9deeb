package extension

import (
	"fmt"
	"time"

	"github.com/keyshift-hq/keyshift/internal/browsertest"
	"github.com/keyshift-hq/keyshift/internal/native"
)

type valueAnswer struct{ Value, Refused string }

const askPassword = `{type: "fill.value", field: "password", origin: "https://x.com", lease_id: "forged"}`

// nobodyElseGetsAValue: who asks is what the browser says, and a fill was asked for in that tab or there is none.
func (w *world) nobodyElseGetsAValue() {
	w.Helper()
	unasked := w.ready("https://x.com/other")
	popup := w.popup()
	held := lease(23 * time.Minute)
	w.agent.hold(held)
	w.waitCard(popup, held)
	w.refuses("a page where nobody asked", unasked, askPassword, "not_asked")
	w.press(popup, "Sign in now")
	page := w.pageAt("https://x.com/login")
	w.wait(page, `document.readyState === "complete" && window.ask !== undefined`)
	w.refuses("the tab beside it", unasked, askPassword, "not_asked")
	w.hearsOfAnotherAccount(page, unasked)
	w.refuses("a value that the lease has not", page, `{type: "fill.value", field: "token"}`, "field_refused")
	w.framesGetNothing(page)
	w.pagesAreNoPopup(page)
	w.elsewhereIsOver(page)
	if n := w.agent.count(native.TypeFillGet); n != 0 {
		w.Errorf("the agent was asked %d times for a value", n)
	}
}

// ready opens a page and waits for the content script.
func (w *world) ready(address string) browsertest.Page {
	w.Helper()
	page := w.open(address)
	w.wait(page, `document.readyState === "complete" && window.ask !== undefined`)
	return page
}

func (w *world) refuses(who string, page browsertest.Page, message, want string) {
	w.Helper()
	if got := ask[valueAnswer](w, page, message); got.Refused != want || got.Value != "" {
		w.Errorf("%s: got %+v, want %s", who, got, want)
	}
}

// hearsOfAnotherAccount: pages of the network are asked to look again who is signed in when a cookie says so, in all tabs.
func (w *world) hearsOfAnotherAccount(page, beside browsertest.Page) {
	w.Helper()
	looked := func(p browsertest.Page) (n int) {
		w.check(p.Eval(`ask({type: "identity.cookies"}).then((got) => got.heard.filter((m) => m.type === "identity.look").length)`, &n))
		return n
	}
	for i, who := range []struct{ id, relation string }{{"99", "personal"}, {"1001", "lease"}} {
		if n := looked(page); i == 0 && n > 0 {
			w.Errorf("asked to look %d times, and nothing changed", n)
		}
		before := looked(page)
		w.check(page.Eval(`fetch("/?cookies").then(() => fetch("/?becomes=`+who.id+`"))`, nil))
		for _, p := range []browsertest.Page{page, beside} {
			w.wait(p, fmt.Sprintf(`ask({type: "identity.cookies"}).then((got) => got.answer.relation === %q && got.heard.filter((m) => m.type === "identity.look").length > %d)`, who.relation, before))
		}
	}
}

// framesGetNothing: a frame of another origin in the tab that was asked for, and the network's own page in a stranger's frame.
func (w *world) framesGetNothing(page browsertest.Page) {
	w.Helper()
	for outer, inner := range map[string]string{"https://x.com/login": "https://www.x.com/login", "https://x.com/": "https://twitter.com/"} {
		if err := page.Go(fmt.Sprintf("%s?frame=%s%%3Fasks", outer, inner)); err != nil {
			w.Fatal(err)
		}
		w.wait(page, `window.fromFrame !== undefined`)
		var got valueAnswer
		if err := page.Eval("fromFrame", &got); err != nil {
			w.Fatal(err)
		}
		if got.Refused != "origin_refused" || got.Value != "" {
			w.Errorf("the frame %s in %s got %+v", inner, outer, got)
		}
	}
}

// pagesAreNoPopup: what the popup asks is not answered to pages.
func (w *world) pagesAreNoPopup(page browsertest.Page) {
	w.Helper()
	var got struct{ Answer any }
	for _, message := range []string{`{type: "popup.state"}`, `{type: "popup.fill", lease_id: "x"}`, `{type: "popup.check_in", lease_id: "x"}`, `{type: "nonsense"}`, `"text"`} {
		if err := page.Eval("ask("+message+")", &got); err != nil {
			w.Fatal(err)
		}
		if got.Answer != nil {
			w.Errorf("a page that asks %s gets %v", message, got.Answer)
		}
	}
}

// elsewhereIsOver: a tab that went to another site and came back may not ask any more.
func (w *world) elsewhereIsOver(page browsertest.Page) {
	w.Helper()
	for _, address := range []string{"https://facebook.com/", "https://x.com/login"} {
		if err := page.Go(address); err != nil {
			w.Fatal(err)
		}
		w.wait(page, `document.readyState === "complete" && window.ask !== undefined`)
	}
	w.refuses("a tab that was elsewhere", page, askPassword, "not_asked")
}
