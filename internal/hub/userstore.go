package hub

import (
	"time"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// Token is an API token of a user, known by the SHA-256 of its value.
type Token struct {
	ID        keyshift.ID
	Hash      []byte
	UserID    keyshift.ID
	Label     string
	CreatedAt time.Time
	ExpiresAt time.Time
}

// CodeRow is a code as the hub keeps it: only the SHA-256 of its secret.
type CodeRow struct {
	ID        keyshift.ID
	Hash      []byte
	Kind      keyshift.CodeKind
	UserID    keyshift.ID // empty for the first-owner code
	CreatedAt time.Time
	ExpiresAt time.Time
	UsedAt    time.Time // zero while unused
}

// UserReader reads users, groups, tokens and codes.
type UserReader interface {
	User(id keyshift.ID) (keyshift.User, error)
	UserByName(name string) (keyshift.User, error)
	Users(after keyshift.ID, limit int) ([]keyshift.User, error)
	// CountActiveOwners counts active users with the role owner.
	CountActiveOwners() (int, error)
	// TokenUser gives the owner of a token that has neither ended nor expired, active or not.
	TokenUser(hash []byte, now time.Time) (Token, keyshift.User, error)
	Code(hash []byte) (CodeRow, error)
	Group(id keyshift.ID) (keyshift.Group, error)
	GroupByName(name string) (keyshift.Group, error)
	Groups(after keyshift.ID, limit int) ([]keyshift.Group, error)
	// GroupMembers gives the names of the members, ordered.
	GroupMembers(group keyshift.ID) ([]string, error)
}

// UserWriter changes users, groups, tokens and codes. Adding what exists answers already_exists.
type UserWriter interface {
	AddUser(keyshift.User) error
	// SaveUser stores everything but id and name.
	SaveUser(keyshift.User) error
	AddToken(Token) error
	// EndToken ends one token, EndTokens all of a user.
	EndToken(hash []byte) error
	EndTokens(user keyshift.ID) error
	AddCode(CodeRow) error
	// UseCode marks a code used, once; it reports false when somebody was faster.
	UseCode(id keyshift.ID) (bool, error)
	// VoidCodes ends all unused codes of a user.
	VoidCodes(user keyshift.ID) error
	AddGroup(keyshift.Group) error
	// AddMember and RemoveMember report whether they changed anything.
	AddMember(group, user keyshift.ID) (bool, error)
	RemoveMember(group, user keyshift.ID) (bool, error)
}
