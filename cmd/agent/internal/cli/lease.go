package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/keyshift-hq/keyshift/internal/api"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/localclient"
)

type renewCmd struct {
	Lease    string `arg:"" optional:"" predictor:"lease" help:"The account, or the id of the lease. Not needed if you hold only one."`
	Duration string `short:"d" placeholder:"1h30m" default:"1h" help:"For how long from now."`
}

func (cmd *renewCmd) Run(ctx context.Context, inv *invocation) error {
	duration, err := parseDuration(cmd.Duration)
	if err != nil {
		return err
	}
	client, err := inv.client()
	if err != nil {
		return err
	}
	lease, err := inv.lease(ctx, client, cmd.Lease)
	if err != nil {
		return err
	}
	res, err := client.Renew(ctx, lease, duration)
	if err != nil {
		return err
	}
	return inv.Message(res, func(w io.Writer) {
		h := res.GetLease()
		_, _ = fmt.Fprintf(w, "You have %s until %s (%s).\n", accountTitle(h.GetLease()), inv.Clock(h.GetLease().GetEndsAt().AsTime()), timeLeft(h.GetTimeLeft().AsDuration()))
	})
}

type checkInCmd struct {
	Lease string `arg:"" optional:"" predictor:"lease" help:"The account, or the id of the lease. Not needed if you hold only one."`
	All   bool   `help:"Give everything back."`
}

func (cmd *checkInCmd) Run(ctx context.Context, inv *invocation) error {
	if cmd.All && cmd.Lease != "" {
		return keyshift.Invalid(api.CodeUsage, "Name an account or say --all, not both.", "")
	}
	client, err := inv.client()
	if err != nil {
		return err
	}
	if cmd.All {
		return inv.checkInAll(ctx, client)
	}
	lease, err := inv.lease(ctx, client, cmd.Lease)
	if err != nil {
		return err
	}
	res, err := client.CheckIn(ctx, lease)
	if err != nil {
		return err
	}
	return inv.givenBack(res, []*v1.HeldLease{res.GetLease()}, 1, nil)
}

// checkInAll gives back what it can. The first error does not keep the others from being tried.
func (inv *invocation) checkInAll(ctx context.Context, client *localclient.Client) error {
	leases, err := live(ctx, client)
	if err != nil {
		return err
	}
	done, failed := &v1.LocalServiceListLeasesResponse{}, error(nil)
	for _, h := range leases {
		res, err := client.CheckIn(ctx, h.GetLease().GetId())
		if err == nil {
			done.Leases = append(done.Leases, res.GetLease())
		} else if failed == nil {
			failed = err
		}
	}
	return inv.givenBack(done, done.GetLeases(), len(leases), failed)
}

type codeCmd struct {
	Lease string `arg:"" optional:"" predictor:"lease" help:"The account, or the id of the lease. Not needed if you hold only one."`
}

func (cmd *codeCmd) Run(ctx context.Context, inv *invocation) error {
	client, err := inv.client()
	if err != nil {
		return err
	}
	lease, err := inv.lease(ctx, client, cmd.Lease)
	if err != nil {
		return err
	}
	res, err := client.Code(ctx, lease)
	if err != nil {
		return err
	}
	inv.Note("Valid for %s; it works once.", timeLeft(res.GetValidUntil().AsTime().Sub(inv.now())))
	return inv.Message(res, func(w io.Writer) { _, _ = fmt.Fprintln(w, res.GetCode()) })
}
