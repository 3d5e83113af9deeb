package replica

import (
	"slices"
	"strings"
)

// Variant is one generation of a network's log-in pages.
type Variant struct {
	ID      string
	Network string
	Host    string
	About   string // what it is there for
	Screens []Screen
	// SPA: from one screen to the next the address changes without a new document.
	SPA bool
	// Delegated: people sign in with what the network gave them; there is nothing to fill.
	Delegated bool
}

// Kind is what a screen wants.
type Kind string

const (
	Username Kind = "username"
	Password Kind = "password"
	Login    Kind = "login" // both
	Code     Kind = "code"
	Choose   Kind = "choose"  // something to press, nothing to fill
	Human    Kind = "human"   // a check that only a person passes
	Approve  Kind = "approve" // on another device
)

// Screen is one step of a log-in.
type Screen struct {
	Kind Kind
	Path string // with query
	HTML string
	// Take are the selectors of the fields that are read when the screen is submitted, by what they are for.
	Take map[Kind]string
	// Script runs after the screen was drawn, with `root`, the element that holds it.
	Script string
}

// LoginURL is where the log-in begins.
func (v Variant) LoginURL() string { return "https://" + v.Host + v.Screens[0].Path }

// NeedsCode tells whether a one-time code is asked for.
func (v Variant) NeedsCode() bool {
	return slices.ContainsFunc(v.Screens, func(s Screen) bool { return s.Kind == Code })
}

// ByHand tells whether somebody has to do something that no program may: pass a check, or approve elsewhere.
func (v Variant) ByHand() bool {
	return slices.ContainsFunc(v.Screens, func(s Screen) bool { return s.Kind == Human || s.Kind == Approve })
}

// at finds the screen of a path and query: the longest path that is a beginning of it.
func (v Variant) at(address string) (int, bool) {
	best, found := 0, false
	for i, s := range v.Screens {
		if strings.HasPrefix(address, s.Path) && (s.Path != "/" || address == "/") && (!found || len(s.Path) > len(v.Screens[best].Path)) {
			best, found = i, true
		}
	}
	return best, found
}

// Variants are all of them: of each network the newest first, and those of the company's own site last.
func Variants() []Variant {
	return slices.Concat(xVariants(), facebookVariants(), instagramVariants(), pinterestVariants(), deskVariants())
}

// Find gives a variant by its id; it panics for one that is not there, which is a mistake in a test.
func Find(id string) Variant {
	for _, v := range Variants() {
		if v.ID == id {
			return v
		}
	}
	panic("replica: no variant " + id)
}

// hosts of the networks, by suffix.
var domains = map[string]string{"x.com": "x", "twitter.com": "x", "facebook.com": "facebook", "instagram.com": "instagram", "pinterest.com": "pinterest", DeskHost: "desk"}

// networkOf tells whose host it is; empty for a stranger's.
func networkOf(host string) string {
	for domain, network := range domains {
		if host == domain || strings.HasSuffix(host, "."+domain) {
			return network
		}
	}
	return ""
}
