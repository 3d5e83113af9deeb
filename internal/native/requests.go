package native

// Types of requests.
const (
	TypeHello          = "hello"
	TypePairBegin      = "pair.begin"
	TypeStateGet       = "state.get"
	TypePackGet        = "pack.get"
	TypeWordsGet       = "words.get"
	TypeFillGet        = "fill.get"
	TypeFillReport     = "fill.report"
	TypeSessionBegan   = "session.began"
	TypeIdentitySeen   = "identity.seen"
	TypeDraftChecked   = "draft.checked"
	TypeGuardHit       = "guard.hit"
	TypeRelayAsk       = "relay.ask"
	TypeCleanupDone    = "cleanup.done"
	TypeLeaseRenew     = "lease.renew"
	TypeLeaseCheckIn   = "lease.check_in"
	TypeMistakeOpen    = "mistake.open"
	TypeReminderAnswer = "reminder.answer"
	TypeSentList       = "sent.list"
	TypeFocus          = "focus"
)

// Empty is the body of messages that say everything by their type.
type Empty struct{}

// Hello is the first request of a connection, and comes once.
type Hello struct {
	ExtensionVersion string  `json:"extension_version" ks:"token,max=32"`
	Browser          Browser `json:"browser"`
	BrowserVersion   string  `json:"browser_version" ks:"token,max=64"`
	// ProfileKey is the public key of the browser profile: an uncompressed point on P-256, 65 bytes.
	ProfileKey string      `json:"profile_key" ks:"base64,max=87"`
	Mode       ProfileMode `json:"mode"`
	// Nonce is 16 random bytes or more; it keeps one hello from being taken for another in a log of the extension.
	Nonce string `json:"nonce" ks:"base64,max=64"`
}

// PackGet asks for the site pack of a network.
type PackGet struct {
	Network string `json:"network" ks:"token,max=260"`
}

// FillGet asks for one value for one field, which the extension fills in at once and keeps nowhere.
type FillGet struct {
	LeaseID string `json:"lease_id" ks:"token,max=64"`
	Field   Field  `json:"field"`
	// Origin is the origin of the frame that the field is in, TopOrigin that of the tab, both as the browser says it.
	Origin    string `json:"origin" ks:"origin,max=300"`
	TopOrigin string `json:"top_origin" ks:"origin,max=300"`
	// DocumentID is the browser's id of the document that the field is in.
	DocumentID string `json:"document_id" ks:"token,max=128"`
	// PackVersion is the version of the site pack that found the field.
	PackVersion int64 `json:"pack_version"`
	// Gesture is what the user did to ask for it.
	Gesture Gesture `json:"gesture"`
	// Signature is the profile's over [SignedFill].
	Signature string `json:"signature" ks:"base64,max=86"`
}

// FillReport says what became of a value.
type FillReport struct {
	LeaseID string  `json:"lease_id" ks:"token,max=64"`
	Field   Field   `json:"field"`
	Outcome Outcome `json:"outcome"`
	MS      int64   `json:"ms"`
}

// SessionBegan says that the user is signed in as the lease's account.
type SessionBegan struct {
	LeaseID string `json:"lease_id" ks:"token,max=64"`
	// Verified: the page itself says whose session it is.
	Verified bool `json:"verified"`
}

// IdentitySeen says how the account of a page relates to the lease, and nothing else about it: never who it is.
type IdentitySeen struct {
	LeaseID  string   `json:"lease_id" ks:"token,max=64"`
	Relation Relation `json:"relation"`
}

// DraftChecked says what kinds of things a draft had, never its text.
type DraftChecked struct {
	LeaseID string      `json:"lease_id" ks:"token,max=64"`
	Hits    []DraftHit  `json:"hits" ks:"max=16"`
	Action  DraftAction `json:"action"`
}

// DraftHit counts the hits of one class.
type DraftHit struct {
	Class DraftClass `json:"class"`
	Count int64      `json:"count"`
}

// GuardHit says that a guard page was reached.
type GuardHit struct {
	LeaseID   string    `json:"lease_id" ks:"token,max=64"`
	PageClass PageClass `json:"page_class"`
}

// RelayAsk asks a custodian for the one-time code that the network sent to the custodian.
type RelayAsk struct {
	LeaseID string `json:"lease_id" ks:"token,max=64"`
	Origin  string `json:"origin" ks:"origin,max=300"`
}

// CleanupDone says how far the clean-up of an ended lease has come in this profile.
type CleanupDone struct {
	LeaseID string `json:"lease_id" ks:"token,max=64"`
	// Cookies and Origins count what was removed, LeftOver what was still there afterwards.
	Cookies  int64   `json:"cookies"`
	Origins  int64   `json:"origins"`
	LeftOver int64   `json:"left_over"`
	SignOut  SignOut `json:"sign_out"`
	MS       int64   `json:"ms"`
}

// LeaseRenew asks for more time.
type LeaseRenew struct {
	LeaseID string `json:"lease_id" ks:"token,max=64"`
	Minutes int64  `json:"minutes"`
}

// LeaseRef names a lease.
type LeaseRef struct {
	LeaseID string `json:"lease_id" ks:"token,max=64"`
}

// ReminderAnswer answers a reminder with one of the answers that it had.
type ReminderAnswer struct {
	ID     string `json:"id" ks:"token,max=64"`
	Answer string `json:"answer" ks:"token,max=32"`
}

// Focus says whether the browser has the user's attention: reminders come there then.
type Focus struct {
	Focused bool `json:"focused"`
}
