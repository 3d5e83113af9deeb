package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/cliout"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
)

type groupsCmd struct {
	List         groupsListCmd         `cmd:"" default:"1" help:"List all groups and their members."`
	Add          groupsAddCmd          `cmd:"" help:"Add an empty group."`
	AddMember    groupsAddMemberCmd    `cmd:"" help:"Put a user into a group."`
	RemoveMember groupsRemoveMemberCmd `cmd:"" help:"Take a user out of a group; ends leases that only the group allowed."`
}

type groupsListCmd struct{}

// Run lists groups.
func (c *groupsListCmd) Run(ctx context.Context, inv *invocation) error {
	return inv.withHub(func(hub *hubclient.Admin) error {
		groups, _, err := collect(hub.EachGroup(ctx), 0)
		if err != nil {
			return err
		}
		return inv.Message(&v1.ListGroupsResponse{Groups: groups}, func(w io.Writer) {
			if len(groups) == 0 {
				fmt.Fprintf(w, "There are no groups yet. Add one: %s groups add NAME\n", Name)
				return
			}
			rows := [][]string{{"NAME", "MEMBERS", "ADDED"}}
			for _, g := range groups {
				rows = append(rows, []string{g.GetName(), strings.Join(g.GetMembers(), ", "), inv.day(g.GetCreatedAt())})
			}
			cliout.Table(w, rows)
		})
	})
}

type groupsAddCmd struct {
	Name string `arg:"" help:"Short name, like social-team."`
}

// Run adds a group.
func (c *groupsAddCmd) Run(ctx context.Context, inv *invocation) error {
	return inv.withHub(func(hub *hubclient.Admin) error {
		answer, err := hubclient.Call(ctx, hub.Groups.AddGroup, &v1.AddGroupRequest{Name: c.Name})
		if err != nil {
			return err
		}
		return inv.Message(answer, func(w io.Writer) {
			name := clean(answer.GetGroup().GetName())
			fmt.Fprintf(w, "Added the group %s.\nNext: %s groups add-member %s USER, and %s grants add ACCOUNT --group %s.\n", name, Name, name, Name, name)
		})
	})
}

type groupsAddMemberCmd struct {
	Group string `arg:"" help:"The group."`
	User  string `arg:"" help:"The user."`
}

// Run adds a member.
func (c *groupsAddMemberCmd) Run(ctx context.Context, inv *invocation) error {
	return inv.withHub(func(hub *hubclient.Admin) error {
		answer, err := hubclient.Call(ctx, hub.Groups.AddMember, &v1.AddMemberRequest{Group: c.Group, User: c.User})
		if err != nil {
			return err
		}
		return inv.Message(answer, func(w io.Writer) { fmt.Fprintln(w, membersText(answer.GetGroup())) })
	})
}

func membersText(g *v1.Group) string {
	if len(g.GetMembers()) == 0 {
		return "The group " + clean(g.GetName()) + " has no members."
	}
	return "The group " + clean(g.GetName()) + " has " + plural(int64(len(g.GetMembers())), "member") + ": " + clean(strings.Join(g.GetMembers(), ", ")) + "."
}

type groupsRemoveMemberCmd struct {
	Group string `arg:"" help:"The group."`
	User  string `arg:"" help:"The user."`
}

// Run removes a member.
func (c *groupsRemoveMemberCmd) Run(ctx context.Context, inv *invocation) error {
	return inv.withHub(func(hub *hubclient.Admin) error {
		answer, err := hubclient.Call(ctx, hub.Groups.RemoveMember, &v1.RemoveMemberRequest{Group: c.Group, User: c.User})
		if err != nil {
			return err
		}
		return inv.Message(answer, func(w io.Writer) {
			fmt.Fprintf(w, "%s With that, %s.\n", membersText(answer.GetGroup()), revokedText(answer.GetLeasesRevoked()))
			followHint(w, answer.GetLeasesRevoked())
		})
	})
}
