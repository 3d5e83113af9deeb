package store

import (
	"slices"
	"strings"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/hub/store/db"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

func (r *reader) User(id keyshift.ID) (keyshift.User, error) {
	row, err := r.aside().User(r.ctx, string(id))
	return one(r, "user", userOf, row, err)
}

func (r *reader) UserByName(name string) (keyshift.User, error) {
	row, err := r.aside().UserByName(r.ctx, name)
	return one(r, "user", userOf, row, err)
}

func (r *reader) Users(after keyshift.ID, limit int) ([]keyshift.User, error) {
	rows, err := r.aside().Users(r.ctx, db.UsersParams{After: string(after), Most: most(limit)})
	return list(r, "users", userOf, rows, err)
}

func (r *reader) CountActiveOwners() (int, error) {
	n, err := r.aside().CountActiveOwners(r.ctx)
	return int(n), r.failed("count owners", err)
}

func (r *reader) TokenUser(hash []byte, now time.Time) (hub.Token, keyshift.User, error) {
	row, err := r.aside().TokenUser(r.ctx, db.TokenUserParams{Hash: hash, Now: micros(now)})
	if err != nil {
		return hub.Token{}, keyshift.User{}, r.failed("read token", err)
	}
	return tokenOf(row.ApiToken), userOf(row.User), nil
}

func (r *reader) Code(hash []byte) (hub.CodeRow, error) {
	row, err := r.aside().Code(r.ctx, hash)
	return one(r, "code", codeOf, row, err)
}

func (r *reader) Group(id keyshift.ID) (keyshift.Group, error) {
	row, err := r.aside().Group(r.ctx, string(id))
	return one(r, "group", groupOf, row, err)
}

func (r *reader) GroupByName(name string) (keyshift.Group, error) {
	row, err := r.aside().GroupByName(r.ctx, name)
	return one(r, "group", groupOf, row, err)
}

func (r *reader) Groups(after keyshift.ID, limit int) ([]keyshift.Group, error) {
	rows, err := r.aside().Groups(r.ctx, db.GroupsParams{After: string(after), Most: most(limit)})
	return list(r, "groups", groupOf, rows, err)
}

func (r *reader) GroupMembers(group keyshift.ID) ([]string, error) {
	names, err := r.aside().GroupMembers(r.ctx, string(group))
	return names, r.failed("list members", err)
}

func (t *tx) AddUser(u keyshift.User) error {
	n, err := t.q().AddUser(t.ctx, db.AddUserParams{ID: string(u.ID), Name: u.Name, DisplayName: u.DisplayName,
		Roles: rolesText(u.Roles), Active: bit(u.Active), CreatedAt: micros(u.CreatedAt)})
	return t.added("user", n, err)
}

func (t *tx) SaveUser(u keyshift.User) error {
	n, err := t.q().SaveUser(t.ctx, db.SaveUserParams{ID: string(u.ID), DisplayName: u.DisplayName, Roles: rolesText(u.Roles), Active: bit(u.Active)})
	return t.saved("save user", n, err)
}

func (t *tx) AddToken(token hub.Token) error {
	n, err := t.q().AddToken(t.ctx, db.AddTokenParams{ID: string(token.ID), Hash: token.Hash, UserID: string(token.UserID), Label: token.Label,
		CreatedAt: micros(token.CreatedAt), ExpiresAt: micros(token.ExpiresAt)})
	return t.added("token", n, err)
}

func (t *tx) EndToken(hash []byte) error {
	n, err := t.q().EndToken(t.ctx, db.EndTokenParams{Hash: hash, Now: micros(t.now)})
	_, err = t.changed("end token", n, err)
	return err
}

func (t *tx) EndTokens(user keyshift.ID) error {
	n, err := t.q().EndTokens(t.ctx, db.EndTokensParams{UserID: string(user), Now: micros(t.now)})
	_, err = t.changed("end tokens", n, err)
	return err
}

func (t *tx) AddCode(c hub.CodeRow) error {
	n, err := t.q().AddCode(t.ctx, db.AddCodeParams{ID: string(c.ID), Hash: c.Hash, Kind: kindText(c.Kind), UserID: string(c.UserID),
		CreatedAt: micros(c.CreatedAt), ExpiresAt: micros(c.ExpiresAt), UsedAt: micros(c.UsedAt)})
	return t.added("code", n, err)
}

func (t *tx) UseCode(id keyshift.ID) (bool, error) {
	n, err := t.q().UseCode(t.ctx, db.UseCodeParams{ID: string(id), Now: micros(t.now)})
	return t.changed("use code", n, err)
}

func (t *tx) VoidCodes(user keyshift.ID) error {
	n, err := t.q().VoidCodes(t.ctx, db.VoidCodesParams{UserID: string(user), Now: micros(t.now)})
	_, err = t.changed("void codes", n, err)
	return err
}

func (t *tx) AddGroup(g keyshift.Group) error {
	n, err := t.q().AddGroup(t.ctx, db.AddGroupParams{ID: string(g.ID), Name: g.Name, CreatedAt: micros(g.CreatedAt)})
	return t.added("group", n, err)
}

func (t *tx) AddMember(group, user keyshift.ID) (bool, error) {
	n, err := t.q().AddMember(t.ctx, db.AddMemberParams{GroupID: string(group), UserID: string(user)})
	return t.changed("add member", n, err)
}

func (t *tx) RemoveMember(group, user keyshift.ID) (bool, error) {
	n, err := t.q().RemoveMember(t.ctx, db.RemoveMemberParams{GroupID: string(group), UserID: string(user)})
	return t.changed("remove member", n, err)
}

func userOf(row db.User) keyshift.User {
	return keyshift.User{ID: keyshift.ID(row.ID), Name: row.Name, DisplayName: row.DisplayName, Roles: rolesOf(row.Roles),
		Active: row.Active == 1, CreatedAt: moment(row.CreatedAt)}
}

// rolesText writes roles in one order, whatever order they are given in.
func rolesText(roles []keyshift.Role) string {
	names := make([]string, len(roles))
	for i, role := range roles {
		names[i] = string(role)
	}
	slices.Sort(names)
	return strings.Join(names, ",")
}

func rolesOf(text string) []keyshift.Role {
	if text == "" {
		return nil
	}
	names := strings.Split(text, ",")
	roles := make([]keyshift.Role, len(names))
	for i, name := range names {
		roles[i] = keyshift.Role(name)
	}
	return roles
}

func tokenOf(row db.ApiToken) hub.Token {
	return hub.Token{ID: keyshift.ID(row.ID), Hash: row.Hash, UserID: keyshift.ID(row.UserID), Label: row.Label,
		CreatedAt: moment(row.CreatedAt), ExpiresAt: moment(row.ExpiresAt)}
}

func kindText(k keyshift.CodeKind) string {
	if k == 0 {
		return ""
	}
	return string(rune(k))
}

func codeOf(row db.Code) hub.CodeRow {
	c := hub.CodeRow{ID: keyshift.ID(row.ID), Hash: row.Hash, UserID: keyshift.ID(row.UserID),
		CreatedAt: moment(row.CreatedAt), ExpiresAt: moment(row.ExpiresAt), UsedAt: moment(row.UsedAt)}
	if row.Kind != "" {
		c.Kind = keyshift.CodeKind(row.Kind[0])
	}
	return c
}

func groupOf(row db.UserGroup) keyshift.Group {
	return keyshift.Group{ID: keyshift.ID(row.ID), Name: row.Name, CreatedAt: moment(row.CreatedAt)}
}
