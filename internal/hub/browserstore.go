package hub

import (
	"time"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/network/pack"
)

// PublishedPack is the newest signed pack of a network.
type PublishedPack struct {
	pack.Signed
	PublishedAt time.Time
	// PublishedBy is the user who published it; empty if the hub did so itself.
	PublishedBy keyshift.ID
	// ByName is the user's name.
	ByName string
}

// BrowserNews is what a sync says for the browser companion, read with one look.
type BrowserNews struct {
	// Revision names the state of what devices fetch as the browser policy.
	Revision int64
	// GuardPersonal: the user may be told of a personal account during work hours.
	GuardPersonal bool
	// Asked is how many codes the user is asked for as a custodian, Answered how many wait for the device.
	Asked, Answered int64
}

// LeaseBrowser is what the browser companion needs to know of a live lease besides the lease.
type LeaseBrowser struct {
	LeaseID keyshift.ID
	// Ref is the network's own number of the account.
	Ref          string
	HasCustodian bool
	Guards       []pack.GuardClass
	// Browser and Keep are as in WorkBrowser.
	Browser string
	Keep    bool
}

// WorkBrowser says how an account is opened on devices.
type WorkBrowser struct {
	// Account is its name.
	Account string
	// Browser is chromium, chrome, edge, brave or firefox; empty is any.
	Browser string
	// Keep leaves the browser's folder where it is between leases, without what a session left in it.
	Keep bool
}

// BrowserPolicy names the revision of all that devices fetch, and the salt of the hashes of insider words; both are zero
// before the first change.
type BrowserPolicy struct {
	Revision int64
	Salt     []byte
}

// InsiderWord is a word or phrase as it is kept, a pattern, or an internal host; exactly one of them.
type InsiderWord struct {
	Word    string
	Pattern string
	Host    string
}

// AllowedGuard is a class of guarded pages that a grant opens.
type AllowedGuard struct {
	GrantID keyshift.ID
	Class   pack.GuardClass
}

// RelayView is a request for a code with what its custodian wants to see.
type RelayView struct {
	keyshift.CodeRelay
	Account    string
	UserShown  string
	DeviceName string
	// SealingKey is that of the asking device.
	SealingKey []byte
}

// AnsweredRelay names a code that waits for its asker.
type AnsweredRelay struct {
	ID      keyshift.ID
	LeaseID keyshift.ID
}

// BrowserReader reads what browser companions need.
type BrowserReader interface {
	SitePack(network string) (PublishedPack, error)
	// SitePacks gives those of all networks, ordered.
	SitePacks() ([]PublishedPack, error)
	BrowserPolicy() (BrowserPolicy, error)
	BrowserNews(user, device keyshift.ID, now time.Time) (BrowserNews, error)
	// LeaseBrowser is about the live leases of a device.
	LeaseBrowser(device keyshift.ID) ([]LeaseBrowser, error)
	InsiderWords() ([]InsiderWord, error)
	PersonalGuards() ([]keyshift.PersonalGuard, error)
	// AllowedGuards are ordered by grant.
	AllowedGuards() ([]AllowedGuard, error)
	// WorkBrowsers are ordered by the accounts' names.
	WorkBrowsers() ([]WorkBrowser, error)
	// Custodians are ordered by name.
	Custodians(account keyshift.ID) ([]keyshift.User, error)
	Relay(id keyshift.ID) (keyshift.CodeRelay, error)
	// OpenRelay gives the request of a lease that waits for an answer.
	OpenRelay(lease keyshift.ID, now time.Time) (keyshift.CodeRelay, error)
	// RelaysAsked are what a custodian is asked for, RelaysAnswered what waits for a device.
	RelaysAsked(custodian keyshift.ID, now time.Time, limit int) ([]RelayView, error)
	RelaysAnswered(device keyshift.ID, now time.Time, limit int) ([]AnsweredRelay, error)
}

// BrowserWriter changes it.
type BrowserWriter interface {
	// SaveSitePack stores a pack if its version is higher than the stored one; otherwise the write is retried.
	SaveSitePack(PublishedPack) error
	// RaiseBrowserRevision counts a change. The first stores the salt, later ones leave it.
	RaiseBrowserRevision(salt []byte) error
	// AddInsiderWord and RemoveInsiderWord report whether they changed anything.
	AddInsiderWord(InsiderWord) (bool, error)
	RemoveInsiderWord(InsiderWord) (bool, error)
	// SavePersonalGuard sets the rule of a group; an empty rule takes it away.
	SavePersonalGuard(group keyshift.ID, g keyshift.PersonalGuard) error
	// SaveAllowedGuards replaces the classes of a grant.
	SaveAllowedGuards(grant keyshift.ID, classes []pack.GuardClass) error
	// SaveAccountRef sets the network's own number of an account; an empty one takes it away.
	SaveAccountRef(account keyshift.ID, ref string) error
	// SaveWorkBrowser says how an account is opened; the zero value takes that away.
	SaveWorkBrowser(account keyshift.ID, w WorkBrowser) error
	// AddCustodian and RemoveCustodian report whether they changed anything.
	AddCustodian(account, user keyshift.ID) (bool, error)
	RemoveCustodian(account, user keyshift.ID) (bool, error)
	AddRelay(keyshift.CodeRelay) error
	// AnswerRelay and TakeRelay report false when somebody was faster.
	AnswerRelay(id keyshift.ID, sealed []byte, at time.Time) (bool, error)
	TakeRelay(id keyshift.ID, at time.Time) (bool, error)
}
