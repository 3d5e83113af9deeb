package cli

import (
	"context"
	"fmt"
	"io"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/cliout"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
)

type usersCmd struct {
	List       usersListCmd       `cmd:"" default:"1" help:"List all users."`
	Add        usersAddCmd        `cmd:"" help:"Add a user."`
	Roles      usersRolesCmd      `cmd:"" help:"Replace a user's roles."`
	Deactivate usersDeactivateCmd `cmd:"" help:"End everything a user has: leases, logins, codes, devices."`
	Activate   usersActivateCmd   `cmd:"" help:"Let a deactivated user in again; nothing that ended comes back."`
}

type usersListCmd struct{}

// Run lists users.
func (c *usersListCmd) Run(ctx context.Context, inv *invocation) error {
	return inv.withHub(func(hub *hubclient.Admin) error {
		users, _, err := collect(hub.EachUser(ctx), 0)
		if err != nil {
			return err
		}
		return inv.Message(&v1.ListUsersResponse{Users: users}, func(w io.Writer) {
			rows := [][]string{{"NAME", "FULL NAME", "ROLES", "STATE", "ADDED"}}
			for _, u := range users {
				rows = append(rows, []string{u.GetName(), u.GetDisplayName(), rolesText(u), activeText(u), inv.day(u.GetCreatedAt())})
			}
			cliout.Table(w, rows)
			if len(users) == 1 {
				fmt.Fprintf(w, "\nYou are alone here. Add somebody: %s users add NAME\n", Name)
			}
		})
	})
}

func activeText(u *v1.User) string {
	if u.GetActive() {
		return "active"
	}
	return "deactivated"
}

type usersAddCmd struct {
	Name     string   `arg:"" help:"Short name, as typed in commands, like lee."`
	FullName string   `placeholder:"TEXT" help:"The name that people read."`
	Role     []string `placeholder:"ROLE" help:"member, approver, auditor, admin or owner; several by comma. Without it: member."`
}

// Run adds a user.
func (c *usersAddCmd) Run(ctx context.Context, inv *invocation) error {
	roles, err := rolesOf(c.Role)
	if err != nil {
		return err
	}
	return inv.withHub(func(hub *hubclient.Admin) error {
		answer, err := hubclient.Call(ctx, hub.Users.AddUser, &v1.AddUserRequest{Name: c.Name, DisplayName: c.FullName, Roles: roles})
		if err != nil {
			return err
		}
		return inv.Message(answer, func(w io.Writer) {
			name := clean(answer.GetUser().GetName())
			fmt.Fprintf(w, "Added %s (%s).\n", name, rolesText(answer.GetUser()))
			fmt.Fprintf(w, "Next: %s grants add ACCOUNT --user %s, and %s codes enroll %s for the first device.\n", Name, name, Name, name)
		})
	})
}

func rolesOf(texts []string) ([]v1.Role, error) {
	roles := make([]v1.Role, len(texts))
	for i, text := range texts {
		var err error
		if roles[i], err = enumOf[v1.Role]("role", text); err != nil {
			return nil, err
		}
	}
	return roles, nil
}

type usersRolesCmd struct {
	Name string   `arg:"" help:"The user."`
	Role []string `arg:"" help:"All roles that the user has from now on: member, approver, auditor, admin, owner."`
}

// Run sets roles.
func (c *usersRolesCmd) Run(ctx context.Context, inv *invocation) error {
	roles, err := rolesOf(c.Role)
	if err != nil {
		return err
	}
	return inv.withHub(func(hub *hubclient.Admin) error {
		answer, err := hubclient.Call(ctx, hub.Users.SetRoles, &v1.SetRolesRequest{User: c.Name, Roles: roles})
		if err != nil {
			return err
		}
		return inv.Message(answer, func(w io.Writer) {
			fmt.Fprintf(w, "%s is now %s.\n", clean(answer.GetUser().GetName()), rolesText(answer.GetUser()))
		})
	})
}

type usersDeactivateCmd struct {
	Name   string `arg:"" help:"The user."`
	Reason string `placeholder:"TEXT" help:"Why, for the audit log."`
}

// Run deactivates a user.
func (c *usersDeactivateCmd) Run(ctx context.Context, inv *invocation) error {
	return inv.withHub(func(hub *hubclient.Admin) error {
		answer, err := hubclient.Call(ctx, hub.Users.DeactivateUser, &v1.DeactivateUserRequest{User: c.Name, Reason: c.Reason})
		if err != nil {
			return err
		}
		return inv.Message(answer, func(w io.Writer) {
			fmt.Fprintf(w, "Deactivated %s: logins, codes and devices are ended, %s.\n", clean(answer.GetUser().GetName()), revokedText(answer.GetLeasesRevoked()))
			followHint(w, answer.GetLeasesRevoked())
		})
	})
}

// revokedText counts the leases that ended with a change.
func revokedText(n int64) string {
	if n == 0 {
		return "no lease had to end"
	}
	if n == 1 {
		return "1 lease was revoked"
	}
	return plural(n, "lease") + " were revoked"
}

// followHint names the command that shows what became of revoked leases.
func followHint(w io.Writer, n int64) {
	if n > 0 {
		fmt.Fprintf(w, "See the access go: %s leases list\n", Name)
	}
}

type usersActivateCmd struct {
	Name string `arg:"" help:"The user."`
}

// Run activates a user.
func (c *usersActivateCmd) Run(ctx context.Context, inv *invocation) error {
	return inv.withHub(func(hub *hubclient.Admin) error {
		answer, err := hubclient.Call(ctx, hub.Users.ActivateUser, &v1.ActivateUserRequest{User: c.Name})
		if err != nil {
			return err
		}
		return inv.Message(answer, func(w io.Writer) {
			name := clean(answer.GetUser().GetName())
			fmt.Fprintf(w, "Activated %s. Devices and logins stay ended: %s codes enroll %s makes a new code.\n", name, Name, name)
		})
	})
}
