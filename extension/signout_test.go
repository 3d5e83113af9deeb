package extension

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/keyshift-hq/keyshift/internal/native"
)

// slowSite is all sites, and of one of them a page that is still being loaded when somebody signs out: the rest of it comes when the
// way out was asked for, and the way out answers only when there was time to take that page for it.
type slowSite struct {
	mu                       sync.Mutex
	asked, complete, mistook chan struct{}
	silent                   chan chan struct{} // closes what it gets as soon as a log-in is asked for that is never answered
}

func newSlowSite() *slowSite {
	return &slowSite{asked: make(chan struct{}), complete: make(chan struct{}), mistook: make(chan struct{}), silent: make(chan chan struct{}, 1)}
}

// timeToMistake is how long the way out waits for that.
const timeToMistake = time.Second

const slowHost = "www.instagram.com"

func (s *slowSite) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Host == slowHost && r.URL.Path == "/slow":
		s.home(w, r)
	case r.Host == slowHost && r.URL.Path == "/complete":
		s.once(s.complete)
	case r.Host == slowHost && r.URL.Path == "/logout": // the page was told to sign out
		s.once(s.mistook)
	case r.Host == slowHost && r.URL.Path == "/accounts/logout/":
		s.logOut(w, r)
	case r.URL.Path == "/login":
		s.logIn(w, r)
	default:
		site(w, r)
	}
}

func (s *slowSite) logIn(w http.ResponseWriter, r *http.Request) {
	select {
	case reached := <-s.silent:
		close(reached)
		<-r.Context().Done()
	default:
		site(w, r)
	}
}

// once closes a channel, if it is not closed.
func (s *slowSite) once(c chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-c:
	default:
		close(c)
	}
}

func (s *slowSite) home(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html")
	w.Header().Add("Set-Cookie", "sessionid=secret; Path=/; Domain=instagram.com; HttpOnly; Secure")
	fmt.Fprint(w, `<!doctype html><html data-sign-out="not_possible"><title>Page</title><body><script>`, pageScript,
		`document.addEventListener("DOMContentLoaded", () => { new Image().src = "/complete"; });</script>`)
	_ = http.NewResponseController(w).Flush()
	select {
	case <-s.asked:
	case <-r.Context().Done():
		s.once(s.complete) // this browser gives up what it loads as soon as it is sent elsewhere
		s.once(s.mistook)
	}
	fmt.Fprint(w, "<p>The rest")
}

func (s *slowSite) logOut(w http.ResponseWriter, r *http.Request) {
	s.once(s.asked)
	select {
	case <-s.complete:
	case <-r.Context().Done():
	}
	select {
	case <-s.mistook:
	case <-time.After(timeToMistake):
	}
	w.Header().Add("Set-Cookie", "sessionid=; Path=/; Domain=instagram.com; Max-Age=0; Secure")
	site(w, r)
}

// signsOutWhileAPageLoads: what was on its way to the tab is not taken for the page that signs out.
func (w *world) signsOutWhileAPageLoads() {
	w.Helper()
	popup := w.popup()
	held := lease(time.Hour)
	held.Network, held.Hosts = "instagram", []string{slowHost}
	w.agent.hold(held)
	w.waitCard(popup, held)
	w.press(popup, "Sign in now")
	page := w.pageAt("https://" + slowHost + "/accounts/login")
	w.wait(page, `document.readyState === "complete" && window.ask !== undefined`)
	w.check(page.Eval(`setTimeout(() => { location.href = "/slow"; })`, nil))
	w.wait(page, `location.pathname === "/slow" && window.ask !== undefined`)
	ask[struct{}](w, page, `{type: "page.hello"}`)
	ask[struct{}](w, page, `{type: "session.began", verified: true}`)
	before := w.agent.count(native.TypeCleanupDone)
	w.agent.hold()
	done := decode[native.CleanupDone](w.T, w.agent.wait(native.TypeCleanupDone, before+1))
	if done.LeaseID != held.ID || done.SignOut != native.SignOutDone || done.LeftOver != 0 {
		w.Errorf("the clean-up says %+v", done)
	}
}
