// Package replica is test data: it imitates, under their real host names but only on loopback, how the log-in pages of X,
// Facebook, Instagram and Pinterest have looked over the years, how one signs out there, how somebody acts as an account that
// was delegated, and how pages look that want to steal what is filled in. One more site is nobody's: "desk", a company's own.
//
// Nothing here was copied from the networks. The pages are written from publicly told facts (names of fields, order of
// steps, addresses, cookies) and have none of the networks' texts, pictures or styles; every page says that it is a replica.
// That something works here proves that it works on pages like these, not on the networks as they are today.
//
// A [World] serves all hosts; hand it to browsertest.NewFixture. Each network shows one [Variant] at a time ([World.Show]).
// Accounts are what a test adds. The world keeps on its side what was typed into which field ([World.Typed]), submitted
// ([World.Signed]) and which sessions there are ([World.Sessions]): what a page saw is known even if the page is gone.
package replica

import (
	"crypto/rand"
	"slices"
	"strings"
	"sync"
)

// Account is an account at a network. It lives in memory only.
type Account struct {
	Network  string // x, facebook, instagram, pinterest, or desk for a company's own site
	ID       string // the network's number
	Handle   string
	Username string // what is typed to sign in; X takes the handle too
	Password string
	// Code answers whether a one-time code is right; nil for an account without.
	Code func(code string) bool
	// Acts is the handle of an account, such as a Page, as which this one may act; empty for none. Nobody signs in to that one.
	Acts string
}

// Typed is a value that a page found in one of its fields.
type Typed struct {
	Host, Path string
	Page       string // id of the variant or hostile page
	Field      string // name, or else type, of the field
	Value      string
	Frame      bool // the page was inside a frame
}

// Session is somebody signed in.
type Session struct {
	Network, Handle string
	Code            bool   // with a one-time code
	As              string // the handle of the account that it acts as; empty for its own
	token           string // pages of this session have it, and no other page
}

// World is all networks and all hostile sites. It is an http.Handler and safe for concurrent use.
type World struct {
	mu       sync.Mutex
	accounts []Account
	shown    map[string]Variant // by network
	threat   *Hostile
	typed    []Typed
	pending  map[string]pending // by cookie, sign-ins that are under way
	sessions map[string]Session // by cookie
	approved map[string]bool    // by network: the other device said yes
}

// pending is what somebody who signs in has shown so far.
type pending struct {
	account  Account
	password bool
	code     bool
}

// New makes a world in which each network shows its newest variant.
func New(accounts ...Account) *World {
	w := &World{
		accounts: accounts, shown: map[string]Variant{},
		pending: map[string]pending{}, sessions: map[string]Session{}, approved: map[string]bool{},
	}
	for _, v := range slices.Backward(Variants()) {
		w.shown[v.Network] = v
	}
	return w
}

// Show makes a variant what its network shows from now on.
func (w *World) Show(v Variant) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.shown[v.Network] = v
}

// Approve says yes on the other device, for variants that wait for one.
func (w *World) Approve(network string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.approved[network] = true
}

// Typed lists what pages found in their fields so far; Forget begins anew.
func (w *World) Typed() []Typed {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.typed)
}

// Forget drops what was typed and approved, and ends sign-ins that are under way. Sessions stay.
func (w *World) Forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.typed, w.pending, w.approved = nil, map[string]pending{}, map[string]bool{}
}

// Sessions lists who is signed in at a network: the network's own view, whatever cookies a browser still has.
func (w *World) Sessions(network string) []Session {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []Session
	for _, s := range w.sessions {
		if s.Network == network {
			all = append(all, s)
		}
	}
	return all
}

// EndSessions signs everybody out at a network.
func (w *World) EndSessions(network string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for id, s := range w.sessions {
		if s.Network == network {
			delete(w.sessions, id)
		}
	}
}

// account finds one by what somebody typed. The caller holds mu.
func (w *World) account(network, typed string) (Account, bool) {
	for _, a := range w.accounts {
		name := strings.TrimPrefix(strings.TrimSpace(typed), "@")
		if a.Network == network && name != "" && (strings.EqualFold(a.Username, typed) || strings.EqualFold(a.Handle, name)) {
			return a, true
		}
	}
	return Account{}, false
}

func newID() string { return rand.Text() }
