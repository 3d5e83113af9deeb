package keyshift

import (
	"slices"
	"time"
)

// Role is what a user may do at the hub.
type Role string

// The roles.
const (
	Member   Role = "member"
	Approver Role = "approver"
	Auditor  Role = "auditor"
	Admin    Role = "admin"
	Owner    Role = "owner"
)

// Roles lists all roles, from the least to the most.
func Roles() []Role { return []Role{Member, Approver, Auditor, Admin, Owner} }

// User is a human known to the hub.
type User struct {
	ID          ID
	Name        string
	DisplayName string
	Roles       []Role
	Active      bool
	CreatedAt   time.Time
}

// Shown is the name by which other people know the user.
func (u User) Shown() string {
	if u.DisplayName != "" {
		return u.DisplayName
	}
	return u.Name
}

// HasAny reports whether the user has one of the roles.
func (u User) HasAny(roles ...Role) bool {
	return slices.ContainsFunc(roles, func(r Role) bool { return slices.Contains(u.Roles, r) })
}

// ValidateRoles checks a set of roles: at least one, all known, none twice.
func ValidateRoles(roles []Role) error {
	for i, r := range roles {
		if !slices.Contains(Roles(), r) || slices.Contains(roles[:i], r) {
			return Invalid(CodeFieldInvalid, "The role "+quote(string(r))+" is unknown or given twice.", "Use member, approver, auditor, admin or owner.")
		}
	}
	if len(roles) == 0 {
		return Invalid(CodeFieldInvalid, "A user needs at least one role.", "Use member for somebody who only checks accounts out.")
	}
	return nil
}

// MayChangeRoles reports whether a user with the actor's roles may turn one set of roles into another: admin and owner
// are given and taken by owners only.
func MayChangeRoles(actor User, before, after []Role) bool {
	if actor.HasAny(Owner) {
		return true
	}
	return actor.HasAny(Admin) && !high(before) && !high(after)
}

// RaisesUser reports whether a change of roles makes an admin or owner of somebody who was neither. Until then admins
// could make logins for the user, so no older login may come along.
func RaisesUser(before, after []Role) bool { return !high(before) && high(after) }

func high(roles []Role) bool { return slices.Contains(roles, Admin) || slices.Contains(roles, Owner) }

// Group is a named set of users.
type Group struct {
	ID        ID
	Name      string
	CreatedAt time.Time
}

// Grant is a standing permission of a user or a group on an account. Exactly one of UserID and GroupID is set.
type Grant struct {
	ID        ID
	AccountID ID
	UserID    ID
	GroupID   ID
	CreatedAt time.Time
}
