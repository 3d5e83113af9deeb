package hub

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/network"
	"github.com/keyshift-hq/keyshift/internal/totp"
)

// Moment is a point in time that may be left out.
type Moment struct{ time.Time }

func (m Moment) or(other time.Time) time.Time {
	if m.IsZero() {
		return other
	}
	return m.Time
}

// AccountView is an account and the risk acceptance that is recorded for it.
type AccountView struct {
	Account keyshift.Account
	Risk    *keyshift.RiskAcceptance
	// AcceptedBy is the shown name of who accepted it.
	AcceptedBy string
}

// accountNamed finds an account by "network/handle" or by id.
func accountNamed(r Reader, name string) (keyshift.Account, error) {
	net, handle, ok := strings.Cut(name, "/")
	if !ok {
		a, err := r.Account(keyshift.ID(name))
		return a, notFound(err, "account", name)
	}
	n, err := keyshift.ParseNetwork(net)
	if err != nil {
		return keyshift.Account{}, err
	}
	a, err := r.AccountByName(n, keyshift.NormalHandle(handle))
	return a, notFound(err, "account", name)
}

func accountView(r Reader, a keyshift.Account) (AccountView, error) {
	risk, err := r.RiskAcceptance(a.ID)
	if err != nil || risk == nil {
		return AccountView{Account: a}, err
	}
	by, err := r.User(risk.AcceptedBy)
	return AccountView{a, risk, by.Shown()}, err
}

// AccountSettings change an account; nil fields leave it as it is.
type AccountSettings struct {
	AccessMode   *keyshift.AccessMode
	Exclusive    *bool
	Enabled      *bool
	MaxDuration  *time.Duration
	OfflineGrace *time.Duration
	LeaseStorage *keyshift.LeaseStorage
	AllowShow    *bool
}

func (s AccountSettings) apply(a keyshift.Account) keyshift.Account {
	set(&a.AccessMode, s.AccessMode)
	set(&a.Exclusive, s.Exclusive)
	set(&a.Enabled, s.Enabled)
	set(&a.MaxDuration, s.MaxDuration)
	set(&a.OfflineGrace, s.OfflineGrace)
	set(&a.LeaseStorage, s.LeaseStorage)
	set(&a.AllowShow, s.AllowShow)
	return a
}

func set[T any](field, value *T) {
	if value != nil {
		*field = *value
	}
}

// AddAccount adds an account with the defaults of its network and the given settings.
func (h *Hub) AddAccount(ctx context.Context, call Call, n keyshift.Network, handle string, s AccountSettings) (AccountView, error) {
	account := s.apply(keyshift.NewAccount(n, handle))
	if err := account.Validate(); err != nil {
		return AccountView{}, err
	}
	return effect(ctx, h, call, Ordinary, func(tx Tx, c Caller) (AccountView, error) {
		if err := mustBeNew(tx.AccountByName(account.Network, account.Handle)); err != nil {
			return AccountView{}, err
		}
		if err := siteKnown(tx, account); err != nil {
			return AccountView{}, err
		}
		added := account
		added.ID, added.CreatedAt = tx.NewID(), tx.Now()
		return AccountView{Account: added}, errors.Join(tx.AddAccount(added), tx.Append(accountEvent(c, keyshift.ActAccountAdded, added)))
	})
}

// accountEvent tells an account's settings, so that the log shows what was in force when.
func accountEvent(c Caller, action keyshift.AuditAction, a keyshift.Account) keyshift.AuditEvent {
	event := c.event(action)
	event.AccountID = a.ID
	event.Details = map[string]string{
		"account": a.Name(), "mode": string(a.AccessMode), "exclusive": strconv.FormatBool(a.Exclusive), "enabled": strconv.FormatBool(a.Enabled),
		"max_duration": keyshift.DurationText(a.MaxDuration), "offline_grace": keyshift.DurationText(a.OfflineGrace),
		"lease_storage": string(a.LeaseStorage), "allow_show": strconv.FormatBool(a.AllowShow),
	}
	return event
}

