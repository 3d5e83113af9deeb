package browser

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/keyshift-hq/keyshift/internal/browsertest"
	"github.com/keyshift-hq/keyshift/internal/replica"
)

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
		name := fmt.Sprintf("x/acme_%s_%d", d.kind, n)
		d.addShared(name, seed)
		d.take(name, "90m")
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
	a.tab = a.tabOf(a.page)
}

// tabOf asks the extension for its number of a page, which is told from all others by a title of its own.
func (a *attack) tabOf(p browsertest.Page) (tab int) {
	a.t.Helper()
	title := "tab " + rand.Text()
	a.check(p.Eval(fmt.Sprintf(`document.title = %q`, title), nil))
	await(a.t, "the tab has its title", func() (bool, string) {
		var tabs []int
		err := a.popup.Eval(fmt.Sprintf(`chrome.tabs.query({}).then((all) => all.filter((t) => t.title === %q).map((t) => t.id))`, title), &tabs)
		if len(tabs) == 1 {
			tab = tabs[0]
		}
		return len(tabs) == 1, fmt.Sprint(tabs, err)
	})
	return tab
}

// left is how many values of a lease can be asked for now.
func (a *attack) left(lease string) int {
	recent := slices.DeleteFunc(a.tap.asksOf(lease), func(at time.Time) bool { return time.Since(at) > time.Minute+5*time.Second })
	return valuesPerMinute - len(recent)
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
