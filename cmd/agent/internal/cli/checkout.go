package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/keyshift-hq/keyshift/internal/api"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/localclient"
)

// usualDuration is for how long a check-out is asked for if nobody says otherwise and the account allows it.
const usualDuration = time.Hour

type checkOutCmd struct {
	Account  string `arg:"" predictor:"account" help:"The account: x/acme, or @acme if there is only one of that name."`
	Reason   string `short:"r" placeholder:"TEXT" help:"What you need it for. Asked for if not given."`
	Duration string `short:"d" placeholder:"1h30m" help:"For how long; 1 hour if not given, or less if the account is lent for less."`
	Show     bool   `help:"Print login and password, where the account allows it. The hub records that."`
	Yes      bool   `help:"Do not ask before showing."`
}

// Help is shown below the usage.
func (checkOutCmd) Help() string {
	return "Checking out gives you the account for one working session. " +
		"With --show, an account that you hold already is not checked out again; its login and password are printed."
}

func (cmd *checkOutCmd) Run(ctx context.Context, inv *invocation) error {
	client, err := inv.client()
	if err != nil {
		return err
	}
	held, err := cmd.obtain(ctx, inv, client)
	if err != nil {
		return err
	}
	if cmd.Show {
		return inv.show(ctx, client, held)
	}
	return inv.Message(&v1.LocalServiceCheckOutResponse{Lease: held}, func(w io.Writer) { inv.sayHeld(w, held) })
}

// obtain gives the lease that the command is about: a new one, or with --show also one that is there already.
func (cmd *checkOutCmd) obtain(ctx context.Context, inv *invocation, client *localclient.Client) (*v1.HeldLease, error) {
	var held *v1.HeldLease
	if cmd.Show {
		var err error
		if held, err = heldOf(ctx, client, cmd.Account); err != nil {
			return nil, err
		}
		if err := inv.mayShow(ctx, client, held, cmd); err != nil {
			return nil, err
		}
	}
	if held != nil {
		return held, nil
	}
	req, err := cmd.request(ctx, inv, client)
	if err != nil {
		return nil, err
	}
	res, err := inv.checkOut(ctx, client, req)
	return res.GetLease(), err
}

// request gathers what a check-out needs, from the person if need be.
func (cmd *checkOutCmd) request(ctx context.Context, inv *invocation, client *localclient.Client) (*v1.LocalServiceCheckOutRequest, error) {
	duration, err := cmd.duration(ctx, client)
	if err != nil {
		return nil, err
	}
	reason, err := cmd.reason(ctx, inv)
	if err != nil {
		return nil, err
	}
	return &v1.LocalServiceCheckOutRequest{Account: cmd.Account, Reason: reason, Duration: durationpb.New(duration), RequestId: inv.RequestID()}, nil
}

func (cmd *checkOutCmd) reason(ctx context.Context, inv *invocation) (string, error) {
	reason := cmd.Reason
	if reason == "" && inv.Console != nil {
		var err error
		if reason, err = inv.Console.Ask(ctx, "What do you need "+clean(cmd.Account)+" for? "); err != nil {
			return "", err
		}
	}
	return keyshift.ValidateReason(reason)
}

// duration is what was asked for; otherwise the usual one, or the account's longest if that is shorter.
func (cmd *checkOutCmd) duration(ctx context.Context, client *localclient.Client) (time.Duration, error) {
	if cmd.Duration != "" {
		return parseDuration(cmd.Duration)
	}
	account, err := lendable(ctx, client, cmd.Account)
	if err != nil {
		return 0, err
	}
	if longest := account.GetMaxDuration().AsDuration(); longest > 0 {
		return min(longest, usualDuration), nil
	}
	return usualDuration, nil
}

// attempts is how often a check-out is asked for whose answer was lost: an agent that crashed is back within seconds.
const attempts = 4

// checkOut asks until an answer comes. The request id makes it one check-out, however often it is asked for.
func (inv *invocation) checkOut(ctx context.Context, client *localclient.Client, req *v1.LocalServiceCheckOutRequest) (*v1.LocalServiceCheckOutResponse, error) {
	lost, pause := false, inv.RetryPause
	for n := 1; ; n++ {
		res, err := client.CheckOut(ctx, req)
		lost = lost || errors.Is(err, localclient.ErrAnswerLost)
		again := errors.Is(err, localclient.ErrAnswerLost) || lost && keyshift.CodeOf(err) == keyshift.CodeAgentNotRunning
		if !again || n == attempts {
			return res, inv.leftOpen(ctx, req, lost, err)
		}
		inv.Note("The agent's answer was lost. Asking again …")
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, inv.leftOpen(ctx, req, lost, ctx.Err())
		}
		pause *= 2
	}
}

// leftOpen says what may happen yet after a check-out whose answer nobody heard.
func (inv *invocation) leftOpen(ctx context.Context, req *v1.LocalServiceCheckOutRequest, lost bool, err error) error {
	hint := "See what you hold with `" + Name + " leases`, and give it back with `" + Name + " checkin " + clean(req.GetAccount()) +
		"`. A check-out that stays unfinished ends by itself within a minute."
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		return keyshift.Refuse(api.CodeInterrupted, "Stopped waiting. The check-out may still go through.", hint).Because(err)
	case lost && api.ExitOf(err) == api.ExitUnreachable:
		return keyshift.Refuse(keyshift.CodeUnavailable, "The agent ended before it answered. The check-out may have gone through.", hint).Because(err)
	}
	return err
}

// sayHeld tells what a person has now and how it goes on.
func (inv *invocation) sayHeld(w io.Writer, h *v1.HeldLease) {
	l := h.GetLease()
	_, _ = fmt.Fprintf(w, "You have %s until %s (%s).\n", accountTitle(l), inv.Clock(l.GetEndsAt().AsTime()), timeLeft(h.GetTimeLeft().AsDuration()))
	switch l.GetAccessMode() {
	case v1.AccessMode_ACCESS_MODE_DELEGATED:
		_, _ = fmt.Fprintf(w, "Sign in at %s with your own login, which has the role.\n", network(l.GetNetwork()).Title())
	default:
		sayHowToSignIn(w, l)
	}
	_, _ = fmt.Fprintf(w, "Give it back: %s checkin %s\n", Name, accountName(l))
}

func sayHowToSignIn(w io.Writer, l *v1.Lease) {
	if l.GetAllowShow() {
		_, _ = fmt.Fprintf(w, "See login and password: %s checkout %s --show\n", Name, accountName(l))
	} else {
		_, _ = fmt.Fprintln(w, "Its login is not shown to people. Your admin can allow that.")
	}
	if l.GetHasCodeSeed() {
		_, _ = fmt.Fprintf(w, "Get a one-time code: %s code %s\n", Name, accountName(l))
	}
}
