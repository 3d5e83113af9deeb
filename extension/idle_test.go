package extension

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keyshift-hq/keyshift/internal/browsertest"
)

// counts are what keeps a script busy, and how often anything of it ran since it was counted before.
type counts struct {
	Observers, Timers, Ran int
	Listeners              []string
}

// nothingToDo is a content script that only waits for a page to come back from the browser's cache.
var nothingToDo = counts{Listeners: []string{"pageshow"}}

// TestIdle: a page costs nothing where no lease is, whatever happens in it, and the background sleeps while nobody wants anything.
func TestIdle(t *testing.T) {
	eachKind(t, func(t *testing.T, k browsertest.Kind) {
		w := start(t, k, modeOf(k), Options{instead: map[string]string{"content": "testdata/countedcontent.ts", "background": "testdata/countedbackground.ts"}})
		w.agent.wait("state.get", 1)
		free := w.counting("https://x.com/home")
		w.wantIdle("a network without a lease", free)
		w.backgroundSleeps()

		popup := w.popup()
		held := lease(time.Hour)
		w.agent.hold(held)
		w.waitCard(popup, held)
		w.wantIdle("another network than the lease's", w.counting("https://www.facebook.com/home"))
		if k == browsertest.Firefox {
			w.wantIdle("another container than the lease's", free)
		}
		w.wantIdleFrame("https://x.com/home", "https://www.facebook.com/home")
		w.wantNobody("https://example.com/")
		w.press(popup, "Sign in now")
		w.wantBusy(w.pageAt("https://x.com/login"))
		w.agent.hold()
		w.endedPage(held)
		w.wantIdle("a network whose lease is over", w.counting("https://x.com/home"))
	})
}

// counting opens a page and waits for the content script.
func (w *world) counting(address string) browsertest.Page {
	w.Helper()
	page := w.open(address)
	w.wait(page, `document.readyState === "complete" && !document.dispatchEvent(new CustomEvent("count", {cancelable: true}))`)
	w.count(page)
	return page
}

const askCounts = `new Promise((done) => {
	document.addEventListener("counted", (e) => done(JSON.parse(e.detail)), {once: true});
	document.dispatchEvent(new CustomEvent("count", {cancelable: true}));
})`

func (w *world) count(page browsertest.Page) (c counts) {
	w.Helper()
	w.check(page.Eval(askCounts, &c))
	return c
}

// stir does in a page what pages do all the time.
const stir = `(async () => {
	for (let i = 0; i < 200; i++) {
		const field = document.body.appendChild(document.createElement("input"));
		field.focus();
		field.value = "written";
		for (const type of ["input", "change", "focusin", "click", "keydown"]) field.dispatchEvent(new Event(type, {bubbles: true}));
	}
	history.pushState({}, "", "/elsewhere");
	for (const type of ["popstate", "hashchange", "focus", "blur", "resize", "scroll"]) dispatchEvent(new Event(type));
	document.dispatchEvent(new Event("visibilitychange"));
	await new Promise((done) => setTimeout(done));
})()`

func (w *world) wantIdle(where string, page browsertest.Page) {
	w.Helper()
	w.count(page)
	w.check(page.Eval(stir, nil))
	if diff := cmp.Diff(nothingToDo, w.count(page)); diff != "" {
		w.Errorf("%s (-want +got):\n%s", where, diff)
	}
}

// wantBusy: with a lease the same counters count.
func (w *world) wantBusy(page browsertest.Page) {
	w.Helper()
	w.wait(page, `document.readyState === "complete" && !document.dispatchEvent(new CustomEvent("count", {cancelable: true}))`)
	w.await("the second script is at work", func() bool { return slices.Contains(w.count(page).Listeners, "visibilitychange") })
	w.check(page.Eval(stir, nil))
	if c := w.count(page); c.Observers == 0 || c.Timers == 0 || c.Ran == 0 {
		w.Errorf("with a lease the content script has %+v", c)
	}
}

// wantIdleFrame: a page with a lease may show another network's.
func (w *world) wantIdleFrame(outer, inner string) {
	w.Helper()
	page := w.open(outer + "?frame=" + inner + "%3Fcounts")
	w.wait(page, "window.fromFrame !== undefined")
	var got counts
	w.check(page.Eval("fromFrame", &got))
	if diff := cmp.Diff(nothingToDo, got); diff != "" {
		w.Errorf("%s in a page of %s (-want +got):\n%s", inner, outer, diff)
	}
}

// wantNobody: there is no content script on other sites.
func (w *world) wantNobody(address string) {
	w.Helper()
	page := w.open(address)
	w.wait(page, `document.readyState === "complete"`)
	alone := false
	w.check(page.Eval(`document.dispatchEvent(new CustomEvent("count", {cancelable: true}))`, &alone))
	if !alone {
		w.Errorf("a content script runs at %s", address)
	}
}

// backgroundSleeps: nothing is waited for but the next look at the time, which wakes it twice a minute and asks nobody anything.
func (w *world) backgroundSleeps() {
	w.Helper()
	page := w.extensionPage("ended.html")
	w.wait(page, `chrome.runtime.sendMessage({type: "count"}).then((c) => c.timers === 0 && c.observers === 0)`)
	alarms := map[string]float64{}
	w.check(page.Eval(`chrome.alarms.getAll().then((all) => Object.fromEntries(all.map((a) => [a.name, a.periodInMinutes])))`, &alarms))
	if diff := cmp.Diff(map[string]float64{"tick": 0.5}, alarms); diff != "" {
		w.Errorf("alarms (-want +got):\n%s", diff)
	}
	before := w.agent.requests()
	for i := range 3 {
		rings := fmt.Sprintf(`new Promise((done) => { chrome.alarms.onAlarm.addListener((a) => a.name === "look%[1]d" && done(true)); chrome.alarms.create("look%[1]d", {when: Date.now()}); })`, i)
		w.check(page.Eval(rings, nil))
	}
	w.wait(page, `chrome.runtime.sendMessage({type: "count"}).then((c) => c.timers === 0)`)
	if got := w.agent.requests(); got != before {
		w.Errorf("three looks at the time asked the agent %d questions", got-before)
	}
}

// requests is how often the agent was asked anything.
func (a *agent) requests() (n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, bodies := range a.asked {
		n += len(bodies)
	}
	return n
}
