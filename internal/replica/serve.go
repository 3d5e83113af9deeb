package replica

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"strings"
)

var (
	//go:embed lib.js
	libJS string
	//go:embed login.js
	loginJS string
	//go:embed home.js
	homeJS string
)

// workerJS is a service worker that answers from its cache.
const workerJS = `addEventListener("install", () => skipWaiting()); addEventListener("activate", e => e.waitUntil(clients.claim()));
addEventListener("fetch", e => { if (e.request.url.endsWith("/replica/cached")) e.respondWith(caches.match(e.request)); });`

// maxBody bounds what a page sends.
const maxBody = 64 << 10

func (w *World) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	host := hostOf(r)
	if w.threatens(rw, r, host) || w.common(rw, r, host) {
		return
	}
	network := networkOf(host)
	if network == "" {
		page(rw, "", "", "<p>Nothing is here.</p>")
		return
	}
	s, in := w.session(r, network)
	switch {
	case in && isLogOut(r.URL.Path):
		w.logOut(rw, r, network)
	case in:
		w.home(rw, r, s)
	default:
		w.login(rw, r, network)
	}
}

func hostOf(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		return r.Host
	}
	return host
}

// common serves what every host has.
func (w *World) common(rw http.ResponseWriter, r *http.Request, host string) bool {
	name, ours := strings.CutPrefix(r.URL.Path, "/replica/")
	if !ours {
		return r.URL.Path == "/favicon.ico"
	}
	switch name {
	case "lib.js", "login.js", "home.js", "worker.js":
		rw.Header().Set("Content-Type", "text/javascript")
		rw.Header().Set("Service-Worker-Allowed", "/")
		_, _ = io.WriteString(rw, map[string]string{"lib.js": libJS, "login.js": loginJS, "home.js": homeJS, "worker.js": workerJS}[name])
	case "typed":
		w.note(r, host)
	case "submit":
		w.submit(rw, r, networkOf(host))
	case "approved":
		answer(rw, map[string]any{"approved": w.isApproved(networkOf(host))})
	case "become":
		w.become(rw, r, networkOf(host))
	case "act":
		w.act(rw, r, networkOf(host))
	case "leave":
		w.leave(rw, r, networkOf(host))
	}
	return true
}

// note keeps what a page found in a field.
func (w *World) note(r *http.Request, host string) {
	var t struct {
		Field, Value, Page string
		Frame              bool
	}
	if json.NewDecoder(io.LimitReader(r.Body, maxBody)).Decode(&t) != nil {
		return
	}
	path := ""
	if _, after, ok := strings.Cut(r.Referer(), host); ok {
		path = after
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.typed = append(w.typed, Typed{host, path, t.Page, t.Field, t.Value, t.Frame})
}

func (w *World) isApproved(network string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.approved[network]
}

// login shows the screen of the network's variant at this address; elsewhere a visitor is led to the first.
func (w *World) login(rw http.ResponseWriter, r *http.Request, network string) {
	w.mu.Lock()
	v := w.shown[network]
	w.mu.Unlock()
	anonymousCookies(rw, network)
	i, found := v.at(r.URL.RequestURI())
	if !found || hostOf(r) != v.Host {
		http.Redirect(rw, r, v.LoginURL(), http.StatusFound)
		return
	}
	config, _ := json.Marshal(map[string]any{"screens": v.Screens, "screen": i, "spa": v.SPA}) // strings and maps always marshal
	page(rw, v.ID, network, `<div id="main"></div><script type="application/json" id="variant">`+string(config)+`</script><script src="/replica/login.js"></script>`)
}

// page writes a document that says what it is.
func page(rw http.ResponseWriter, id, network, body string) {
	rw.Header().Set("Content-Type", "text/html; charset=utf-8")
	rw.Header().Set("Cache-Control", "no-store")
	fmt.Fprintf(rw, `<!doctype html><html lang="en" data-page="%s"><head><meta charset="utf-8"><title>Replica %s</title><script src="/replica/lib.js"></script></head>
<body style="font:16px sans-serif;margin:60px 40px"><p style="color:#777">A replica for tests: this is not the network.</p>%s</body></html>`,
		html.EscapeString(id), html.EscapeString(network), body)
}

func answer(rw http.ResponseWriter, body map[string]any) {
	rw.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(rw).Encode(body) // the page is gone if it fails
}
