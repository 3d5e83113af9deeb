package replica

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// Hostile is a page that wants a value which it must not get. It belongs to X: a lease for x.com is live, and the user asked
// for a fill.
type Hostile struct {
	ID   string // rule and number
	Rule string
	// URL is what is opened. Why says what is wrong with it.
	URL, Why string
	// Pages are the documents, by host and path, that the world serves while the page is shown.
	Pages map[string]string
	// Clicks: the user clicks #bait after the page was loaded.
	Clicks bool
}

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
	if strings.HasPrefix(body, "Location: ") {
		http.Redirect(rw, r, strings.TrimPrefix(body, "Location: "), http.StatusFound)
		return true
	}
	rw.Header().Set("Content-Type", "text/html; charset=utf-8")
	id, _ := json.Marshal(h.ID)
	_, _ = fmt.Fprintf(rw, `<!doctype html><html lang="en" data-page=%s><head><meta charset="utf-8"><title>Hostile replica</title><script src="/replica/lib.js"></script></head><body style="font:16px sans-serif;margin:40px">%s</body></html>`, id, body)
	return true
}

// Fields of the network's page, as a thief would copy them.
const (
	bothFields = `<form><input name="username_or_email" autocomplete="username webauthn"><input name="password" type="password" autocomplete="current-password"><button type="submit">Continue</button></form>`
	userField  = `<form><input name="username_or_email" autocomplete="username webauthn"><button type="submit">Continue</button></form>`
)

// loginPath is where the lease's own log-in is: a page there is looked at as one.
const loginPath = "/i/jf/onboarding/web"

// rule makes the pages of one idea: make answers the nth page, for n from 0 to count-1.
type rule struct {
	name  string
	count int
	make  func(n int) Hostile
}

// HostilePages are the 200 pages, always the same.
func HostilePages() []Hostile {
	var all []Hostile
	for _, r := range rules {
		for n := range r.count {
			h := r.make(n)
			h.ID, h.Rule = fmt.Sprintf("%s-%02d", r.name, n), r.name
			all = append(all, h)
		}
	}
	return all
}

var rules = []rule{
	{"lookalike", 40, lookalike},
	{"frame", 20, framed},
	{"hidden", 40, hidden},
	{"covered", 20, covered},
	{"wrong-form", 30, wrongForm},
	{"scripted", 20, scripted},
	{"leaves", 20, leaves},
	{"slips", 10, slips},
}

// pick takes the nth of a list, around and around.
func pick(n int, list []string) string { return list[n%len(list)] }
