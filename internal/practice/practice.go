// Package practice is the practice network: a small site that looks like a social network's, is none, and says so on every
// page. New users try Keyshift on it, and demos need no real account. The hub serves it under a host name of its own
// (`keyshift-hub serve --practice HOST`); [Pack] is its site pack.
//
// It asks for a name, then for a password, and, if the name ends in "-code", for six digits. The first to sign in under a
// name makes the account: its password is what was typed, and has to be the same from then on. Any six digits will do.
// Nothing is written anywhere: accounts, sessions and posts end with the hub's process, and the oldest make room when
// there are too many. Passwords are kept as a salted hash only. Nobody should type a real one, and the pages say that too.
//
// It needs no JavaScript, and its pages allow none.
package practice

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// Site serves the practice network. It is safe for concurrent use.
type Site struct {
	host     string
	mux      *http.ServeMux
	accounts accounts
	signIns  *recent[signIn]
	sessions *recent[session]
}

// most is how many accounts, sign-ins and sessions there are at most.
const most = 1000

// account is a name and the hash of its password, with the salt it was made with.
type account struct{ salt, hash []byte }

// signIn is a log-in that is under way.
type signIn struct {
	name     string
	password bool
}

// session is somebody signed in.
type session struct {
	name  string
	posts []string
}

// New makes a practice network for a host name as browsers write it.
func New(host string) *Site {
	s := &Site{host: host, mux: http.NewServeMux(), accounts: accounts{newRecent[account](most)}, signIns: newRecent[signIn](most), sessions: newRecent[session](most)}
	s.mux.HandleFunc("GET /login", s.show(nameForm))
	s.mux.HandleFunc("POST /login", s.takeName)
	s.mux.HandleFunc("GET /login/password", s.show(passwordForm))
	s.mux.HandleFunc("POST /login/password", s.takePassword)
	s.mux.HandleFunc("GET /login/code", s.show(codeForm))
	s.mux.HandleFunc("POST /login/code", s.takeCode)
	s.mux.HandleFunc("GET /{$}", s.home)
	s.mux.HandleFunc("POST /post", s.post)
	s.mux.HandleFunc("GET /settings/password", s.settings)
	s.mux.HandleFunc("GET /logout", s.signOut)
	s.mux.HandleFunc("GET /style.css", style)
	return s
}

// Beside serves the practice network under its host name, and everything else by another handler.
func (s *Site) Beside(other http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		if strings.EqualFold(host, s.host) {
			s.ServeHTTP(w, r)
			return
		}
		other.ServeHTTP(w, r)
	})
}

// maxForm bounds what a form sends.
const maxForm = 16 << 10

// crossOrigin refuses what a form of another site sends.
var crossOrigin = http.NewCrossOriginProtection()

func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	crossOrigin.Handler(s.mux).ServeHTTP(w, r)
}

// Cookies of the site.
const (
	signInCookie  = "practice_signin"
	sessionCookie = "practice_session"
	nameCookie    = "practice_name" // tells the extension who is signed in
)

var namePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,29}$`)

// CodeSuffix ends the names that are asked for a code too.
const CodeSuffix = "-code"

// CleanName reads a name as somebody types it, with @ or as an address too; false if there can be none of this name.
func CleanName(typed string) (string, bool) {
	name, _, _ := strings.Cut(strings.ToLower(strings.TrimPrefix(strings.TrimSpace(typed), "@")), "@")
	return name, namePattern.MatchString(name)
}

func (s *Site) takeName(w http.ResponseWriter, r *http.Request) {
	name, ok := CleanName(r.PostFormValue("username"))
	if !ok {
		s.render(w, http.StatusUnprocessableEntity, nameForm, view{Error: "That is no name here: letters, digits, dots and dashes, please."})
		return
	}
	setCookie(w, signInCookie, s.signIns.add(signIn{name: name}), true)
	http.Redirect(w, r, "/login/password", http.StatusSeeOther)
}

func (s *Site) takePassword(w http.ResponseWriter, r *http.Request) {
	id, at, ok := s.underWay(r)
	if !ok {
		http.Redirect(w, r, "/login", http.StatusSeeOther)
		return
	}
	if !s.accounts.check(at.name, r.PostFormValue("password")) {
		s.render(w, http.StatusUnprocessableEntity, passwordForm, view{Name: at.name, Error: "Somebody signed in under this name with another password."})
		return
	}
	at.password = true
	if strings.HasSuffix(at.name, CodeSuffix) {
		s.signIns.put(id, at)
		http.Redirect(w, r, "/login/code", http.StatusSeeOther)
		return
	}
	s.begin(w, r, id, at)
}

var sixDigits = regexp.MustCompile(`^[0-9]{6}$`)

func (s *Site) takeCode(w http.ResponseWriter, r *http.Request) {
	id, at, ok := s.underWay(r)
	if !ok || !at.password {
		http.Redirect(w, r, "/login", http.StatusSeeOther)
		return
	}
	if !sixDigits.MatchString(strings.TrimSpace(r.PostFormValue("code"))) {
		s.render(w, http.StatusUnprocessableEntity, codeForm, view{Name: at.name, Error: "A code has six digits."})
		return
	}
	s.begin(w, r, id, at)
}

// underWay finds the log-in of a browser.
func (s *Site) underWay(r *http.Request) (id string, at signIn, ok bool) {
	c, err := r.Cookie(signInCookie)
	if err != nil {
		return "", signIn{}, false
	}
	at, ok = s.signIns.get(c.Value)
	return c.Value, at, ok
}

// begin begins a session.
func (s *Site) begin(w http.ResponseWriter, r *http.Request, id string, at signIn) {
	s.signIns.drop(id)
	setCookie(w, signInCookie, "", true)
	setCookie(w, sessionCookie, s.sessions.add(session{name: at.name}), true)
	setCookie(w, nameCookie, at.name, false)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// session finds who a browser is signed in as.
func (s *Site) session(r *http.Request) (id string, in session, ok bool) {
	c, err := r.Cookie(sessionCookie)
	if err != nil {
		return "", session{}, false
	}
	in, ok = s.sessions.get(c.Value)
	return c.Value, in, ok
}

func (s *Site) home(w http.ResponseWriter, r *http.Request) {
	_, in, ok := s.session(r)
	if !ok {
		http.Redirect(w, r, "/login", http.StatusSeeOther)
		return
	}
	s.render(w, http.StatusOK, homePage, view{Name: in.name, Posts: in.posts})
}

// maxPost and maxPosts bound what somebody writes.
const (
	maxPost  = 500
	maxPosts = 20
)

func (s *Site) post(w http.ResponseWriter, r *http.Request) {
	id, in, ok := s.session(r)
	text := strings.TrimSpace(r.PostFormValue("text"))
	if ok && text != "" && len(text) <= maxPost {
		in.posts = append([]string{text}, in.posts[:min(len(in.posts), maxPosts-1)]...)
		s.sessions.put(id, in)
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (s *Site) settings(w http.ResponseWriter, r *http.Request) {
	if _, in, ok := s.session(r); ok {
		s.render(w, http.StatusOK, settingsPage, view{Name: in.name})
		return
	}
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}

func (s *Site) signOut(w http.ResponseWriter, r *http.Request) {
	if c, err := r.Cookie(sessionCookie); err == nil {
		s.sessions.drop(c.Value)
	}
	for _, name := range []string{sessionCookie, nameCookie, signInCookie} {
		setCookie(w, name, "", true)
	}
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}

// setCookie sets a cookie for a day, or takes it away if there is no value.
func setCookie(w http.ResponseWriter, name, value string, httpOnly bool) {
	age := int(24 * time.Hour / time.Second)
	if value == "" {
		age = -1
	}
	http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: "/", Secure: true, HttpOnly: httpOnly, SameSite: http.SameSiteLaxMode, MaxAge: age}) //nolint:gosec // one cookie is to be read
}

// newAccount hashes a password. It is quick on purpose: these are no real accounts, and hashing slowly for strangers
// would let them keep the hub busy.
func newAccount(password string) account {
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // it does not fail
	return account{salt, hash(salt, password)}
}

func hash(salt []byte, password string) []byte {
	sum := sha256.Sum256(append(bytes.Clone(salt), password...))
	return sum[:]
}

func (a account) fits(password string) bool {
	return subtle.ConstantTimeCompare(a.hash, hash(a.salt, password)) == 1
}
