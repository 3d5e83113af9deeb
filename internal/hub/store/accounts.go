package store

import (
	"database/sql"
	"errors"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/hub/store/db"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

func (r *reader) Account(id keyshift.ID) (keyshift.Account, error) {
	row, err := r.aside().Account(r.ctx, string(id))
	return one(r, "account", accountOf, row, err)
}

func (r *reader) AccountByName(network keyshift.Network, handle string) (keyshift.Account, error) {
	row, err := r.aside().AccountByName(r.ctx, db.AccountByNameParams{Network: string(network), Handle: handle})
	return one(r, "account", accountOf, row, err)
}

func (r *reader) Accounts(after keyshift.ID, limit int) ([]keyshift.Account, error) {
	rows, err := r.aside().Accounts(r.ctx, db.AccountsParams{After: string(after), Most: most(limit)})
	return list(r, "accounts", accountOf, rows, err)
}

func (r *reader) GrantedAccounts(user keyshift.ID, handle string, after keyshift.ID, limit int) ([]keyshift.Account, error) {
	rows, err := r.aside().GrantedAccounts(r.ctx, db.GrantedAccountsParams{UserID: string(user), Handle: handle, After: string(after), Most: most(limit)})
	return list(r, "accounts", accountOf, rows, err)
}

func (r *reader) Credential(account keyshift.ID) (hub.SealedCredential, error) {
	row, err := r.aside().Credential(r.ctx, string(account))
	return one(r, "credential", credentialOf, row, err)
}

func (r *reader) CredentialsAfter(account keyshift.ID, limit int) ([]hub.SealedCredential, error) {
	rows, err := r.aside().CredentialsAfter(r.ctx, db.CredentialsAfterParams{After: string(account), Most: most(limit)})
	return list(r, "credentials", credentialOf, rows, err)
}

func (r *reader) RiskAcceptance(account keyshift.ID) (*keyshift.RiskAcceptance, error) {
	row, err := r.aside().RiskAcceptance(r.ctx, string(account))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return one(r, "risk acceptance", riskOf, row, err)
}

func (r *reader) HasGrant(user, account keyshift.ID) (bool, error) {
	n, err := r.aside().CountGrants(r.ctx, db.CountGrantsParams{UserID: string(user), AccountID: string(account)})
	return n > 0, r.failed("read grants", err)
}

func (r *reader) Grant(id keyshift.ID) (keyshift.Grant, error) {
	row, err := r.aside().Grant(r.ctx, string(id))
	return one(r, "grant", grantOf, row, err)
}

func (r *reader) Grants(account, after keyshift.ID, limit int) ([]keyshift.Grant, error) {
	if account == "" {
		rows, err := r.aside().Grants(r.ctx, db.GrantsParams{After: string(after), Most: most(limit)})
		return list(r, "grants", grantOf, rows, err)
	}
	rows, err := r.aside().GrantsOfAccount(r.ctx, db.GrantsOfAccountParams{AccountID: string(account), After: string(after), Most: most(limit)})
	return list(r, "grants", grantOf, rows, err)
}

func (t *tx) AddAccount(a keyshift.Account) error {
	n, err := t.q().AddAccount(t.ctx, db.AddAccountParams{
		ID: string(a.ID), Network: string(a.Network), Handle: a.Handle, AccessMode: string(a.AccessMode), Exclusive: bit(a.Exclusive),
		Enabled: bit(a.Enabled), MaxDuration: a.MaxDuration.Microseconds(), OfflineGrace: a.OfflineGrace.Microseconds(),
		LeaseStorage: string(a.LeaseStorage), AllowShow: bit(a.AllowShow), CredentialVersion: a.CredentialVersion,
		HasCodeSeed: bit(a.HasCodeSeed), RotationDue: bit(a.RotationDue), CreatedAt: micros(a.CreatedAt),
	})
	return t.added("account", n, err)
}

func (t *tx) SaveAccount(a keyshift.Account) error {
	n, err := t.q().SaveAccount(t.ctx, db.SaveAccountParams{
		ID: string(a.ID), AccessMode: string(a.AccessMode), Exclusive: bit(a.Exclusive), Enabled: bit(a.Enabled),
		MaxDuration: a.MaxDuration.Microseconds(), OfflineGrace: a.OfflineGrace.Microseconds(), LeaseStorage: string(a.LeaseStorage),
		AllowShow: bit(a.AllowShow), RotationDue: bit(a.RotationDue),
	})
	return t.saved("save account", n, err)
}

func (t *tx) SaveCredential(c hub.SealedCredential) error {
	if _, err := t.Account(c.AccountID); err != nil {
		return err
	}
	n, err := t.q().RaiseCredentialVersion(t.ctx, db.RaiseCredentialVersionParams{ID: string(c.AccountID), Version: c.Version, HasCodeSeed: bit(len(c.Seed) > 0)})
	if err := t.swapped("raise credential version", n, err); err != nil {
		return err
	}
	n, err = t.q().PutCredential(t.ctx, db.PutCredentialParams{AccountID: string(c.AccountID), Version: c.Version, Sealed: blob(c.Sealed),
		Seed: blob(c.Seed), KekVersion: int64(c.KEKVersion)})
	_, err = t.changed("save credential", n, err)
	return err
}

func (t *tx) ReplaceSealed(c hub.SealedCredential) error {
	n, err := t.q().ReplaceSealed(t.ctx, db.ReplaceSealedParams{AccountID: string(c.AccountID), Version: c.Version, Sealed: blob(c.Sealed),
		Seed: blob(c.Seed), KekVersion: int64(c.KEKVersion)})
	_, err = t.changed("replace sealed credential", n, err)
	return err
}

func (t *tx) SaveRiskAcceptance(account keyshift.ID, risk keyshift.RiskAcceptance) error {
	n, err := t.q().PutRiskAcceptance(t.ctx, db.PutRiskAcceptanceParams{AccountID: string(account), Clause: risk.Clause, TextHash: risk.TextHash,
		AcceptedBy: string(risk.AcceptedBy), AcceptedAt: micros(risk.AcceptedAt), ValidUntil: micros(risk.Until)})
	_, err = t.changed("save risk acceptance", n, err)
	return err
}

func (t *tx) RemoveRiskAcceptance(account keyshift.ID) (bool, error) {
	n, err := t.q().RemoveRiskAcceptance(t.ctx, string(account))
	return t.changed("remove risk acceptance", n, err)
}

// SetRotationDue with false is a declared rotation: what ended before it needs no other and keeps the account from
// nobody any more.
func (t *tx) SetRotationDue(account keyshift.ID, due bool) error {
	n, err := t.q().SetAccountRotationDue(t.ctx, db.SetAccountRotationDueParams{ID: string(account), Due: bit(due)})
	if err := t.saved("set rotation due", n, err); err != nil || due {
		return err
	}
	n, err = t.q().FinishRotation(t.ctx, string(account))
	_, err = t.changed("finish rotation", n, err)
	return err
}

func (t *tx) AddGrant(g keyshift.Grant) error {
	n, err := t.q().AddGrant(t.ctx, db.AddGrantParams{ID: string(g.ID), AccountID: string(g.AccountID), UserID: optional(g.UserID),
		GroupID: optional(g.GroupID), CreatedAt: micros(g.CreatedAt)})
	return t.added("grant", n, err)
}

func (t *tx) RemoveGrant(id keyshift.ID) error {
	n, err := t.q().RemoveGrant(t.ctx, string(id))
	return t.saved("remove grant", n, err)
}

func accountOf(row db.Account) keyshift.Account {
	return keyshift.Account{
		ID: keyshift.ID(row.ID), Network: keyshift.Network(row.Network), Handle: row.Handle, AccessMode: keyshift.AccessMode(row.AccessMode),
		Exclusive: row.Exclusive == 1, Enabled: row.Enabled == 1, MaxDuration: duration(row.MaxDuration), OfflineGrace: duration(row.OfflineGrace),
		LeaseStorage: keyshift.LeaseStorage(row.LeaseStorage), AllowShow: row.AllowShow == 1, CredentialVersion: row.CredentialVersion,
		HasCodeSeed: row.HasCodeSeed == 1, RotationDue: row.RotationDue == 1, CreatedAt: moment(row.CreatedAt),
	}
}

func credentialOf(row db.Credential) hub.SealedCredential {
	return hub.SealedCredential{AccountID: keyshift.ID(row.AccountID), Version: row.Version, Sealed: bytesOf(row.Sealed), Seed: bytesOf(row.Seed),
		KEKVersion: uint32(row.KekVersion)} //nolint:gosec // stored from a uint32
}

func riskOf(row db.RiskAcceptance) *keyshift.RiskAcceptance {
	return &keyshift.RiskAcceptance{Clause: row.Clause, TextHash: row.TextHash, AcceptedBy: keyshift.ID(row.AcceptedBy),
		AcceptedAt: moment(row.AcceptedAt), Until: moment(row.ValidUntil)}
}

func grantOf(row db.Grant) keyshift.Grant {
	return keyshift.Grant{ID: keyshift.ID(row.ID), AccountID: keyshift.ID(row.AccountID), UserID: keyshift.ID(row.UserID.String),
		GroupID: keyshift.ID(row.GroupID.String), CreatedAt: moment(row.CreatedAt)}
}

func optional(id keyshift.ID) sql.NullString {
	return sql.NullString{String: string(id), Valid: id != ""}
}
