package hub

import "github.com/keyshift-hq/keyshift/internal/keyshift"

// SealedCredential is an account's credential as the hub keeps it.
type SealedCredential struct {
	AccountID keyshift.ID
	Version   int64
	// Sealed is the encoded credential, Seed the marshaled one-time-code seed (empty if there is none).
	Sealed, Seed []byte
	KEKVersion   uint32
}

// AccountReader reads accounts, credentials, risk acceptances and grants.
type AccountReader interface {
	Account(id keyshift.ID) (keyshift.Account, error)
	AccountByName(network keyshift.Network, handle string) (keyshift.Account, error)
	Accounts(after keyshift.ID, limit int) ([]keyshift.Account, error)
	// GrantedAccounts gives the accounts on which a user has a grant, directly or through a group, by id; with a handle,
	// whatever the case of its letters a to z, only those.
	GrantedAccounts(user keyshift.ID, handle string, after keyshift.ID, limit int) ([]keyshift.Account, error)
	Credential(account keyshift.ID) (SealedCredential, error)
	// CredentialsAfter pages through all credentials for re-wrapping.
	CredentialsAfter(account keyshift.ID, limit int) ([]SealedCredential, error)
	// RiskAcceptance gives nil when there is none.
	RiskAcceptance(account keyshift.ID) (*keyshift.RiskAcceptance, error)
	HasGrant(user, account keyshift.ID) (bool, error)
	Grant(id keyshift.ID) (keyshift.Grant, error)
	// Grants lists grants, of one account or (with "") of all.
	Grants(account, after keyshift.ID, limit int) ([]keyshift.Grant, error)
}

// AccountWriter changes accounts, credentials, risk acceptances and grants.
type AccountWriter interface {
	AddAccount(keyshift.Account) error
	// SaveAccount stores everything but id, network, handle and what SaveCredential sets.
	SaveAccount(keyshift.Account) error
	// SaveCredential stores a credential and raises the account's credential version to c.Version.
	SaveCredential(c SealedCredential) error
	// ReplaceSealed stores a re-wrapped credential if its version is still the same.
	ReplaceSealed(c SealedCredential) error
	SaveRiskAcceptance(account keyshift.ID, r keyshift.RiskAcceptance) error
	// RemoveRiskAcceptance reports whether there was one.
	RemoveRiskAcceptance(account keyshift.ID) (bool, error)
	// SetRotationDue marks an account's password as to be changed, or clears the mark there and on its leases.
	SetRotationDue(account keyshift.ID, due bool) error
	AddGrant(keyshift.Grant) error
	RemoveGrant(id keyshift.ID) error
}
