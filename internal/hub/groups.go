package hub

import (
	"context"
	"errors"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// GroupView is a group and the names of its members.
type GroupView struct {
	Group   keyshift.Group
	Members []string
}

// AddGroup adds an empty group.
func (h *Hub) AddGroup(ctx context.Context, call Call, name string) (GroupView, error) {
	if err := keyshift.ValidateName("group", name); err != nil {
		return GroupView{}, err
	}
	return effect(ctx, h, call, Ordinary, func(tx Tx, c Caller) (GroupView, error) {
		if err := mustBeNew(tx.GroupByName(name)); err != nil {
			return GroupView{}, err
		}
		group := keyshift.Group{ID: tx.NewID(), Name: name, CreatedAt: tx.Now()}
		return GroupView{Group: group}, errors.Join(tx.AddGroup(group), tx.Append(groupEvent(c, keyshift.ActGroupAdded, group, "")))
	})
}

func groupEvent(c Caller, action keyshift.AuditAction, g keyshift.Group, member keyshift.ID) keyshift.AuditEvent {
	event := c.event(action)
	event.UserID, event.Details = member, map[string]string{"group": g.Name}
	return event
}

// ListGroups lists groups by the time they were added.
func (h *Hub) ListGroups(ctx context.Context, call Call, page Page) ([]GroupView, error) {
	return list(ctx, h, call, func(r Reader) ([]GroupView, error) {
		groups, err := r.Groups(keyshift.ID(page.After), page.limit())
		if err != nil {
			return nil, err
		}
		views := make([]GroupView, len(groups))
		for i, group := range groups {
			if views[i], err = groupView(r, group); err != nil {
				return nil, err
			}
		}
		return views, nil
	})
}

func groupView(r Reader, group keyshift.Group) (GroupView, error) {
	members, err := r.GroupMembers(group.ID)
	return GroupView{group, members}, err
}

func groupAndUser(r Reader, groupName, userName string) (keyshift.Group, keyshift.User, error) {
	group, err := r.GroupByName(groupName)
	if err != nil {
		return group, keyshift.User{}, notFound(err, "group", groupName)
	}
	user, err := r.UserByName(userName)
	return group, user, notFound(err, "user", userName)
}

// AddMember puts a user into a group; it is harmless to repeat.
func (h *Hub) AddMember(ctx context.Context, call Call, groupName, userName string) (GroupView, error) {
	return effect(ctx, h, call, Ordinary, func(tx Tx, c Caller) (GroupView, error) {
		group, user, err := groupAndUser(tx, groupName, userName)
		if err != nil {
			return GroupView{}, err
		}
		if changed, err := tx.AddMember(group.ID, user.ID); err != nil || !changed {
			return GroupView{}, errors.Join(err, unchanged(err))
		}
		if err := tx.Append(groupEvent(c, keyshift.ActMemberAdded, group, user.ID)); err != nil {
			return GroupView{}, err
		}
		return groupView(tx, group)
	})
}

// GroupEnded is a group after a member left, and the leases that ended with it.
type GroupEnded struct {
	Group GroupView
	Ended Ended
}

// RemoveMember takes a user out of a group, and ends the user's leases that no other grant carries.
func (h *Hub) RemoveMember(ctx context.Context, call Call, groupName, userName string) (GroupEnded, error) {
	return effect(ctx, h, call, Closing, func(tx Tx, c Caller) (GroupEnded, error) {
		group, user, err := groupAndUser(tx, groupName, userName)
		if err != nil {
			return GroupEnded{}, err
		}
		if changed, err := tx.RemoveMember(group.ID, user.ID); err != nil || !changed {
			return GroupEnded{}, errors.Join(err, unchanged(err))
		}
		if err := tx.Append(groupEvent(c, keyshift.ActMemberRemoved, group, user.ID)); err != nil {
			return GroupEnded{}, err
		}
		ended, err := endLeases(tx, c, Target{TargetUncovered, ""}, "grant removed", false)
		if err != nil {
			return GroupEnded{}, err
		}
		view, err := groupView(tx, group)
		return GroupEnded{view, ended}, err
	})
}

func unchanged(err error) error {
	if err != nil {
		return nil
	}
	return keyshift.Refuse(keyshift.CodeAlreadyExists, "That is so already.", "Nothing has to be done.")
}
