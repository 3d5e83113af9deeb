package replica

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// Hostile is a page that wants a value which it must not get. It belongs to X: a lease for x.com is live, and unless it is
// Unasked, the user asks for a fill while it is in front.
type Hostile struct {
	ID   string // rule and number
	Rule string
	// URL is what is opened. Why says what is wrong with it.
	URL, Why string
	// Pages are the documents, by host and path, that the world serves while the page is shown.
	Pages map[string]string
	// Change is a script by which the page becomes hostile while a value is on its way to it; empty for a page that is so
	// from the beginning. When it is done it sets window.changed, or is at Away, if it leads to another document.
	Change string
	Away   string
	// Unasked: nobody asks for a fill. The page counts in window.pressed how often it pressed by itself.
	Unasked bool
	// Want is what the user is told: a reason of the extension, or AtLogin or Elsewhere; empty for a page that nobody asks
	// for.
	Want string
}

// What happens instead of a fill where a page has nothing to do with a log-in.
const (
	AtLogin   = "led to the log-in"   // the tab is led to the network's own log-in
	Elsewhere = "log-in in a new tab" // the network's own log-in is opened beside the page
)

// Threaten shows a hostile page from now on; nil shows none.
func (w *World) Threaten(h *Hostile) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.threat = h
}

// threatens serves the document of the hostile page that is shown, if it has one here.
func (w *World) threatens(rw http.ResponseWriter, r *http.Request, host string) bool {
	w.mu.Lock()
	h := w.threat
	w.mu.Unlock()
	if h == nil {
		return false
	}
	body, ok := h.Pages[host+r.URL.Path]
	if !ok {
		return false
	}
	rw.Header().Set("Content-Type", "text/html; charset=utf-8")
	rw.Header().Set("Cache-Control", "no-store")
	id, _ := json.Marshal(h.ID) // a string always marshals
	_, _ = fmt.Fprintf(rw, `<!doctype html><html lang="en" data-page=%s><head><meta charset="utf-8"><title>Hostile replica</title><script src="/replica/lib.js"></script></head><body style="font:16px sans-serif;margin:40px">%s</body></html>`, id, body)
	return true
}

// Fields of the network's page, as a thief would copy them.
const (
	bothInputs = `<input name="username_or_email" autocomplete="username webauthn"><input name="password" type="password" autocomplete="current-password"><button type="submit">Continue</button>`
	bothFields = `<form>` + bothInputs + `</form>`
	passField  = `<form><input name="password" type="password" autocomplete="current-password"><button type="submit">Continue</button></form>`
)

// loginPath is where the lease's own log-in is: a page there is looked at as one. So is one at innerPath.
const (
	loginPath = "/i/jf/onboarding/web"
	innerPath = loginPath + "/inner"
)

// rule makes the pages of one idea: make answers the nth page, for n from 0 to count-1.
type rule struct {
	name  string
	count int
	make  func(n int) Hostile
	// twin is the page as it would be without the idea.
	twin func() Hostile
}

// HostilePages are the 200 pages, always the same.
func HostilePages() []Hostile {
	var all []Hostile
	for _, r := range rules {
		for n := range r.count {
			all = append(all, r.named(r.make(n), fmt.Sprintf("%02d", n)))
		}
	}
	return all
}

// HarmlessTwins are, for each rule, a page as it would be if it did not break the rule. They are filled: a test in which
// they are not would find nothing in the others.
func HarmlessTwins() []Hostile {
	var all []Hostile
	for _, r := range rules {
		h := r.named(r.twin(), "twin")
		h.Why, h.Want = "nothing is wrong with it", ""
		all = append(all, h)
	}
	return all
}

func (r rule) named(h Hostile, number string) Hostile {
	h.ID, h.Rule = r.name+"-"+number, r.name
	return h
}

var rules = []rule{
	{"lookalike", 40, lookalike, func() Hostile { return onX(bothFields) }},
	{"frame", 20, framed, func() Hostile { return ownFrame("", "") }},
	{"hidden", 40, hidden, func() Hostile { return onX(`<div style="opacity:1"><div>` + bothFields + `</div></div>`) }},
	{"covered", 20, covered, func() Hostile { return onX(bothFields + `<div style="position:fixed;bottom:0">Accept cookies?</div>`) }},
	{"wrong-form", 20, wrongForm, func() Hostile { return onX(`<form id="login" action="/sessions">` + bothInputs + `</form>`) }},
	{"scripted", 20, scripted, func() Hostile { h := scripted(0); h.Unasked = false; return h }},
	{"leaves", 20, leaves, func() Hostile { return changing(passField, "window.changed = true") }},
	{"slips", 20, slips, func() Hostile {
		return changing(bothFields, `document.querySelector("form").action = "/sessions"; window.changed = true`)
	}},
}

// onX makes a page of X's log-in.
func onX(body string) Hostile { return one("https", "x.com", loginPath, body) }

// one makes a page of a single document.
func one(scheme, host, path, body string) Hostile {
	bare := host
	if _, after, user := strings.Cut(bare, "@"); user {
		bare = after
	}
	bare, _, _ = strings.Cut(bare, ":")
	bare, _, _ = strings.Cut(bare, "/")
	place, _, _ := strings.Cut(path, "?")
	return Hostile{URL: scheme + "://" + host + path, Pages: map[string]string{bare + place: body}}
}

// because says what is wrong with a page, and what the user is told.
func (h Hostile) because(why, want string) Hostile {
	h.Why, h.Want = why, want
	return h
}

// pick takes the nth of a list, around and around.
func pick[T any](n int, list []T) T { return list[n%len(list)] }
