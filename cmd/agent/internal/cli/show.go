package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/cliout"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/localclient"
)

// isNamed reports whether a person who typed name means the account.
func isNamed(a named, name string) bool {
	if handle, ok := strings.CutPrefix(name, "@"); ok {
		return strings.EqualFold(a.GetHandle(), handle)
	}
	return strings.EqualFold(accountName(a), name) || strings.EqualFold(a.GetHandle(), name)
}

// the gives the one thing of that name; nil if there is none or more than one, which the agent then explains.
func the[T named](things []T, name string) (found T) {
	n := 0
	for _, thing := range things {
		if isNamed(thing, name) {
			found = thing
			n++
		}
	}
	if n != 1 {
		var none T
		return none
	}
	return found
}

// lendable looks an account up among those that are lent to the person; nil if it is not there.
func lendable(ctx context.Context, client *localclient.Client, name string) (*v1.Lendable, error) {
	res, err := client.Accounts(ctx)
	if err != nil {
		return nil, err
	}
	return the(res.GetAccounts(), name), nil
}

// heldOf looks for a live lease on an account; nil if there is none.
func heldOf(ctx context.Context, client *localclient.Client, name string) (*v1.HeldLease, error) {
	leases, err := live(ctx, client)
	if err != nil {
		return nil, err
	}
	inner := make([]*v1.Lease, len(leases))
	for i, h := range leases {
		inner[i] = h.GetLease()
	}
	wanted := the(inner, name)
	for _, h := range leases {
		if wanted != nil && h.GetLease() == wanted {
			return h, nil
		}
	}
	return nil, nil
}

// mayShow refuses what the account does not allow, and asks the person, both before anything is checked out.
func (inv *invocation) mayShow(ctx context.Context, client *localclient.Client, held *v1.HeldLease, cmd *checkOutCmd) error {
	allowed := held.GetLease().GetAllowShow()
	if held == nil {
		account, err := lendable(ctx, client, cmd.Account)
		if err != nil {
			return err
		}
		allowed = account == nil || account.GetAllowShow() // an unknown account is the agent's to refuse
	}
	if !allowed {
		return errNotShown
	}
	return inv.confirm(ctx, cmd.Yes, "Login and password of "+clean(cmd.Account)+" will be printed here, and the hub records that. Go on?")
}

var errNotShown = keyshift.Refuse(keyshift.CodeShowForbidden, "The login of this account is not shown to people.",
	"Ask your admin to allow showing it.")

// show prints the secret of a lease.
func (inv *invocation) show(ctx context.Context, client *localclient.Client, held *v1.HeldLease) error {
	if !held.GetLease().GetAllowShow() {
		return errNotShown
	}
	secret, err := client.Reveal(ctx, held.GetLease().GetId())
	if err != nil {
		return err
	}
	if inv.JSON {
		return inv.shownAsJSON(held, secret)
	}
	inv.Note("You have %s until %s. The hub has recorded that you saw this:", accountTitle(held.GetLease()), inv.Clock(held.GetLease().GetEndsAt().AsTime()))
	return inv.Words(func(w io.Writer) {
		_, _ = fmt.Fprintf(w, "login     %s\npassword  %s\n", secret.GetLogin(), secret.GetPassword())
	})
}

func (inv *invocation) shownAsJSON(held *v1.HeldLease, secret *v1.LocalServiceRevealResponse) error {
	lease, err := cliout.Encode(held)
	if err != nil {
		return err
	}
	credential, err := cliout.Encode(secret)
	if err != nil {
		return err
	}
	return inv.Value(map[string]json.RawMessage{"lease": lease, "credential": credential}, nil)
}
