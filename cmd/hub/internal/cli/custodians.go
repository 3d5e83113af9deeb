package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
)

type custodianCmd struct {
	List   custodianListCmd   `cmd:"" help:"List who receives the codes of an account."`
	Add    custodianAddCmd    `cmd:"" help:"Name a user who receives the codes of an account and passes them on when asked."`
	Remove custodianRemoveCmd `cmd:"" help:"Take that back."`
}

type custodianListCmd struct {
	Account string `arg:"" help:"The account, like x/acme."`
}

// Run lists custodians.
func (c *custodianListCmd) Run(ctx context.Context, inv *invocation) error {
	return inv.withHub(func(hub *hubclient.Admin) error {
		answer, err := hubclient.Call(ctx, hub.Browser.ListCustodians, &v1.ListCustodiansRequest{Account: c.Account})
		if err != nil {
			return err
		}
		return inv.Message(answer, func(w io.Writer) {
			if len(answer.GetUsers()) == 0 {
				fmt.Fprintf(w, "Nobody is named who receives the codes of %s.\n", clean(c.Account))
				return
			}
			fmt.Fprintln(w, clean(strings.Join(answer.GetUsers(), ", ")))
		})
	})
}

type custodianAddCmd struct {
	Account string `arg:"" help:"The account, like x/acme."`
	User    string `arg:"" help:"The user."`
}

// Run names a custodian.
func (c *custodianAddCmd) Run(ctx context.Context, inv *invocation) error {
	return inv.withHub(func(hub *hubclient.Admin) error {
		answer, err := hubclient.Call(ctx, hub.Browser.AddCustodian, &v1.AddCustodianRequest{Account: c.Account, User: c.User})
		if err != nil {
			return err
		}
		return inv.Message(answer, func(w io.Writer) {
			fmt.Fprintf(w, "%s is asked when somebody who holds %s needs a code. The code goes sealed to the device that asked.\n", clean(c.User), clean(c.Account))
		})
	})
}

type custodianRemoveCmd struct {
	Account string `arg:"" help:"The account, like x/acme."`
	User    string `arg:"" help:"The user."`
}

// Run takes a custodian's part back.
func (c *custodianRemoveCmd) Run(ctx context.Context, inv *invocation) error {
	return inv.withHub(func(hub *hubclient.Admin) error {
		answer, err := hubclient.Call(ctx, hub.Browser.RemoveCustodian, &v1.RemoveCustodianRequest{Account: c.Account, User: c.User})
		if err != nil {
			return err
		}
		return inv.Message(answer, func(w io.Writer) {
			fmt.Fprintf(w, "%s is not asked for codes of %s any more.\n", clean(c.User), clean(c.Account))
		})
	})
}

type accountRefCmd struct {
	Account string `arg:"" help:"The account, like facebook/acme."`
	Ref     string `arg:"" optional:"" help:"The number by which the network knows it, such as a Page's id; none takes it away."`
}

// Run sets the network's own number of an account.
func (c *accountRefCmd) Run(ctx context.Context, inv *invocation) error {
	return inv.withHub(func(hub *hubclient.Admin) error {
		answer, err := hubclient.Call(ctx, hub.Browser.SetAccountRef, &v1.SetAccountRefRequest{Account: c.Account, Ref: c.Ref})
		if err != nil {
			return err
		}
		return inv.Message(answer, func(w io.Writer) {
			if c.Ref == "" {
				fmt.Fprintf(w, "%s has no number any more; the guard for the right account compares its handle.\n", clean(c.Account))
				return
			}
			fmt.Fprintf(w, "The guard for the right account compares with number %s for %s.\n", clean(c.Ref), clean(c.Account))
		})
	})
}
