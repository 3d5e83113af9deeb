package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/localclient"
)

type mistakeCmd struct {
	About string `arg:"" optional:"" predictor:"lease" help:"The account or the lease that it is about."`
}

// Help is shown with --help.
func (mistakeCmd) Help() string {
	return "Say in a few words what happened: posted from the wrong account, clicked a bad link, told a password. " +
		"Nobody is blamed; the sooner it is known, the easier it is to mend. What you write is asked for, or read from standard input, and is never an argument. " +
		"Without a network it waits on this computer and goes out by itself."
}

// maxMistake is more than the longest text, in bytes.
const maxMistake = 16 << 10

func (cmd *mistakeCmd) Run(ctx context.Context, inv *invocation) error {
	client, err := inv.client()
	if err != nil {
		return err
	}
	text, err := inv.askMistake(ctx)
	if err != nil {
		return err
	}
	req := &v1.LocalServiceReportMistakeRequest{Text: text, About: cmd.About, RequestId: inv.RequestID()}
	res, err := client.ReportMistake(ctx, req)
	if errors.Is(err, localclient.ErrAnswerLost) { // with the same id it is the same report
		res, err = client.ReportMistake(ctx, req)
	}
	if err != nil {
		return err
	}
	return inv.Message(res, func(w io.Writer) {
		if res.GetTold() {
			_, _ = fmt.Fprintln(w, "Thank you. Your admin has it now.")
			return
		}
		if p := res.GetProblem(); p != nil {
			_, _ = fmt.Fprintln(w, "Thank you. It is kept on this computer.", clean(p.GetText()), clean(p.GetHint()))
			return
		}
		_, _ = fmt.Fprintln(w, "Thank you. It is kept on this computer and goes to your admin as soon as the hub is reached. If it is urgent, call them.")
	})
}

func (inv *invocation) askMistake(ctx context.Context) (string, error) {
	if inv.Console != nil {
		return inv.Console.Ask(ctx, "What happened? ")
	}
	b, err := io.ReadAll(io.LimitReader(inv.Stdin, maxMistake))
	if err != nil {
		return "", fmt.Errorf("read report: %w", err)
	}
	return string(b), nil
}
