package hub

import (
	"context"
	"errors"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// GrantView is a grant with the names of what it joins.
type GrantView struct {
	Grant   keyshift.Grant
	Account string
	User    string
	Group   string
}

func grantView(r Reader, g keyshift.Grant) (GrantView, error) {
	account, err := r.Account(g.AccountID)
	view := GrantView{Grant: g, Account: account.Name()}
	if err == nil && g.UserID != "" {
		var user keyshift.User
		user, err = r.User(g.UserID)
		view.User = user.Name
	}
	if err == nil && g.GroupID != "" {
		var group keyshift.Group
		group, err = r.Group(g.GroupID)
		view.Group = group.Name
	}
	return view, err
}

// AddGrant lets a user or a group check an account out; exactly one of the two names is given.
func (h *Hub) AddGrant(ctx context.Context, call Call, accountName, userName, groupName string) (GrantView, error) {
	if (userName == "") == (groupName == "") {
		return GrantView{}, keyshift.Invalid(keyshift.CodeFieldInvalid, "A grant is for one user or one group.", "Name either a user or a group.")
	}
	return effect(ctx, h, call, Ordinary, func(tx Tx, c Caller) (GrantView, error) {
		grant, err := newGrant(tx, accountName, userName, groupName)
		if err != nil {
			return GrantView{}, err
		}
		err = tx.AddGrant(grant)
		if keyshift.CodeOf(err) == keyshift.CodeAlreadyExists {
			err = keyshift.Refuse(keyshift.CodeAlreadyExists, "This account is granted to them already.", "Nothing has to be done.")
		}
		if err := errors.Join(err, tx.Append(grantEvent(c, keyshift.ActGrantAdded, grant))); err != nil {
			return GrantView{}, err
		}
		return grantView(tx, grant)
	})
}

func newGrant(tx Tx, accountName, userName, groupName string) (keyshift.Grant, error) {
	account, err := accountNamed(tx, accountName)
	if err != nil {
		return keyshift.Grant{}, err
	}
	grant := keyshift.Grant{ID: tx.NewID(), AccountID: account.ID, CreatedAt: tx.Now()}
	if userName != "" {
		user, err := tx.UserByName(userName)
		grant.UserID = user.ID
		return grant, notFound(err, "user", userName)
	}
	group, err := tx.GroupByName(groupName)
	grant.GroupID = group.ID
	return grant, notFound(err, "group", groupName)
}

func grantEvent(c Caller, action keyshift.AuditAction, g keyshift.Grant) keyshift.AuditEvent {
	event := c.event(action)
	event.AccountID, event.UserID, event.Details = g.AccountID, g.UserID, map[string]string{"grant": string(g.ID), "group": string(g.GroupID)}
	return event
}

// ListGrants lists grants, of one account or of all.
func (h *Hub) ListGrants(ctx context.Context, call Call, accountName string, page Page) ([]GrantView, error) {
	return list(ctx, h, call, func(r Reader) ([]GrantView, error) {
		var of keyshift.ID
		if accountName != "" {
			account, err := accountNamed(r, accountName)
			if err != nil {
				return nil, err
			}
			of = account.ID
		}
		grants, err := r.Grants(of, keyshift.ID(page.After), page.limit())
		if err != nil {
			return nil, err
		}
		views := make([]GrantView, len(grants))
		for i, g := range grants {
			if views[i], err = grantView(r, g); err != nil {
				return nil, err
			}
		}
		return views, nil
	})
}

// RemoveGrant takes a grant away and ends the leases that no other grant carries.
func (h *Hub) RemoveGrant(ctx context.Context, call Call, id keyshift.ID) (Ended, error) {
	return effect(ctx, h, call, Closing, func(tx Tx, c Caller) (Ended, error) {
		grant, err := tx.Grant(id)
		if err != nil {
			return Ended{}, notFound(err, "grant", string(id))
		}
		if err := errors.Join(tx.RemoveGrant(id), tx.Append(grantEvent(c, keyshift.ActGrantRemoved, grant))); err != nil {
			return Ended{}, err
		}
		return endLeases(tx, c, Target{TargetUncovered, grant.AccountID}, "grant removed", false)
	})
}
