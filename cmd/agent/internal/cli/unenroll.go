package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/keyshift-hq/keyshift/internal/api"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

type unenrollCmd struct {
	Force bool `help:"Forget the hub even if it cannot be told."`
	Yes   bool `help:"Do not ask."`
}

func (cmd *unenrollCmd) Run(ctx context.Context, inv *invocation) error {
	client, err := inv.client()
	if err != nil {
		return err
	}
	status, err := client.Status(ctx)
	if err != nil {
		return err
	}
	if status.GetEnrolled() {
		if err := inv.confirm(ctx, cmd.Yes, unenrollQuestion(status)); err != nil {
			return err
		}
	}
	res, err := client.Unenroll(ctx, cmd.Force)
	if err != nil {
		return cmd.forceHint(err)
	}
	return inv.Message(res, func(w io.Writer) {
		_, _ = fmt.Fprintln(w, "This computer is not enrolled any more. Nothing that was lent is left on it.")
		if !res.GetHubTold() {
			_, _ = fmt.Fprintf(w, "The hub could not be told: ask your admin to block the device %s there.\n", clean(status.GetDeviceName()))
		}
	})
}

func unenrollQuestion(status *v1.LocalServiceGetStatusResponse) string {
	question := "Forget " + clean(status.GetHubName())
	var held []*v1.HeldLease
	for _, h := range status.GetLeases() {
		if isLive(h) {
			held = append(held, h)
		}
	}
	if len(held) > 0 {
		question += " and give back " + listNames(held)
	}
	return question + "?"
}

// forceHint names the way out when the hub does not answer.
func (cmd *unenrollCmd) forceHint(err error) error {
	if api.ExitOf(err) != api.ExitUnreachable || cmd.Force || keyshift.CodeOf(err) == keyshift.CodeAgentNotRunning {
		return err
	}
	e := *api.FromConnect(err)
	e.Hint = "Try again when the hub can be reached, or forget it without telling it: `" + Name + " unenroll --force`."
	return &e
}
