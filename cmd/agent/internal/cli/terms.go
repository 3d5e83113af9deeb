package cli

import (
	"context"
	"fmt"
	"io"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/i18n"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

type termsCmd struct {
	List        termsListCmd        `cmd:"" default:"1" help:"Show the networks' terms in three lines each, and where to read them."`
	Acknowledge termsAcknowledgeCmd `cmd:"" help:"Say that you have read the terms of a network."`
}

type termsListCmd struct{}

func (cmd *termsListCmd) Run(ctx context.Context, inv *invocation) error {
	client, err := inv.client()
	if err != nil {
		return err
	}
	res, err := client.Texts(ctx)
	if err != nil {
		return err
	}
	return inv.Message(res, func(w io.Writer) {
		for i, t := range res.GetTexts() {
			if i > 0 {
				_, _ = fmt.Fprintln(w)
			}
			inv.sayText(w, inv.texts(), t)
		}
	})
}

func (inv *invocation) sayText(w io.Writer, texts i18n.Catalog, t *v1.LocalText) {
	_, _ = fmt.Fprintf(w, "%s: %s, as of %s\n", network(t.GetNetwork()), clean(t.GetTitle()), clean(t.GetVersion()))
	for _, line := range t.GetLines() {
		_, _ = fmt.Fprintln(w, "  - "+texts.Text(line))
	}
	_, _ = fmt.Fprintln(w, "  "+clean(t.GetUrl()))
	switch {
	case t.GetAcknowledgedAt() != nil:
		_, _ = fmt.Fprintf(w, "  You have read this version: %s.\n", inv.Clock(t.GetAcknowledgedAt().AsTime()))
	case t.GetConcernsUser():
		_, _ = fmt.Fprintf(w, "  Read it, then run: %s terms acknowledge %s\n", Name, network(t.GetNetwork()))
	}
}

type termsAcknowledgeCmd struct {
	Network string `arg:"" help:"x, facebook, instagram or pinterest."`
}

// Run acknowledges the version that the agent has now.
func (cmd *termsAcknowledgeCmd) Run(ctx context.Context, inv *invocation) error {
	wanted, err := keyshift.ParseNetwork(cmd.Network)
	if err != nil {
		return err
	}
	client, err := inv.client()
	if err != nil {
		return err
	}
	list, err := client.Texts(ctx)
	if err != nil {
		return err
	}
	for _, t := range list.GetTexts() {
		if network(t.GetNetwork()) != wanted {
			continue
		}
		res, err := client.Acknowledge(ctx, t.GetId(), t.GetVersion())
		if err != nil {
			return err
		}
		return inv.Message(res, func(w io.Writer) {
			_, _ = fmt.Fprintf(w, "Noted: you have read the %s as of %s.\n", clean(t.GetTitle()), clean(t.GetVersion()))
		})
	}
	return keyshift.NotFound("text", cmd.Network)
}
