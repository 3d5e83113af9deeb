// Package pack is the form of a site pack: data that says how the pages of one network look, so that the extension can
// fill a login, tell who is signed in, and sign out. A pack changes without a release of any program.
//
// A pack is JSON with every field known ([Parse] refuses others; schema.json describes it for editors), small enough
// for one message to the extension, and valid by [Pack.Validate]. The hub signs packs ([Sign]); agents and
// extensions take only what [Signed.Open] accepts, never an older version than they have. The packs in defaults are
// embedded, have version 1, and serve until the hub publishes others.
//
// What a pack says was read in stored public material. Each [Fact] tells when, where, and how sure it is. A person has to
// confirm a pack on a real account before anybody relies on it.
//
// Selectors are lists of CSS selectors: the first that finds a usable element counts. A selector may cross into open
// shadow roots with " >>> ". Regular expressions are those that package pattern allows. Nothing in a pack is code, nothing
// in it makes the extension press a button of a log-in form, and no pack can reach beyond its exact hosts.
package pack

import "slices"

// SchemaVersion is the version of the form itself.
const SchemaVersion = 1

// MaxBytes is the size of a pack: it has to fit into one message of 64 KiB to the extension, with its envelope.
const MaxBytes = 60 << 10

// Pack says how one network's pages look.
type Pack struct {
	// Schema is [SchemaVersion].
	Schema int `json:"schema"`
	// Network is "x", "facebook", "instagram" or "pinterest", or "site:" and the host of a site that an admin added.
	Network string `json:"network"`
	// Title is what people call it.
	Title string `json:"title"`
	// Version grows with each publication and never goes back.
	Version int64 `json:"version"`
	// Hosts are all hosts on which the extension looks at pages: exactly these, no host below them. Lower case ASCII.
	Hosts []string `json:"hosts"`
	// FillHosts are those of Hosts on which a login may be filled.
	FillHosts []string `json:"fill_hosts"`
	// CookieDomains are the domains whose cookies and storage are the network's, with everything below them.
	CookieDomains []string `json:"cookie_domains"`
	// LoginURL is the page that is opened to sign in. Its host is one of FillHosts.
	LoginURL string `json:"login_url"`
	// HomeURL is the page that is opened for who is signed in already.
	HomeURL string `json:"home_url"`
	Fact    Fact   `json:"fact"`
	// Variants are the generations of the log-in pages, the newest first.
	Variants []Variant `json:"variants"`
	// Identity are the signs of who is signed in.
	Identity []Signal `json:"identity"`
	// Composers are where posts are written.
	Composers []Composer `json:"composers"`
	// Guards are pages that a lease does not need.
	Guards  []Guard `json:"guards"`
	SignOut SignOut `json:"sign_out"`
	// Delegated are the network's own entrances for people who were given a role.
	Delegated []Entrance `json:"delegated"`
}

// Fact says where something is known from.
type Fact struct {
	// MeasuredAt is the day when it was last seen to be so, or when the source was read: "2026-09-22".
	MeasuredAt string     `json:"measured_at"`
	Source     string     `json:"source"`
	Confidence Confidence `json:"confidence"`
}

// Match tells pages apart. Every list that is not empty has to hold; of each list but Absent, one entry suffices. An
// empty Match holds everywhere.
type Match struct {
	// Hosts are exact.
	Hosts []string `json:"hosts,omitempty"`
	// Paths are beginnings of the URL's path. One that ends in "$" is the whole path, with or without a slash at its end.
	Paths []string `json:"paths,omitempty"`
	// Contains are parts of path and query.
	Contains []string `json:"contains,omitempty"`
	// Present are selectors of which one finds an element, visible or not.
	Present []string `json:"present,omitempty"`
	// Absent are selectors of which none finds an element.
	Absent []string `json:"absent,omitempty"`
}

