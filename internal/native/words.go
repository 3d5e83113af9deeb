package native

// Browser is a kind of browser.
type Browser string

// The browsers that the extension runs in.
const (
	Chromium Browser = "chromium"
	Chrome   Browser = "chrome"
	Edge     Browser = "edge"
	Brave    Browser = "brave"
	Firefox  Browser = "firefox"
)

// ProfileMode says what keeps a lease apart from the user's own browsing.
type ProfileMode string

// The ways to keep a lease apart.
const (
	ModeWork        ProfileMode = "work"         // a browser with a data folder of its own
	ModeContainer   ProfileMode = "container"    // a Firefox container of its own
	ModeSameProfile ProfileMode = "same_profile" // nothing: it is cleaned afterwards
)

// Field is a field that can be filled in.
type Field string

// The fields.
const (
	FieldUsername Field = "username"
	FieldPassword Field = "password"
	FieldCode     Field = "code"
)

// Gesture is what a user did, outside of any page, to ask for a fill.
type Gesture string

// The gestures.
const (
	GesturePopup   Gesture = "popup"
	GestureCommand Gesture = "command" // a keyboard command
	GestureOpen    Gesture = "open"    // "open" in tray or command line; the agent knows whether that was so
)

// Outcome is what became of a value.
type Outcome string

// The outcomes.
const (
	OutcomeFilled        Outcome = "filled"
	OutcomeChangedByPage Outcome = "changed_by_page"
	OutcomeNotVisible    Outcome = "not_visible"
	OutcomeRefused       Outcome = "refused"
)

// Relation is how the account of a page relates to a lease.
type Relation string

// The relations.
const (
	RelationLease    Relation = "lease"
	RelationOther    Relation = "other_account"
	RelationPersonal Relation = "personal"
	RelationUnknown  Relation = "unknown"
)

// DraftClass is a kind of thing that does not belong into a post.
type DraftClass string

// The classes.
const (
	DraftPhone        DraftClass = "phone"
	DraftEmail        DraftClass = "email"
	DraftCard         DraftClass = "card"
	DraftIBAN         DraftClass = "iban"
	DraftSecret       DraftClass = "secret"
	DraftInsider      DraftClass = "insider"
	DraftInternalLink DraftClass = "internal_link"
)

// DraftAction is what followed from a check.
type DraftAction string

// The actions.
const (
	DraftAllowed DraftAction = "allowed"
	DraftWarned  DraftAction = "warned"
	DraftBlocked DraftAction = "blocked"
)

// PageClass is a kind of page that guards stand before.
type PageClass string

// The classes of guard pages.
const (
	PagePassword      PageClass = "password"
	PageEmail         PageClass = "email"
	PageTwoFactor     PageClass = "two_factor"
	PageConnectedApps PageClass = "connected_apps"
	PageDataDownload  PageClass = "data_download"
	PageDeactivate    PageClass = "deactivate"
)

// SignOut is how signing out at the network went.
type SignOut string

// The ways it can go.
const (
	SignOutDone        SignOut = "done"
	SignOutFailed      SignOut = "failed"
	SignOutNotPossible SignOut = "not_possible"
)

// AccessMode is how an account is lent.
type AccessMode string

// The access modes.
const (
	AccessDelegated    AccessMode = "delegated"
	AccessSharedSecret AccessMode = "shared_secret"
	AccessBreakGlass   AccessMode = "break_glass"
)

// Code says why a request was refused.
type Code string

// The codes. A text for people comes with each.
const (
	CodeNoLease            Code = "no_lease"
	CodeOriginRefused      Code = "origin_refused"
	CodeFrameRefused       Code = "frame_refused"
	CodeNotPaired          Code = "not_paired"
	CodeBadSignature       Code = "bad_signature"
	CodeRateLimited        Code = "rate_limited"
	CodeStepUpNeeded       Code = "step_up_needed"
	CodeOfflineExpired     Code = "offline_expired"
	CodeLocked             Code = "locked" // the keyring
	CodeAgentDown          Code = "agent_down"
	CodeUnknownType        Code = "unknown_type"
	CodeTooLarge           Code = "too_large"
	CodeBadMessage         Code = "bad_message"
	CodeVersionUnsupported Code = "version_unsupported"
	CodeNoCustodian        Code = "no_custodian" // nobody passes on codes of the account
	CodeRefused            Code = "refused"      // anything else; the text says what
)

// word is a type whose values are a fixed set.
type word interface{ Words() []string }

// Words lists the values of the type.
func (Browser) Words() []string {
	return list(Chromium, Chrome, Edge, Brave, Firefox)
}

// Words lists the values of the type.
func (ProfileMode) Words() []string { return list(ModeWork, ModeContainer, ModeSameProfile) }

// Words lists the values of the type.
func (Field) Words() []string { return list(FieldUsername, FieldPassword, FieldCode) }

// Words lists the values of the type.
func (Gesture) Words() []string { return list(GesturePopup, GestureCommand, GestureOpen) }

// Words lists the values of the type.
func (Outcome) Words() []string {
	return list(OutcomeFilled, OutcomeChangedByPage, OutcomeNotVisible, OutcomeRefused)
}

// Words lists the values of the type.
func (Relation) Words() []string {
	return list(RelationLease, RelationOther, RelationPersonal, RelationUnknown)
}

// Words lists the values of the type.
func (DraftClass) Words() []string {
	return list(DraftPhone, DraftEmail, DraftCard, DraftIBAN, DraftSecret, DraftInsider, DraftInternalLink)
}

// Words lists the values of the type.
func (DraftAction) Words() []string { return list(DraftAllowed, DraftWarned, DraftBlocked) }

// Words lists the values of the type.
func (PageClass) Words() []string {
	return list(PagePassword, PageEmail, PageTwoFactor, PageConnectedApps, PageDataDownload, PageDeactivate)
}

// Words lists the values of the type.
func (SignOut) Words() []string { return list(SignOutDone, SignOutFailed, SignOutNotPossible) }

// Words lists the values of the type.
func (AccessMode) Words() []string {
	return list(AccessDelegated, AccessSharedSecret, AccessBreakGlass)
}

// Words lists the values of the type.
func (Code) Words() []string {
	return list(CodeNoLease, CodeOriginRefused, CodeFrameRefused, CodeNotPaired, CodeBadSignature, CodeRateLimited, CodeStepUpNeeded,
		CodeOfflineExpired, CodeLocked, CodeAgentDown, CodeUnknownType, CodeTooLarge, CodeBadMessage, CodeVersionUnsupported, CodeNoCustodian,
		CodeRefused)
}

func list[T ~string](values ...T) []string {
	all := make([]string, len(values))
	for i, v := range values {
		all[i] = string(v)
	}
	return all
}
