package keyshift

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// AccessMode says how an account is lent.
type AccessMode string

// The access modes.
const (
	// Delegated: the network's own role; no secret is stored.
	Delegated AccessMode = "delegated"
	// SharedSecret: the login itself is lent.
	SharedSecret AccessMode = "shared_secret"
	// BreakGlass: the owner login. It needs two approvers, so a plain check-out is refused.
	BreakGlass AccessMode = "break_glass"
)

// Valid reports whether m is one of the access modes.
func (m AccessMode) Valid() bool { return m == Delegated || m == SharedSecret || m == BreakGlass }

// LeaseStorage says where a device keeps a leased credential.
type LeaseStorage string

// The places.
const (
	// StorageKeyring: encrypted in the OS keyring, its key in a file.
	StorageKeyring LeaseStorage = "keyring"
	// StorageMemory: only in the agent's memory.
	StorageMemory LeaseStorage = "memory"
)

// Valid reports whether s is one of the places.
func (s LeaseStorage) Valid() bool { return s == StorageKeyring || s == StorageMemory }

// Limits of an account's settings.
const (
	MinDuration         = time.Minute
	MaxDurationLimit    = 24 * time.Hour
	DefaultMaxDuration  = 4 * time.Hour
	MaxOfflineGrace     = 8 * time.Hour
	DefaultOfflineGrace = 15 * time.Minute
	// KeptGrace is the shortest offline grace that an agent keeps, whatever is set: below it a single slow answer would
	// end a lease.
	KeptGrace = 10 * time.Second
)

// MaxLeaseLength is the longest that a lease lasts from its start, renewals included. It bounds how far back "who held
// it at T" has to look.
const MaxLeaseLength = 24 * time.Hour

// Account is a company presence at a network.
type Account struct {
	ID      ID
	Network Network
	// Handle is the name at the network without "@", in lower case: the networks do not tell handles apart by case, so
	// one account cannot be added twice.
	Handle       string
	AccessMode   AccessMode
	Exclusive    bool
	Enabled      bool
	MaxDuration  time.Duration
	OfflineGrace time.Duration
	LeaseStorage LeaseStorage
	// AllowShow lets the holder of a lease print the secret.
	AllowShow bool
	// CredentialVersion grows with every SetCredential; 0 means that none is stored.
	CredentialVersion int64
	HasCodeSeed       bool
	RotationDue       bool
	CreatedAt         time.Time
}

// NewAccount gives an account with the defaults of its network.
func NewAccount(n Network, handle string) Account {
	return Account{
		Network: n, Handle: NormalHandle(handle), AccessMode: n.DefaultAccessMode(),
		Exclusive: true, Enabled: true, MaxDuration: DefaultMaxDuration, OfflineGrace: DefaultOfflineGrace, LeaseStorage: StorageKeyring,
	}
}

// NormalHandle is a handle as it is kept, from what somebody typed.
func NormalHandle(handle string) string {
	return strings.ToLower(strings.TrimPrefix(strings.TrimSpace(handle), "@"))
}

// Name is how the account is typed: "x/acme".
func (a Account) Name() string { return string(a.Network) + "/" + a.Handle }

// validHandle is no regular expression: one that counts to 100 takes megabytes, in every program that imports this.
func validHandle(handle string) bool {
	for _, r := range handle {
		if !unicode.IsLetter(r) && !unicode.IsNumber(r) && !strings.ContainsRune("._-", r) {
			return false
		}
	}
	n := utf8.RuneCountInString(handle)
	return n >= 1 && n <= 100
}

// validSiteHandle accepts "name@host"; whether there is such a site is for the hub to say.
func validSiteHandle(handle string) bool {
	name, host, ok := strings.Cut(handle, "@")
	return ok && validHandle(name) && validHandle(host) && strings.Contains(host, ".") && len(handle) <= 200
}

// Validate checks every setting and names the first that is wrong.
func (a Account) Validate() error {
	switch {
	case a.Network == "":
		return Invalid(CodeFieldInvalid, "The account has no network.", "Use x, facebook, instagram or pinterest.")
	case a.Network == Site && !validSiteHandle(a.Handle):
		return Invalid(CodeFieldInvalid, "The account of a site is written name@host.", "Write it like site/acme@news.example.com, with the host of a site that was added.")
	case a.Network != Site && !validHandle(a.Handle):
		return Invalid(CodeFieldInvalid, "The handle has 1 to 100 letters, digits, dots, hyphens or underscores.", "Write it as at the network, like acme.")
	case !a.AccessMode.Valid():
		return Invalid(CodeFieldInvalid, "The access mode is unknown.", "Use delegated, shared_secret or break_glass.")
	case !a.LeaseStorage.Valid():
		return Invalid(CodeFieldInvalid, "The lease storage is unknown.", "Use keyring or memory.")
	case a.MaxDuration < MinDuration || a.MaxDuration > MaxDurationLimit:
		return Invalid(CodeFieldInvalid, "The longest duration is between 1 minute and 24 hours.", "Give a duration like 4h or 90m.")
	case a.OfflineGrace < 0 || a.OfflineGrace > MaxOfflineGrace:
		return Invalid(CodeFieldInvalid, "The offline grace is between 0 and 8 hours.", "Give a duration like 15m, or 0s.")
	}
	return nil
}

// LendsSecret reports whether a check-out hands a credential to the device.
func (a Account) LendsSecret() bool { return a.AccessMode == SharedSecret }

// NeedsRiskAcceptance reports whether the network's terms forbid what the access mode does.
func (a Account) NeedsRiskAcceptance() bool { return a.LendsSecret() && a.Network.ForbidsSharing() }

// EndsLeasesOf reports whether the leases of an account as it was before cannot go on with these settings: it is
// disabled, lent in another way, or exclusive while several may hold it.
func (a Account) EndsLeasesOf(before Account) bool {
	return !a.Enabled || a.AccessMode != before.AccessMode || a.Exclusive && !before.Exclusive
}

// ValidateDuration checks how long somebody asks to hold the account.
func (a Account) ValidateDuration(d time.Duration) error {
	if d < MinDuration || d > a.MaxDuration {
		return Invalid(CodeDurationInvalid, "@"+a.Handle+" is lent for 1 minute up to "+DurationText(a.MaxDuration)+" at a time.",
			"Ask for a duration in that range, like "+DurationText(a.MaxDuration)+".").
			With("min", DurationText(MinDuration)).With("max", DurationText(a.MaxDuration))
	}
	return nil
}

// DurationText writes a duration without its zero parts: "4h", "1h30m", "45s".
func DurationText(d time.Duration) string {
	s := d.Round(time.Second).String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}

// RiskAcceptance records that somebody lends a login although the network's terms forbid it.
type RiskAcceptance struct {
	Clause     string
	TextHash   string
	AcceptedBy ID
	AcceptedAt time.Time
	Until      time.Time
}

// InForce reports whether the acceptance still stands.
func (r *RiskAcceptance) InForce(now time.Time) bool { return r != nil && now.Before(r.Until) }
