package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/keyshift-hq/keyshift/internal/api"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/cliout"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

type grantsCmd struct {
	List   grantsListCmd   `cmd:"" default:"withargs" help:"List grants."`
	Add    grantsAddCmd    `cmd:"" help:"Let a user or a group check an account out."`
	Remove grantsRemoveCmd `cmd:"" help:"Take a grant away; ends leases that no other grant carries."`
}

type grantsListCmd struct {
	Account string `placeholder:"ACCOUNT" help:"Only the grants on this account."`
}

// Run lists grants.
func (c *grantsListCmd) Run(ctx context.Context, inv *invocation) error {
	return inv.withHub(func(hub *hubclient.Admin) error {
		grants, _, err := collect(hub.EachGrant(ctx, c.Account), 0)
		if err != nil {
			return err
		}
		return inv.Message(&v1.ListGrantsResponse{Grants: grants}, func(w io.Writer) {
			if len(grants) == 0 {
				fmt.Fprintf(w, "There are no grants yet: nobody can check anything out. Add one: %s grants add ACCOUNT --user NAME\n", Name)
				return
			}
			rows := [][]string{{"ACCOUNT", "FOR", "SINCE", "GRANT"}}
			for _, g := range grants {
				rows = append(rows, []string{g.GetAccount(), holderText(g), inv.day(g.GetCreatedAt()), g.GetId()})
			}
			cliout.Table(w, rows)
		})
	})
}

// holderText is who a grant is for.
func holderText(g *v1.Grant) string {
	if g.GetGroup() != "" {
		return "group " + clean(g.GetGroup())
	}
	return "user " + clean(g.GetUser())
}

// holderFlags name a user or a group.
type holderFlags struct {
	User  string `placeholder:"NAME" xor:"holder" help:"The user."`
	Group string `placeholder:"NAME" xor:"holder" help:"The group."`
}

func (f holderFlags) check() error {
	if f.User == "" && f.Group == "" {
		return keyshift.Invalid(api.CodeUsage, "A grant is for a user or a group.", "Add --user NAME or --group NAME.")
	}
	return nil
}

type grantsAddCmd struct {
	Account string `arg:"" help:"The account, like x/acme."`
	holderFlags
}

// Run adds a grant.
func (c *grantsAddCmd) Run(ctx context.Context, inv *invocation) error {
	if err := c.check(); err != nil {
		return err
	}
	return inv.withHub(func(hub *hubclient.Admin) error {
		answer, err := hubclient.Call(ctx, hub.Grants.AddGrant, &v1.AddGrantRequest{Account: c.Account, User: c.User, Group: c.Group})
		if err != nil {
			return err
		}
		return inv.Message(answer, func(w io.Writer) {
			fmt.Fprintf(w, "The %s may check out %s.\n", holderText(answer.GetGrant()), clean(answer.GetGrant().GetAccount()))
		})
	})
}

type grantsRemoveCmd struct {
	Grant string `arg:"" help:"The grant's id, or its account with --user or --group."`
	holderFlags
}

// Run removes a grant.
func (c *grantsRemoveCmd) Run(ctx context.Context, inv *invocation) error {
	return inv.withHub(func(hub *hubclient.Admin) error {
		id, err := c.find(ctx, hub)
		if err != nil {
			return err
		}
		answer, err := hubclient.Call(ctx, hub.Grants.RemoveGrant, &v1.RemoveGrantRequest{GrantId: id})
		if err != nil {
			return err
		}
		return inv.Message(answer, func(w io.Writer) {
			fmt.Fprintf(w, "Removed the grant; %s.\n", revokedText(answer.GetLeasesRevoked()))
			followHint(w, answer.GetLeasesRevoked())
		})
	})
}

// find gives the id of the grant that is meant.
func (c *grantsRemoveCmd) find(ctx context.Context, hub *hubclient.Admin) (string, error) {
	if keyshift.ID(c.Grant).Valid() && c.User == "" && c.Group == "" {
		return c.Grant, nil
	}
	if err := c.check(); err != nil {
		return "", err
	}
	for g, err := range hub.EachGrant(ctx, c.Grant) {
		if err != nil {
			return "", err
		}
		if g.GetUser() == c.User && g.GetGroup() == c.Group {
			return g.GetId(), nil
		}
	}
	return "", keyshift.Refuse(keyshift.CodeNotFound, "There is no such grant on "+clean(c.Grant)+".", "See what there is: “"+Name+" grants list --account "+clean(c.Grant)+"”.")
}