// Variant is one generation of a network's log-in pages.
type Variant struct {
	// ID names it in reports: "onboarding-2026".
	ID   string      `json:"id"`
	Kind VariantKind `json:"kind"`
	When Match       `json:"when"`
	// Steps may be shown in any order and more than once: the first whose When holds and whose fields are usable counts.
	Steps []Step `json:"steps"`
	Fact  Fact   `json:"fact"`
}

// Step is one screen of a log-in.
type Step struct {
	ID   string   `json:"id"`
	Kind StepKind `json:"kind"`
	When Match    `json:"when"`
	// Fields are to be filled, in this order. A field that is not usable yet belongs to a later screen.
	Fields []Field `json:"fields,omitempty"`
	// Next are the buttons that go on. They are only shown to the user in words; the extension never presses them.
	Next []string `json:"next,omitempty"`
	Fact Fact     `json:"fact"`
}

// Field is an input of a step.
type Field struct {
	Value     Value    `json:"value"`
	Selectors []string `json:"selectors"`
	Shape     Shape    `json:"shape"`
	// Boxes is how many inputs a code is spread over, with shape "boxes"; the selectors then find all of them.
	Boxes int `json:"boxes,omitempty"`
}

// Signal is a sign of who is signed in.
type Signal struct {
	ID    string     `json:"id"`
	Kind  SignalKind `json:"kind"`
	Gives Identity   `json:"gives"`
	// Cookie and URL say which cookie is read: the one that a request to URL would carry.
	Cookie string `json:"cookie,omitempty"`
	URL    string `json:"url,omitempty"`
	// Selectors find the elements that are read: their attribute, or without one their text.
	Selectors []string `json:"selectors,omitempty"`
	Attribute string   `json:"attribute,omitempty"`
	// Pattern takes the value out of the text: its first group, or all that it matches. Empty: the trimmed text.
	Pattern string `json:"pattern,omitempty"`
	Fact    Fact   `json:"fact"`
}

// Composer is a place where a post is written.
type Composer struct {
	ID   string `json:"id"`
	When Match  `json:"when"`
	// Text are the inputs or editable elements whose text is checked.
	Text []string `json:"text"`
	// Send are the buttons that publish.
	Send []string `json:"send,omitempty"`
	Fact Fact     `json:"fact"`
}

// Guard is a page that a lease does not need, such as the one that changes the password.
type Guard struct {
	Class GuardClass `json:"class"`
	When  Match      `json:"when"`
	Fact  Fact       `json:"fact"`
}

// SignOut says how to end the session at the network.
type SignOut struct {
	// URL is opened first.
	URL string `json:"url"`
	// Press are selectors, pressed one after the other as they become usable; empty if opening the URL is enough.
	Press []string `json:"press,omitempty"`
	// GoneCookies are cookies whose absence proves that the session is over; empty if nothing does.
	GoneCookies []string `json:"gone_cookies,omitempty"`
	// EndsAtNetwork says that signing out is known to end the session there, not only in this browser.
	EndsAtNetwork bool `json:"ends_at_network"`
	Fact          Fact `json:"fact"`
}

// Entrance is a page of the network for people who were given a role, and need no password of the company.
type Entrance struct {
	// Name is what the network calls it: "X Delegate".
	Name string `json:"name"`
	URL  string `json:"url"`
	// Hosts and CookieDomains belong to the lease of a delegated account besides the pack's own: whoever works on an
	// Instagram account through Meta's business pages is signed in at Facebook.
	Hosts         []string `json:"hosts,omitempty"`
	CookieDomains []string `json:"cookie_domains,omitempty"`
	Fact          Fact     `json:"fact"`
}

// Reach gives the hosts and cookie domains of a lease: the pack's, and for a delegated account those of its entrances.
func (p Pack) Reach(delegated bool) (hosts, cookieDomains []string) {
	hosts, cookieDomains = slices.Clone(p.Hosts), slices.Clone(p.CookieDomains)
	if delegated {
		for _, e := range p.Delegated {
			hosts, cookieDomains = append(hosts, e.Hosts...), append(cookieDomains, e.CookieDomains...)
		}
	}
	return hosts, cookieDomains
}
