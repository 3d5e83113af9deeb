package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/keyshift-hq/keyshift/internal/api"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/cliout"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/localclient"
)

type relayCmd struct {
	List   relayListCmd   `cmd:"" default:"1" help:"List the codes that colleagues wait for and that you receive."`
	Answer relayAnswerCmd `cmd:"" help:"Pass a code on to the computer that asked for it."`
	Ask    relayAskCmd    `cmd:"" help:"Ask for the code of an account that the network sends to somebody else."`
}

type relayListCmd struct{}

// Run lists requests.
func (*relayListCmd) Run(ctx context.Context, inv *invocation) error {
	client, err := inv.client()
	if err != nil {
		return err
	}
	res, err := client.RelayRequests(ctx)
	if err != nil {
		return err
	}
	return inv.Message(res, func(w io.Writer) {
		if len(res.GetRequests()) == 0 {
			_, _ = fmt.Fprintln(w, "Nobody waits for a code of yours.")
			return
		}
		rows := [][]string{{"ACCOUNT", "FOR", "ON", "UNTIL", "REQUEST"}}
		for _, r := range res.GetRequests() {
			rows = append(rows, []string{clean(r.GetAccount()), clean(r.GetUser()), clean(r.GetDevice()), keyshift.ClockText(r.GetExpiresAt().AsTime().In(inv.Program.Now().Location()), inv.Program.Now()), r.GetId()})
		}
		cliout.Table(w, rows)
	})
}

type relayAnswerCmd struct {
	Request string `arg:"" optional:"" help:"The request, if there are several."`
}

// Help is shown with --help.
func (relayAnswerCmd) Help() string {
	return "The code is asked for, or read from standard input, and is never an argument. It is sealed on this computer for the one that asked: " +
		"not even the hub can read it. Make sure that you know why your colleague needs it now."
}

// Run passes a code on.
func (cmd *relayAnswerCmd) Run(ctx context.Context, inv *invocation) error {
	client, err := inv.client()
	if err != nil {
		return err
	}
	asked, err := cmd.which(ctx, client)
	if err != nil {
		return err
	}
	code, err := inv.askRelayCode(ctx, "Code for "+clean(asked.GetAccount())+", asked for by "+clean(asked.GetUser())+": ")
	if err != nil {
		return err
	}
	res, err := client.AnswerRelay(ctx, asked.GetId(), code)
	if err != nil {
		return err
	}
	return inv.Message(res, func(w io.Writer) {
		_, _ = fmt.Fprintln(w, "It is on its way. It can be used once, and only there.")
	})
}

// which gives the request that is meant: the named one, or the only one.
func (cmd *relayAnswerCmd) which(ctx context.Context, client *localclient.Client) (*v1.RelayRequest, error) {
	res, err := client.RelayRequests(ctx)
	if err != nil {
		return nil, err
	}
	for _, r := range res.GetRequests() {
		if r.GetId() == cmd.Request || cmd.Request == "" && len(res.GetRequests()) == 1 {
			return r, nil
		}
	}
	switch {
	case cmd.Request != "":
		return nil, keyshift.NotFound("request for a code", cmd.Request)
	case len(res.GetRequests()) == 0:
		return nil, keyshift.Refuse(keyshift.CodeNotFound, "Nobody waits for a code of yours.", "If a colleague says otherwise, run “"+Name+" sync”.")
	}
	return nil, keyshift.Invalid(api.CodeUsage, "Several codes are waited for.", "Name one of what “"+Name+" relay list” shows.")
}

// maxRelayCode is more than the longest code, in bytes.
const maxRelayCode = 128

func (inv *invocation) askRelayCode(ctx context.Context, prompt string) (string, error) {
	if inv.Console != nil {
		return inv.Console.AskSecret(ctx, prompt)
	}
	b, err := io.ReadAll(io.LimitReader(inv.Stdin, maxRelayCode))
	if err != nil {
		return "", fmt.Errorf("read code: %w", err)
	}
	return strings.TrimSpace(string(b)), nil
}

type relayAskCmd struct {
	Lease string `arg:"" predictor:"lease" help:"The account or the lease."`
}

// Run asks for a code.
func (cmd *relayAskCmd) Run(ctx context.Context, inv *invocation) error {
	client, err := inv.client()
	if err != nil {
		return err
	}
	res, err := client.AskRelay(ctx, cmd.Lease)
	if err != nil {
		return err
	}
	return inv.Message(res, func(w io.Writer) {
		_, _ = fmt.Fprintf(w, "Asked. When somebody has typed the code in, within five minutes, the browser fills it in, or %s code %s prints it.\n", Name, clean(cmd.Lease))
	})
}
