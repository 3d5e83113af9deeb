package cli

import (
	"context"
	"fmt"
	"io"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/network"
)

type acceptRiskCmd struct {
	Account string `arg:"" help:"The account, like facebook/acme."`
	Until   string `required:"" placeholder:"DATE" help:"The last day of the acceptance, within a year, like 2027-06-30."`
	Yes     bool   `help:"Do not ask: you have read the clause."`
}

// Run shows the clause, asks, and records that it was accepted. The hash of the clause goes along, so that the hub
// knows which text the person saw.
func (c *acceptRiskCmd) Run(ctx context.Context, inv *invocation) error {
	until, err := parseMoment("--until", c.Until, inv.now(), endOf)
	if err != nil {
		return err
	}
	return inv.withHub(func(hub *hubclient.Admin) error {
		net, err := networkOf(ctx, hub, c.Account)
		if err != nil {
			return err
		}
		clause, forbidden := network.Clause(net)
		if !forbidden {
			return keyshift.Refuse(keyshift.CodeFieldInvalid, "No clause of "+net.Title()+"'s terms is known that forbids sharing a login.", "Nothing has to be accepted.")
		}
		showClause(inv.Stderr, c.Account, clause)
		if err := inv.confirm(ctx, c.Yes, "Accept this for "+clean(c.Account)+" until "+until.In(inv.now().Location()).Format(time.DateTime)+"?"); err != nil {
			return err
		}
		answer, err := hubclient.Call(ctx, hub.Accounts.AcceptRisk, &v1.AcceptRiskRequest{Account: c.Account, TextHash: clause.Hash(), Until: timestamppb.New(until)})
		if err != nil {
			return err
		}
		return inv.Message(answer, func(w io.Writer) {
			r := answer.GetAccount().GetRiskAcceptance()
			fmt.Fprintf(w, "Recorded for %s: accepted by %s until %s.\n", accountName(answer.GetAccount()), clean(r.GetAcceptedBy()), inv.stamp(r.GetUntil()))
		})
	})
}

// networkOf is the network of an account that is named or given by its id.
func networkOf(ctx context.Context, hub *hubclient.Admin, account string) (keyshift.Network, error) {
	if !keyshift.ID(account).Valid() {
		net, _, err := splitAccount(account)
		return net, err
	}
	for a, err := range hub.EachAccount(ctx) {
		if err != nil {
			return "", err
		}
		if a.GetId() == account {
			return keyshift.Network(word(a.GetNetwork())), nil
		}
	}
	return "", keyshift.NotFound("account", account)
}

func showClause(w io.Writer, account string, t network.Terms) {
	fmt.Fprintf(w, "%s, as archived on %s (%s):\n\n  “%s”\n\n", t.Document, t.ArchivedAt, t.URL, t.Quote)
	fmt.Fprintf(w, "Lending the login of %s goes against this clause: the network may close the account.\nYour name, the clause and the time go into the audit log.\n\n", clean(account))
}

type withdrawRiskCmd struct {
	Account string `arg:"" help:"The account, like facebook/acme."`
}

// Run withdraws an acceptance.
func (c *withdrawRiskCmd) Run(ctx context.Context, inv *invocation) error {
	return inv.withHub(func(hub *hubclient.Admin) error {
		answer, err := hubclient.Call(ctx, hub.Accounts.WithdrawRisk, &v1.WithdrawRiskRequest{Account: c.Account})
		if err != nil {
			return err
		}
		return inv.Message(answer, func(w io.Writer) {
			name := accountName(answer.GetAccount())
			fmt.Fprintf(w, "Withdrawn: nobody can check %s out any more. Leases that are live run to their end; to end them now: %s revoke --account %s --reason TEXT\n", name, Name, name)
		})
	})
}
