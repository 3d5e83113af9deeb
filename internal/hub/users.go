package hub

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// Page asks for part of a list.
type Page struct {
	After string
	// Limit is 1 to 500; 0 means 100.
	Limit int
}

func (p Page) limit() int {
	if p.Limit <= 0 {
		return 100
	}
	return min(p.Limit, 500)
}

func newUser(tx Tx, name, displayName string, roles []keyshift.Role) (keyshift.User, error) {
	displayName, err := keyshift.ValidateTitle("display name", displayName)
	if err = errors.Join(err, keyshift.ValidateName("user", name), keyshift.ValidateRoles(roles)); err != nil {
		return keyshift.User{}, first(err)
	}
	slices.Sort(roles)
	return keyshift.User{ID: tx.NewID(), Name: name, DisplayName: displayName, Roles: roles, Active: true, CreatedAt: tx.Now()}, nil
}

// first gives the first error for people of several that were joined.
func first(err error) error {
	var e *keyshift.Error
	if errors.As(err, &e) {
		return e
	}
	return err
}

func addUser(tx Tx, c Caller, user keyshift.User) error {
	event := c.event(keyshift.ActUserAdded)
	event.UserID = user.ID
	event.Details = map[string]string{"roles": roleList(user.Roles)}
	event.Personal = map[string]string{"user": user.Name, "display_name": user.DisplayName}
	return errors.Join(tx.AddUser(user), tx.Append(event))
}

func roleList(roles []keyshift.Role) string {
	names := make([]string, len(roles))
	for i, r := range roles {
		names[i] = string(r)
	}
	return strings.Join(names, ",")
}

// AddUser adds an active user; without roles, a member.
func (h *Hub) AddUser(ctx context.Context, call Call, name, displayName string, roles []keyshift.Role) (keyshift.User, error) {
	if len(roles) == 0 {
		roles = []keyshift.Role{keyshift.Member}
	}
	return effect(ctx, h, call, Ordinary, func(tx Tx, c Caller) (keyshift.User, error) {
		user, err := newUser(tx, name, displayName, slices.Clone(roles))
		switch {
		case err != nil:
			return keyshift.User{}, err
		case !keyshift.MayChangeRoles(c.User, nil, roles):
			return keyshift.User{}, errForbidden
		}
		if err := mustBeNew(tx.UserByName(name)); err != nil {
			return keyshift.User{}, err
		}
		return user, addUser(tx, c, user)
	})
}

// mustBeNew turns the outcome of a look-up by name into a refusal if there is something.
func mustBeNew[T any](_ T, err error) error {
	if errors.Is(err, keyshift.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return keyshift.Refuse(keyshift.CodeAlreadyExists, "There is one of that name already.", "Choose another name.")
}

// ListUsers lists users by the time they were added.
func (h *Hub) ListUsers(ctx context.Context, call Call, page Page) ([]keyshift.User, error) {
	return list(ctx, h, call, func(r Reader) ([]keyshift.User, error) { return r.Users(keyshift.ID(page.After), page.limit()) })
}

// list authorizes a read and does it.
func list[T any](ctx context.Context, h *Hub, call Call, read func(Reader) (T, error)) (T, error) {
	r := h.Store.Read(ctx)
	if _, err := h.Authorize(r, call); err != nil {
		var none T
		return none, err
	}
	return read(r)
}

// SetRoles replaces a user's roles. Only owners give and take admin and owner, and the last active owner stays one. Who
// becomes admin or owner has to log in anew.
func (h *Hub) SetRoles(ctx context.Context, call Call, name string, roles []keyshift.Role) (keyshift.User, error) {
	if err := keyshift.ValidateRoles(roles); err != nil {
		return keyshift.User{}, err
	}
	return effect(ctx, h, call, Closing, func(tx Tx, c Caller) (keyshift.User, error) {
		user, err := tx.UserByName(name)
		switch {
		case err != nil:
			return user, notFound(err, "user", name)
		case !keyshift.MayChangeRoles(c.User, user.Roles, roles):
			return user, errForbidden
		}
		if err := keepsAnOwner(tx, user, slices.Contains(roles, keyshift.Owner)); err != nil {
			return user, err
		}
		raised := keyshift.RaisesUser(user.Roles, roles)
		user.Roles = slices.Sorted(slices.Values(roles))
		event := c.event(keyshift.ActRolesSet)
		event.UserID, event.Details = user.ID, map[string]string{"roles": roleList(user.Roles)}
		err = errors.Join(tx.SaveUser(user), tx.Append(event))
		if raised {
			err = errors.Join(err, endLogins(tx, user.ID))
		}
		return user, err
	})
}

// endLogins ends every way by which a user is or gets logged in.
func endLogins(tx Tx, user keyshift.ID) error {
	return errors.Join(tx.EndTokens(user), tx.VoidCodes(user))
}

// keepsAnOwner refuses a change that leaves the hub without an active owner.
func keepsAnOwner(tx Tx, user keyshift.User, stays bool) error {
	if stays || !user.Active || !user.HasAny(keyshift.Owner) {
		return nil
	}
	owners, err := tx.CountActiveOwners()
	if err == nil && owners <= 1 {
		err = keyshift.Refuse(keyshift.CodeLastOwner, "This is the last active owner of the hub.", "Make somebody else an owner first.")
	}
	return err
}

// Ended is how many leases an effect revoked, and by which batch.
type Ended struct {
	Batch  keyshift.ID
	Leases int64
}

// UserEnded is a deactivated user and what ended with it.
type UserEnded struct {
	User  keyshift.User
	Ended Ended
}

// DeactivateUser ends everything a user has in one transaction: leases, API tokens, codes, and the trust in devices.
func (h *Hub) DeactivateUser(ctx context.Context, call Call, name, reason string) (UserEnded, error) {
	return effect(ctx, h, call, Closing, func(tx Tx, c Caller) (UserEnded, error) {
		user, err := tx.UserByName(name)
		switch {
		case err != nil:
			return UserEnded{}, notFound(err, "user", name)
		case !keyshift.MayChangeRoles(c.User, user.Roles, user.Roles):
			return UserEnded{}, errForbidden
		}
		if err := keepsAnOwner(tx, user, false); err != nil {
			return UserEnded{}, err
		}
		user.Active = false
		event := c.event(keyshift.ActUserDeactivated)
		event.UserID, event.Personal = user.ID, map[string]string{"reason": keyshift.CleanText(reason, keyshift.MaxReason)}
		err = errors.Join(tx.SaveUser(user), endLogins(tx, user.ID), tx.SetDevicesState(user.ID, keyshift.DeviceBlocked), tx.Append(event))
		if err != nil {
			return UserEnded{}, err
		}
		ended, err := endLeases(tx, c, Target{TargetUser, user.ID}, "user deactivated", false)
		return UserEnded{user, ended}, err
	})
}

// ActivateUser lets a user in again. Nothing that ended comes back; devices have to be trusted or enrolled again.
func (h *Hub) ActivateUser(ctx context.Context, call Call, name string) (keyshift.User, error) {
	return effect(ctx, h, call, Ordinary, func(tx Tx, c Caller) (keyshift.User, error) {
		user, err := tx.UserByName(name)
		switch {
		case err != nil:
			return user, notFound(err, "user", name)
		case !keyshift.MayChangeRoles(c.User, user.Roles, user.Roles):
			return user, errForbidden
		}
		user.Active = true
		event := c.event(keyshift.ActUserActivated)
		event.UserID = user.ID
		return user, errors.Join(tx.SaveUser(user), tx.Append(event))
	})
}
