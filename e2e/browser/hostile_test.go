package browser

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/keyshift-hq/keyshift/internal/browsertest"
	"github.com/keyshift-hq/keyshift/internal/native"
	"github.com/keyshift-hq/keyshift/internal/replica"
)

const (
	// lentForHostile is how many accounts Dana holds while hostile pages are shown: of each, perMinute values a minute can be
	// asked for.
	lentForHostile = 3
	perMinute      = 6
	// everyNth page of each rule is shown in the short form, not the same ones in both browsers.
	everyNth = 7
	// presses is how often a page has to have pressed by itself.
	presses = 6
)

// restAddress is a page of nobody: a tab that was there has no fill under way.
const restAddress = "https://rest.example/"

// hostile shows pages that want a value to a browser of Dana's own, which is paired, while leases are live. Not one value
// may be typed, and the user is told why. The harmless twins of the pages are filled.
func (d *desk) hostile() {
	d.world.Show(replica.Find("x-landing")) // the log-in that the extension leads to has nothing to fill
	d.world.Forget()
	defer d.world.Threaten(nil)
	a := d.attack()
	for _, h := range replica.HarmlessTwins() {
		a.fills(h)
	}
	shown := 0
	for i, h := range replica.HostilePages() {
		if os.Getenv("KEYSHIFT_SOAK") != "" || i%everyNth == len(d.kind)%everyNth {
			a.tempts(h)
			shown++
		}
	}
	a.gotNothing()
	d.t.Logf("%d hostile pages, no value typed; %d values were asked for, for twins and pages that changed meanwhile", shown, a.tap.valuesAsked())
	a.end()
}

// attack is Dana's own browser while it is attacked, and one tab of it.
type attack struct {
	*work
	tap    *tap
	popup  browsertest.Page
	leases []string
	lease  string           // the one that is used now
	page   browsertest.Page // the tab of that lease, where hostile pages are shown
	tab    int              // what the extension calls it
}

// attack checks accounts out, and starts and pairs a browser in which nothing is kept apart but by the extension.
func (d *desk) attack() *attack {
	d.t.Helper()
	o := d.options()
	o.Profile, o.Home = d.scratch(), d.scratch()
	p := newTap(d.t)
	p.install(o.Profile, o.Home, filepath.Join(d.bin, "keyshift-agent"), d.env(d.Session))
	for n := range lentForHostile {
		d.lend(fmt.Sprintf("x/acme_%s_%d", d.kind, n))
	}
	b, err := browsertest.Start(o)
	d.check(err)
	d.t.Cleanup(func() { _ = b.Kill() })
	a := &attack{work: &work{Browser: b, desk: d, profile: o.Profile}, tap: p}
	a.openPopup()
	a.pair()
	a.awaitState(a.popup, "the extension knows the leases", func(s popupState) bool { return len(s.Leases) == lentForHostile })
	for _, l := range a.state(a.popup).Leases {
		a.leases = append(a.leases, l.ID)
	}
	return a
}

// scratch is a folder that goes when a browser that wrote to it has ended for good.
func (d *desk) scratch() string {
	d.t.Helper()
	folder, err := os.MkdirTemp("", "keyshift-hostile-")
	d.check(err)
	t := d.t
	t.Cleanup(func() {
		await(t, "the browser's folder is removed", func() (bool, string) {
			err := os.RemoveAll(folder)
			return err == nil, fmt.Sprint(err)
		})
	})
	return folder
}

// openPopup opens the extension's popup in a tab of its own, as soon as the extension is there.
func (a *attack) openPopup() {
	a.t.Helper()
	address, err := browsertest.ExtensionPage(a.kind, a.extension, "popup.html")
	a.check(err)
	a.popup = a.work.tab("about:blank")
	await(a.t, "the popup answers", func() (there bool, seen string) {
		a.check(a.popup.Go(address))
		err := a.popup.Eval(`chrome.runtime.sendMessage({type: "popup.state"}).then((s) => !!s)`, &there)
		return there, fmt.Sprint(err)
	})
}

// lend adds an account with the company's login, and checks it out.
func (d *desk) lend(name string) {
	d.t.Helper()
	d.hub("", "accounts", "add", name, "--mode", "shared_secret", "--max-duration", "2h")
	d.hub(login+"\n"+password+"\n"+seed+"\n", "credential", "set", name)
	d.hub("", "grants", "add", name, "--user", "dana")
	d.take(name, "90m")
}

// pair says yes to the browser, as Dana does after she compared the digits.
func (a *attack) pair() {
	a.t.Helper()
	a.awaitState(a.popup, "the browser is not paired", func(s popupState) bool { return s.Trouble == "unpaired" })
	a.check(a.popup.Eval(`chrome.runtime.sendMessage({type: "popup.pair"})`, nil))
	digits := ""
	a.awaitState(a.popup, "the digits", func(s popupState) bool { digits = s.PairingCode; return digits != "" })
	a.agentCommand("", "browser", "pair", digits, "--yes")
	a.awaitState(a.popup, "the browser is paired", func(s popupState) bool { return s.Trouble == "none" })
}

