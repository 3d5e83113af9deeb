package replica

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"
)

// pendingCookie is the sign-in that is under way.
const pendingCookie = "replica_signin"

// submit checks what a screen sent: the answer is the next screen, home, or what is wrong.
func (w *World) submit(rw http.ResponseWriter, r *http.Request, network string) {
	var sent struct {
		Screen int
		Values map[Kind]string
	}
	if json.NewDecoder(io.LimitReader(r.Body, maxBody)).Decode(&sent) != nil {
		http.Error(rw, "bad", http.StatusBadRequest)
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	v := w.shown[network]
	if sent.Screen < 0 || sent.Screen >= len(v.Screens) {
		http.Error(rw, "bad", http.StatusBadRequest)
		return
	}
	id, p := w.underWay(rw, r)
	if wrong := p.check(w, network, v.Screens[sent.Screen], sent.Values); wrong != "" {
		answer(rw, map[string]any{"error": wrong})
		return
	}
	w.pending[id] = p
	if sent.Screen+1 < len(v.Screens) {
		answer(rw, map[string]any{"next": sent.Screen + 1})
		return
	}
	if !p.password || v.NeedsCode() && !p.code {
		answer(rw, map[string]any{"error": "Begin again."})
		return
	}
	delete(w.pending, id)
	w.signIn(rw, p.account, p.code)
	answer(rw, map[string]any{"home": "/"})
}

// underWay finds the sign-in of a browser, or begins one. The caller holds mu.
func (w *World) underWay(rw http.ResponseWriter, r *http.Request) (string, pending) {
	if c, err := r.Cookie(pendingCookie); err == nil {
		return c.Value, w.pending[c.Value]
	}
	id := newID()
	http.SetCookie(rw, &http.Cookie{Name: pendingCookie, Value: id, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode})
	return id, pending{}
}

// check takes what a screen asked for, and says what is wrong with it. The caller holds mu.
func (p *pending) check(w *World, network string, s Screen, values map[Kind]string) string {
	for what, value := range values {
		value = strings.TrimSpace(value)
		switch what {
		case Username:
			a, ok := w.account(network, value)
			if !ok {
				return "We do not know this name."
			}
			p.account = a
		case Code:
			if p.account.Code == nil || !p.account.Code(value) {
				return "This code is wrong."
			}
			p.code = true
		}
	}
	if given, asked := values[Password]; asked {
		if p.account.Password == "" || given != p.account.Password {
			return "Wrong password."
		}
		p.password = true
	}
	if s.Kind == Approve && !w.approved[network] {
		return "Not approved."
	}
	return ""
}

// sessionCookies are where each network keeps who is signed in.
var sessionCookies = map[string]string{"x": "auth_token", "facebook": "xs", "instagram": "sessionid", "pinterest": "_pinterest_sess", "desk": "desk_session"}

var cookieDomains = map[string]string{"x": "x.com", "facebook": "facebook.com", "instagram": "instagram.com", "pinterest": "pinterest.com", "desk": DeskHost}

// signIn makes a session and its cookies. The caller holds mu.
func (w *World) signIn(rw http.ResponseWriter, a Account, code bool) {
	id := newID()
	w.sessions[id] = Session{Network: a.Network, Handle: a.Handle, Code: code, token: newID()}
	setIdentity(rw, a, a)
	set(rw, a.Network, sessionCookies[a.Network], id, true)
	for _, c := range hiding(a.Network) {
		rw.Header().Add("Set-Cookie", c)
	}
}

// setIdentity sets the cookies that tell scripts and extensions who signed in, and as whom they act.
func setIdentity(rw http.ResponseWriter, a, as Account) {
	for name, value := range identityCookies(a, as) {
		set(rw, a.Network, name, value, false)
	}
}

// identityCookies: at Facebook a cookie of its own names the Page. That X names the other account in the cookie that otherwise
// names one's own is a guess.
func identityCookies(a, as Account) map[string]string {
	switch a.Network {
	case "x":
		return map[string]string{"twid": "u%3D" + as.ID, "ct0": newID(), "kdt": newID()}
	case "facebook":
		c := map[string]string{"c_user": a.ID, "datr": newID(), "sb": newID()}
		if as.ID != a.ID {
			c["i_user"] = as.ID
		}
		return c
	case "instagram":
		return map[string]string{"ds_user_id": a.ID, "csrftoken": newID(), "mid": newID(), "ig_did": newID()}
	case "pinterest":
		return map[string]string{"_auth": "1", "csrftoken": newID(), "_b": newID()}
	}
	return nil
}

func set(rw http.ResponseWriter, network, name, value string, httpOnly bool) {
	http.SetCookie(rw, &http.Cookie{
		Name: name, Value: value, Domain: cookieDomains[network], Path: "/", Secure: true, HttpOnly: httpOnly,
		SameSite: http.SameSiteNoneMode, MaxAge: int(24 * time.Hour / time.Second),
	})
}

// hiding are cookies in places that are easily forgotten: of one host, of a deep path, of a partition.
func hiding(network string) []string {
	return []string{
		"hidden_host=1; Path=/; Secure; HttpOnly; Max-Age=86400",
		"hidden_path=1; Path=/deep/below; Secure; HttpOnly; Max-Age=86400; Domain=" + cookieDomains[network],
		"hidden_partition=1; Path=/; Secure; HttpOnly; SameSite=None; Partitioned; Max-Age=86400",
	}
}

// anonymousCookies are what visitors get who are not signed in; with Pinterest even one with the name of the session's.
func anonymousCookies(rw http.ResponseWriter, network string) {
	switch network {
	case "pinterest":
		set(rw, network, "_pinterest_sess", "anonymous", true)
	case "instagram":
		set(rw, network, "mid", "anonymous", false)
	case "x":
		set(rw, network, "guest_id", "anonymous", false)
	case "facebook":
		set(rw, network, "fr", "anonymous", true)
	}
}

// session tells who a browser is signed in as.
func (w *World) session(r *http.Request, network string) (Session, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, s, ok := w.sessionOf(r, network)
	return s, ok
}

// sessionOf finds the session of a browser, and its id. The caller holds mu.
func (w *World) sessionOf(r *http.Request, network string) (string, Session, bool) {
	for _, c := range r.CookiesNamed(sessionCookies[network]) {
		if s, ok := w.sessions[c.Value]; ok && s.Network == network {
			return c.Value, s, true
		}
	}
	return "", Session{}, false
}

// act lets somebody who is signed in act as the account that was delegated.
func (w *World) act(rw http.ResponseWriter, r *http.Request, network string) {
	w.mu.Lock()
	id, s, in := w.sessionOf(r, network)
	a, _ := w.account(network, s.Handle)
	if as, ok := w.account(network, a.Acts); in && ok {
		s.As = as.Handle
		w.sessions[id] = s
		setIdentity(rw, a, as)
	}
	w.mu.Unlock()
	http.Redirect(rw, r, "/", http.StatusFound)
}

// become signs in without any form, as somebody who typed by hand.
func (w *World) become(rw http.ResponseWriter, r *http.Request, network string) {
	w.mu.Lock()
	a, ok := w.account(network, r.URL.Query().Get("handle"))
	if ok {
		for _, c := range r.CookiesNamed(sessionCookies[network]) {
			delete(w.sessions, c.Value) // one session in a browser
		}
		w.signIn(rw, a, false)
	}
	w.mu.Unlock()
	http.Redirect(rw, r, "/", http.StatusFound)
}

func isLogOut(path string) bool {
	switch strings.TrimSuffix(path, "/") {
	case "/logout", "/logout.php", "/accounts/logout":
		return true
	}
	return false
}

// logOut ends the session. X asks first, Facebook wants the token of its own page, the others do it at once.
func (w *World) logOut(rw http.ResponseWriter, r *http.Request, network string) {
	s, _ := w.session(r, network)
	switch {
	case network == "x" && r.Method != http.MethodPost:
		page(rw, "x-log-out", network, `<div role="dialog"><p>Log out of X?</p><form method="post"><button data-testid="confirmationSheetConfirm">Log out</button></form></div>`)
	case network == "facebook" && r.PostFormValue("fb_dtsg") != s.token:
		w.home(rw, r, s)
	default:
		w.leave(rw, r, network)
		http.Redirect(rw, r, "/", http.StatusFound)
	}
}

// leave ends the session, and takes its cookies away.
func (w *World) leave(rw http.ResponseWriter, r *http.Request, network string) {
	w.mu.Lock()
	for _, c := range r.CookiesNamed(sessionCookies[network]) {
		delete(w.sessions, c.Value)
	}
	w.mu.Unlock()
	for name := range identityCookies(Account{Network: network}, Account{ID: "0"}) {
		expire(rw, network, name)
	}
	expire(rw, network, sessionCookies[network])
}

func expire(rw http.ResponseWriter, network, name string) {
	http.SetCookie(rw, &http.Cookie{Name: name, Domain: cookieDomains[network], Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteNoneMode, MaxAge: -1})
}
