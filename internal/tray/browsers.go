package tray

import (
	"strings"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/i18n"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// browserNames are the browsers as people call them.
var browserNames = map[string]string{
	"chromium": "Chromium", "chrome": "Google Chrome", "edge": "Microsoft Edge", "brave": "Brave", "firefox": "Firefox",
}

// BrowserName is the name of a browser that the API gives as one of its words.
func BrowserName(word string) string {
	if name, known := browserNames[word]; known {
		return name
	}
	return Name(word)
}

// browserTitle is "Chromium 156".
func browserTitle(b *v1.BrowserProfile) string {
	version, _, _ := strings.Cut(b.GetBrowserVersion(), ".")
	return strings.TrimSpace(BrowserName(b.GetBrowser()) + " " + keyshift.CleanText(version, 10))
}

// Asking are the browser profiles that ask to be connected at a moment.
func (p Picture) Asking(now time.Time) (list []*v1.BrowserProfile) {
	for _, b := range p.Status.GetBrowsers() {
		if b.GetCode() != "" && p.asksFor(b, now) > 0 {
			list = append(list, b)
		}
	}
	return list
}

// asksFor is how long a profile goes on asking. A code without an end is asked until the agent takes it away.
func (p Picture) asksFor(b *v1.BrowserProfile, now time.Time) time.Duration {
	if b.GetCodeUntil() == nil {
		return time.Hour
	}
	return b.GetCodeUntil().AsTime().Sub(now)
}

// connected are the profiles that were said yes to.
func (p Picture) connected() (list []*v1.BrowserProfile) {
	for _, b := range p.Status.GetBrowsers() {
		if b.GetPaired() {
			list = append(list, b)
		}
	}
	return list
}

// owing is the first browser that has to be cleaned up and does not run; nil if there is none. One that runs is at it.
func (p Picture) owing() *v1.BrowserProfile {
	for _, b := range p.Status.GetBrowsers() {
		if len(b.GetOwes()) > 0 && !b.GetConnected() {
			return b
		}
	}
	return nil
}

// withoutBrowser reports whether something is held that a browser could sign in to, and none is connected. An agent that knows
// nothing of browsers is not asked for one.
func (p Picture) withoutBrowser(now time.Time) bool {
	for _, b := range p.connected() {
		if b.GetConnected() {
			return false
		}
	}
	for _, l := range p.Leases() {
		if p.Live(l, now) {
			return len(p.connected()) > 0
		}
	}
	return false
}

// owed names the accounts that a browser has to be cleaned up after.
func owed(b *v1.BrowserProfile) string {
	names := make([]string, 0, mostNames+1)
	for _, a := range b.GetOwes() {
		if len(names) == mostNames {
			names = append(names, "…")
			break
		}
		names = append(names, Name(a))
	}
	return strings.Join(names, ", ")
}

// browserNews are the lines of the menu about browsers.
func (v View) browserNews(now time.Time) []Item {
	var items []Item
	for _, b := range v.Asking(now) {
		items = append(items, Item{Text: v.Words.Text("tray_browser_asks", browserTitle(b), grouped(b.GetCode())), Action: show(WindowBrowsers, "")})
	}
	if b := v.owing(); b != nil {
		items = append(items, Item{Text: v.Words.Text("tray_browser_owes", BrowserName(b.GetBrowser()), owed(b)), Action: show(WindowBrowsers, "")})
	}
	if v.withoutBrowser(now) {
		items = append(items, v.entry("tray_browser_away", show(WindowBrowsers, "")))
	}
	return items
}

// pairingNotice asks whether a browser is the user's own. It stays until it is answered.
func (v View) pairingNotice(b *v1.BrowserProfile) Notice {
	return Notice{
		ID: "pairing-" + b.GetCode(), Title: v.Words.Text("tray_notice_pairing"), Urgent: true, Sound: v.Wishes.Sound,
		Body: v.Words.Text("tray_pairing", browserTitle(b), grouped(b.GetCode())),
		Buttons: []Button{
			v.button("browsers_same", Action{Verb: Accept, Code: b.GetCode()}), v.button("browsers_not", Action{Verb: Refuse, Code: b.GetCode()}),
		},
	}
}

// browserBanner is what home says about browsers, nil if there is nothing to say.
func browserBanner(c i18n.Catalog, p Picture, now time.Time) *Trouble {
	look := func(key string) []Offer { return []Offer{{Text: c.Text(key), Action: show(WindowBrowsers, "")}} }
	if asking := p.Asking(now); len(asking) > 0 {
		return &Trouble{Text: c.Text("banner_pairing", browserTitle(asking[0])), Offers: look("button_compare")}
	}
	if b := p.owing(); b != nil {
		return &Trouble{Text: c.Text("banner_owes", BrowserName(b.GetBrowser()), owed(b)), Offers: look("button_show_browsers")}
	}
	if p.withoutBrowser(now) {
		return &Trouble{Text: c.Text("banner_no_browser"), Offers: look("button_show_browsers")}
	}
	return nil
}