// end gives everything back.
func (a *attack) end() {
	a.agentCommand("", "checkin", "--all")
	a.awaitState(a.popup, "nothing is left", func(s popupState) bool { return len(s.Leases) == 0 && len(s.Cleaning) == 0 })
	a.check(a.Browser.Close())
}

// show shows a page in a tab that has no fill under way.
func (a *attack) show(h replica.Hostile) {
	a.t.Helper()
	a.afford()
	a.opens(restAddress, fmt.Sprintf(`location.href === %q`, restAddress))
	await(a.t, "no fill is under way", func() (none bool, seen string) {
		err := a.popup.Eval(`chrome.storage.session.get("memory").then((s) => Object.keys(s.memory.asked).length === 0)`, &none)
		return none, fmt.Sprint(err)
	})
	a.world.Threaten(&h)
	a.opens(h.URL, fmt.Sprintf(`document.documentElement.dataset.page === %q`, h.ID))
}

// opens opens an address in the tab, and waits until something there is true.
func (a *attack) opens(address, there string) {
	a.t.Helper()
	a.check(a.popup.Eval(fmt.Sprintf(`chrome.tabs.update(%d, {url: %q}).then(() => true)`, a.tab, address), nil))
	a.loaded(there)
}

// loaded waits until a page is in the tab of which something is true, with everything in it.
func (a *attack) loaded(there string) {
	a.t.Helper()
	a.wait(a.page, there+` && document.readyState === "complete"`)
}

// atLanding is the front page of the log-in that has nothing to fill.
const atLanding = `document.documentElement.dataset.page === "x-landing"`

// afford goes on with another lease when too many values of this one were asked for lately, with a tab of its own. Such a
// tab is opened by asking for a fill while no page of the network is in front.
func (a *attack) afford() {
	a.t.Helper()
	if a.lease != "" && a.left(a.lease) > 0 {
		return
	}
	a.lease = a.another()
	if a.page != nil {
		a.check(a.page.Close())
	}
	a.world.Threaten(nil)
	a.check(a.popup.Eval(fmt.Sprintf(`chrome.tabs.getCurrent().then((t) => chrome.tabs.update(t.id, {active: true})).then(() => chrome.runtime.sendMessage({type: "popup.fill", lease_id: %q}))`, a.lease), nil))
	a.page = a.work.page("https://x.com/")
	a.loaded(atLanding)
	a.check(a.popup.Eval(`chrome.tabs.query({url: "https://x.com/*"}).then((tabs) => tabs[0].id)`, &a.tab))
}

// left is how many values of a lease can be asked for now.
func (a *attack) left(lease string) int {
	recent := slices.DeleteFunc(a.tap.asksOf(lease), func(at time.Time) bool { return time.Since(at) > time.Minute+5*time.Second })
	return perMinute - len(recent)
}

// another is a lease that can be used; in the long form that takes a minute at times.
func (a *attack) another() (found string) {
	a.t.Helper()
	awaitFor(a.t, 2*patience, "a lease of which values can be asked for", func() (bool, string) {
		i := slices.IndexFunc(a.leases, func(l string) bool { return a.left(l) > 0 })
		if i >= 0 {
			found = a.leases[i]
		}
		return i >= 0, ""
	})
	return found
}

// pressed is what became of a press on the popup's button.
type pressed struct {
	Refused string
	Opened  int // tabs
}

// press asks for a fill in the page in front, as the popup's button does, and closes what was opened.
func (a *attack) press() (p pressed) {
	a.t.Helper()
	a.check(a.popup.Eval(fmt.Sprintf(`(async () => {
		await chrome.tabs.update(%d, {active: true});
		const before = new Set((await chrome.tabs.query({})).map((t) => t.id));
		const answer = await chrome.runtime.sendMessage({type: "popup.fill", lease_id: %q});
		const opened = (await chrome.tabs.query({})).filter((t) => !before.has(t.id));
		await Promise.all(opened.map((t) => chrome.tabs.remove(t.id)));
		return {Refused: answer?.refused?.code ?? "", Opened: opened.length};
	})()`, a.tab, a.lease), &p))
	return p
}

// fills shows a harmless twin, which is filled.
func (a *attack) fills(h replica.Hostile) {
	a.t.Helper()
	a.show(h)
	if h.Change != "" {
		a.meanwhile(h)
	} else if p := a.press(); p != (pressed{}) {
		a.t.Errorf("%s: %+v", h.ID, p)
	}
	await(a.t, h.ID+" is filled", func() (bool, string) {
		return slices.ContainsFunc(a.got(h), func(t replica.Typed) bool { return t.Value == login || t.Value == password }), fmt.Sprintf("%+v", a.state(a.popup))
	})
}

