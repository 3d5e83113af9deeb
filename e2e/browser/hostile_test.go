package browser

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/keyshift-hq/keyshift/internal/native"
	"github.com/keyshift-hq/keyshift/internal/replica"
)

const (
	// lentForHostile is how many accounts Dana holds while hostile pages are shown: of each, valuesPerMinute can be asked for.
	lentForHostile = 3
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
	_, long := soak()
	for i, h := range replica.HostilePages() {
		if long || i%everyNth == len(d.kind)%everyNth {
			a.tempts(h)
			shown++
		}
	}
	a.gotNothing()
	d.t.Logf("%d hostile pages, no value typed; %d values were asked for, for twins and pages that changed meanwhile", shown, a.tap.valuesAsked())
	a.end()
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

// byAddress are reasons for which the page is not even asked.
var byAddress = []string{"look_alike", "idn", "http"}

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
		if p.Refused != h.Want {
			a.t.Errorf("%s (%s): refused because of %q, want %s", h.ID, h.Why, p.Refused, h.Want)
			return
		}
		if !slices.Contains(byAddress, h.Want) {
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
		l, _ := s.lease(a.lease)
		return l.Refused != nil && l.Refused.Code == h.Want
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