// ListAccounts lists accounts by the time they were added.
func (h *Hub) ListAccounts(ctx context.Context, call Call, page Page) ([]AccountView, error) {
	return list(ctx, h, call, func(r Reader) ([]AccountView, error) {
		accounts, err := r.Accounts(keyshift.ID(page.After), page.limit())
		if err != nil {
			return nil, err
		}
		views := make([]AccountView, len(accounts))
		for i, a := range accounts {
			if views[i], err = accountView(r, a); err != nil {
				return nil, err
			}
		}
		return views, nil
	})
}

// AccountEnded is a changed account and the leases that ended with the change.
type AccountEnded struct {
	View  AccountView
	Ended Ended
}

// UpdateAccount changes settings. Leases that the new settings would not allow end; see [keyshift.Account.EndsLeasesOf].
func (h *Hub) UpdateAccount(ctx context.Context, call Call, name string, s AccountSettings) (AccountEnded, error) {
	return effect(ctx, h, call, Closing, func(tx Tx, c Caller) (AccountEnded, error) {
		before, err := accountNamed(tx, name)
		if err != nil {
			return AccountEnded{}, err
		}
		after := s.apply(before)
		if err := after.Validate(); err != nil {
			return AccountEnded{}, err
		}
		if err := errors.Join(tx.SaveAccount(after), tx.Append(accountEvent(c, keyshift.ActAccountUpdated, after))); err != nil {
			return AccountEnded{}, err
		}
		var ended Ended
		if after.EndsLeasesOf(before) {
			if ended, err = endLeases(tx, c, Target{TargetAccount, after.ID}, "account changed", false); err != nil {
				return AccountEnded{}, err
			}
		}
		view, err := accountView(tx, after)
		return AccountEnded{view, ended}, err
	})
}

// SetCredential stores the login of an account and, from an otpauth URI or a bare seed, its one-time-code seed. It
// replaces both. Nothing ever gives them out again but a lease (the login) and single codes (the seed).
func (h *Hub) SetCredential(ctx context.Context, call Call, name string, credential keyshift.Credential, seed keyshift.Secret) (AccountView, error) {
	if err := credential.Validate(); err != nil {
		return AccountView{}, err
	}
	parsed, err := parseSeed(seed)
	if err != nil {
		return AccountView{}, err
	}
	return effect(ctx, h, call, Closing, func(tx Tx, c Caller) (AccountView, error) {
		account, err := accountNamed(tx, name)
		switch {
		case err != nil:
			return AccountView{}, err
		case account.AccessMode == keyshift.Delegated:
			return AccountView{}, keyshift.Refuse(keyshift.CodeAccessModeRefused, "A delegated account has no credential: people sign in with the login the network gave them.",
				"Change the access mode first if the login itself is to be lent.")
		}
		sealed, err := h.sealCredential(account.ID, account.CredentialVersion+1, credential, parsed)
		if err != nil {
			return AccountView{}, err
		}
		account.CredentialVersion, account.HasCodeSeed = sealed.Version, parsed != nil
		event := c.event(keyshift.ActCredentialSet)
		event.AccountID, event.Details = account.ID, map[string]string{"account": account.Name(), "version": strconv.FormatInt(sealed.Version, 10), "code_seed": strconv.FormatBool(parsed != nil)}
		if err := errors.Join(tx.SaveCredential(sealed), tx.Append(event)); err != nil {
			return AccountView{}, err
		}
		return accountView(tx, account)
	})
}

func parseSeed(seed keyshift.Secret) (*totp.Seed, error) {
	if seed.Empty() {
		return nil, nil //nolint:nilnil // no seed is a fine answer
	}
	text := strings.TrimSpace(seed.Reveal())
	parse := totp.ParseSecret
	if strings.HasPrefix(strings.ToLower(text), "otpauth:") {
		parse = totp.ParseURI
	}
	parsed, err := parse(text)
	if err != nil {
		return nil, keyshift.Invalid(keyshift.CodeCredentialInvalid, "The one-time-code seed is not usable.",
			"Paste the otpauth:// address behind the network's QR code, or its Base32 key.").Because(err)
	}
	return &parsed, nil
}