// tempts shows a hostile page. It gets nothing, and the user is told why.
func (a *attack) tempts(h replica.Hostile) {
	a.t.Helper()
	a.show(h)
	asked := a.tap.valuesAsked()
	switch {
	case h.Change != "":
		a.meanwhile(h)
		a.awaitReason(h)
	case h.Unasked:
		a.check(a.popup.Eval(fmt.Sprintf(`chrome.tabs.update(%d, {active: true})`, a.tab), nil))
		a.wait(a.page, fmt.Sprintf("window.pressed >= %d", presses))
	default:
		a.refuses(h)
	}
	if n := a.tap.valuesAsked(); n != asked && h.Change == "" {
		a.t.Errorf("%s (%s): %d values were asked for", h.ID, h.Why, n-asked)
	}
	if got := a.got(h); len(got) > 0 {
		a.picture(a.page, "hostile-"+h.ID)
		a.t.Errorf("%s (%s) got values: %+v", h.ID, h.Why, places(got))
	}
}

// refuses asks for a fill, which comes to nothing for the reason that the page expects.
func (a *attack) refuses(h replica.Hostile) {
	a.t.Helper()
	before := len(a.tap.reported())
	p := a.press()
	switch h.Want {
	case replica.AtLogin:
		a.loaded(atLanding)
	case replica.Elsewhere:
		if p.Opened != 1 {
			a.t.Errorf("%s (%s): %+v, want a new tab", h.ID, h.Why, p)
		}
		return
	default:
		if !slices.Contains(strings.Split(h.Want, "|"), p.Refused) {
			a.t.Errorf("%s (%s): refused because of %q, want %s", h.ID, h.Why, p.Refused, h.Want)
			return
		}
		if !strings.Contains("look_alike idn http", h.Want) { // of these the page is not even asked
			a.awaitReport(h, before)
		}
	}
	if p.Opened != 0 {
		a.t.Errorf("%s (%s): %d tabs were opened", h.ID, h.Why, p.Opened)
	}
}

// awaitReport waits until the page was looked at for a field, and none was found good.
func (a *attack) awaitReport(h replica.Hostile, before int) {
	a.t.Helper()
	await(a.t, h.ID+" is refused", func() (bool, string) {
		seen := a.tap.reported()[before:]
		return slices.ContainsFunc(seen, func(r native.FillReport) bool { return r.Outcome == native.OutcomeRefused }), fmt.Sprint(seen)
	})
}

// meanwhile asks for a fill, and lets the page change when a value is on its way to it: the agent gave it, the browser has
// not got it.
func (a *attack) meanwhile(h replica.Hostile) {
	a.t.Helper()
	k := a.tap.keepNext()
	p := a.press()
	if p != (pressed{}) {
		a.t.Fatalf("%s: %+v, want a value to be asked for", h.ID, p)
	}
	select {
	case <-k.there:
	case <-time.After(patience):
		a.t.Fatalf("%s: no value was asked for; the popup is told %s", h.ID, a.told())
	}
	a.check(a.page.Eval(`(setTimeout(() => {`+h.Change+`}, 0), true)`, nil))
	done := `window.changed === true`
	if h.Away != "" {
		done = fmt.Sprintf(`location.href === %q`, h.Away)
	}
	a.loaded(done)
	close(k.release)
}

// awaitReason waits until the popup says why nothing was filled in.
func (a *attack) awaitReason(h replica.Hostile) {
	a.t.Helper()
	a.awaitState(a.popup, h.ID+" is refused because of "+h.Want, func(s popupState) bool {
		for _, l := range s.Leases {
			if l.ID == a.lease {
				return l.Refused != nil && l.Refused.Code == h.Want
			}
		}
		return false
	})
}

// got is what a page found in its fields so far.
func (a *attack) got(h replica.Hostile) []replica.Typed {
	return slices.DeleteFunc(a.world.Typed(), func(t replica.Typed) bool { return t.Page != h.ID })
}

// gotNothing looks once more at what all pages but the twins have found: a value that was typed late would be there.
func (a *attack) gotNothing() {
	a.t.Helper()
	typed := slices.DeleteFunc(a.world.Typed(), func(t replica.Typed) bool { return strings.HasSuffix(t.Page, "-twin") })
	if len(typed) > 0 {
		a.t.Errorf("values were typed: %+v", places(typed))
	}
}

// places are where something was typed, without what it was.
func places(typed []replica.Typed) (all []string) {
	for _, t := range typed {
		all = append(all, fmt.Sprintf("%s: %s of %s%s", t.Page, t.Field, t.Host, t.Path))
	}
	return all
}
