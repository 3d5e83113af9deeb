package native

import "encoding/json"

// Types of events.
const (
	TypeState        = "state"
	TypeLeaseEnding  = "lease.ending"
	TypeLeaseEnded   = "lease.ended"
	TypePacksChanged = "packs.changed"
	TypeReminder     = "reminder"
	TypeReminderOver = "reminder.over"
	TypeCodeReady    = "code.ready"
	TypeBrowserClose = "browser.close"
	TypePairDone     = "pair.done"
)

// Millis is a time in milliseconds since 1970, as JavaScript counts; 0 is none.
type Millis int64

// Welcome answers hello.
type Welcome struct {
	AgentVersion string `json:"agent_version" ks:"max=64"`
	Paired       bool   `json:"paired"`
	// Mode is the mode that counts: what hello said, or work when this is a browser that the agent started.
	Mode ProfileMode `json:"mode"`
	// Versions are the versions of the contract that the agent speaks.
	Versions []int64 `json:"versions" ks:"max=8"`
	// Challenge is part of all that the profile signs on this connection.
	Challenge string        `json:"challenge" ks:"base64,max=64"`
	Packs     []PackVersion `json:"packs" ks:"max=64"`
}

// PackVersion says which version of a network's site pack the agent has.
type PackVersion struct {
	Network string `json:"network" ks:"token,max=260"`
	Version int64  `json:"version"`
}

// PairCode is what popup and tray both show, so that the user sees that they mean each other.
type PairCode struct {
	Code string `json:"code" ks:"token,max=6"`
	// TTLMS is how long the user can say yes.
	TTLMS int64 `json:"ttl_ms"`
}

// Pack is a site pack that the agent has verified.
type Pack struct {
	Network string          `json:"network" ks:"token,max=260"`
	Version int64           `json:"version"`
	Pack    json.RawMessage `json:"pack"`
}

// Words is what the company does not want to see in a draft. Words that count as a whole are hashes by [HashWord].
type Words struct {
	Version  int64         `json:"version"`
	Salt     string        `json:"salt" ks:"base64,max=64"`
	Hashes   []string      `json:"hashes" ks:"max=2000"`
	Patterns []WordPattern `json:"patterns" ks:"max=100"`
	// Hosts are internal: a link to them or below them is a hit.
	Hosts []string `json:"hosts" ks:"max=100"`
}

// WordPattern is a regular expression that RE2 and JavaScript both know.
type WordPattern struct {
	Class   DraftClass `json:"class"`
	Pattern string     `json:"pattern" ks:"max=512"`
}

// Fill is one value. It may be filled in for TTLMS; then it is to be asked for anew.
type Fill struct {
	Value string `json:"value" ks:"max=4096"`
	TTLMS int64  `json:"ttl_ms"`
}

// State is all that the extension has to know. Each one replaces the one before.
type State struct {
	Leases []Lease `json:"leases" ks:"max=64"`
	// Ended are leases whose clean-up this profile owes.
	Ended      []Ended `json:"ended" ks:"max=256"`
	ServerTime Millis  `json:"server_time"`
	// WordsVersion is another one when there are other words.
	WordsVersion int64 `json:"words_version"`
	// WatchPersonal: a personal account is to be pointed out to the user now. The admin's jurisdiction allows it, and it is within
	// work hours; it is off unless it is said.
	WatchPersonal bool `json:"watch_personal"`
	// OfflineSince is when the hub was last heard, while it is out of reach.
	OfflineSince Millis `json:"offline_since,omitempty"`
}

// Lease is a live lease.
type Lease struct {
	ID      string `json:"id" ks:"token,max=64"`
	Network string `json:"network" ks:"token,max=260"`
	Handle  string `json:"handle" ks:"max=128"`
	// AccountRef is the network's own id of the account, or its handle: what identity signals are compared with.
	AccountRef string `json:"account_ref" ks:"max=128"`
	// Hosts are the hosts where it may be filled in: exactly these.
	Hosts     []string   `json:"hosts" ks:"max=64"`
	EndsAt    Millis     `json:"ends_at"`
	StartedAt Millis     `json:"started_at"`
	Mode      AccessMode `json:"mode"`
	// HasCode: fields has code, and the hub makes the codes. Without it a code can only be asked of a custodian.
	HasCode       bool        `json:"has_code"`
	Fields        []Field     `json:"fields" ks:"max=8"`
	AllowedGuards []PageClass `json:"allowed_guards" ks:"max=16"`
	// FillAskedUntil is until when the user's "open" in tray or command line counts as asking for a fill; 0 is none.
	FillAskedUntil Millis `json:"fill_asked_until,omitempty"`
}

// Ended is a lease that is over and whose clean-up is owed.
type Ended struct {
	ID            string   `json:"id" ks:"token,max=64"`
	Network       string   `json:"network" ks:"token,max=260"`
	Hosts         []string `json:"hosts" ks:"max=64"`
	CookieDomains []string `json:"cookie_domains" ks:"max=64"`
}

// LeaseEnding says that a lease will be over soon.
type LeaseEnding struct {
	LeaseID string `json:"lease_id" ks:"token,max=64"`
	EndsAt  Millis `json:"ends_at"`
}

// LeaseEnded says that a lease is over.
type LeaseEnded struct {
	LeaseID string `json:"lease_id" ks:"token,max=64"`
	Reason  string `json:"reason" ks:"token,max=64"`
}

// Reminder is a reminder for the banner.
type Reminder struct {
	ID      string           `json:"id" ks:"token,max=64"`
	Title   string           `json:"title" ks:"max=256"`
	Text    string           `json:"text" ks:"max=1024"`
	Answers []ReminderChoice `json:"answers" ks:"max=8"`
}

// ReminderRef names a reminder.
type ReminderRef struct {
	ID string `json:"id" ks:"token,max=64"`
}

// ReminderChoice is one possible answer, and its text.
type ReminderChoice struct {
	Answer string `json:"answer" ks:"token,max=32"`
	Text   string `json:"text" ks:"max=128"`
}

// SentList says in words what left the device.
type SentList struct {
	Since   Millis `json:"since"`
	Entries []Sent `json:"entries" ks:"max=128"`
}

// Sent is one kind of thing that left the device.
type Sent struct {
	Text    string `json:"text" ks:"max=256"`
	Account string `json:"account" ks:"max=160"`
	Count   int64  `json:"count"`
	Last    Millis `json:"last"`
}

// Error is the body of an answer that says no.
type Error struct {
	Code Code   `json:"code"`
	Text string `json:"text" ks:"max=1024"`
}