func (h *Hub) sealCredential(account keyshift.ID, version int64, credential keyshift.Credential, seed *totp.Seed) (SealedCredential, error) {
	sealed, kek, err := h.Vault.Seal(h.placeCredential(account), credential.Encode())
	out := SealedCredential{AccountID: account, Version: version, Sealed: sealed, KEKVersion: kek}
	if err == nil && seed != nil {
		out.Seed, _, err = h.Vault.Seal(h.placeSeed(account), seed.Marshal())
	}
	return out, err
}

// AcceptRisk records that the caller lends the login of an account although the network's terms forbid it. The hash
// proves that the person saw the clause that the hub knows.
func (h *Hub) AcceptRisk(ctx context.Context, call Call, name, textHash string, until time.Time) (AccountView, error) {
	return effect(ctx, h, call, Ordinary, func(tx Tx, c Caller) (AccountView, error) {
		account, err := accountNamed(tx, name)
		if err != nil {
			return AccountView{}, err
		}
		clause, forbidden := network.Clause(account.Network)
		switch {
		case !forbidden:
			return AccountView{}, keyshift.Refuse(keyshift.CodeFieldInvalid, "No clause of "+account.Network.Title()+"'s terms is known that forbids this.", "Nothing has to be accepted.")
		case clause.Hash() != textHash:
			return AccountView{}, keyshift.Refuse(keyshift.CodeFieldInvalid, "The clause that was accepted is not the hub's current text.", "Read the clause again and accept that.")
		case !until.After(tx.Now()) || until.After(tx.Now().AddDate(1, 0, 0)):
			return AccountView{}, keyshift.Invalid(keyshift.CodeFieldInvalid, "A risk is accepted until a day within the next year.", "Give a date like 2027-06-30.")
		}
		risk := keyshift.RiskAcceptance{Clause: clause.Quote, TextHash: textHash, AcceptedBy: c.User.ID, AcceptedAt: tx.Now(), Until: until}
		event := c.event(keyshift.ActRiskAccepted)
		event.AccountID, event.Details = account.ID, map[string]string{"account": account.Name(), "text_hash": textHash, "until": until.UTC().Format(time.RFC3339)}
		return AccountView{account, &risk, c.User.Shown()}, errors.Join(tx.SaveRiskAcceptance(account.ID, risk), tx.Append(event))
	})
}

// WithdrawRisk ends a risk acceptance. Leases that live run on to their end; no new one is given.
func (h *Hub) WithdrawRisk(ctx context.Context, call Call, name string) (AccountView, error) {
	return effect(ctx, h, call, Closing, func(tx Tx, c Caller) (AccountView, error) {
		account, err := accountNamed(tx, name)
		if err != nil {
			return AccountView{}, err
		}
		if there, err := tx.RemoveRiskAcceptance(account.ID); err != nil || !there {
			return AccountView{}, errors.Join(err, unchanged(err))
		}
		event := c.event(keyshift.ActRiskWithdrawn)
		event.AccountID, event.Details = account.ID, map[string]string{"account": account.Name()}
		return AccountView{Account: account}, tx.Append(event)
	})
}

// MarkRotated records that the password was changed at the network. It also frees an exclusive account whose removal
// was never confirmed.
func (h *Hub) MarkRotated(ctx context.Context, call Call, name string) (AccountView, error) {
	return effect(ctx, h, call, Ordinary, func(tx Tx, c Caller) (AccountView, error) {
		account, err := accountNamed(tx, name)
		if err != nil {
			return AccountView{}, err
		}
		account.RotationDue = false
		event := c.event(keyshift.ActRotated)
		event.AccountID, event.Details = account.ID, map[string]string{"account": account.Name()}
		if err := errors.Join(tx.SetRotationDue(account.ID, false), tx.Append(event)); err != nil {
			return AccountView{}, err
		}
		return accountView(tx, account)
	})
}
