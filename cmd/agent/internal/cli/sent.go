package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/keyshift-hq/keyshift/internal/i18n"
)

type sentCmd struct{}

// Run tells what left this computer, the last first.
func (cmd *sentCmd) Run(ctx context.Context, inv *invocation) error {
	client, err := inv.client()
	if err != nil {
		return err
	}
	res, err := client.Sent(ctx)
	if err != nil {
		return err
	}
	return inv.Message(res, func(w io.Writer) {
		texts := inv.texts()
		if len(res.GetSent()) == 0 {
			_, _ = fmt.Fprintln(w, "Nothing has left this computer yet.")
			return
		}
		_, _ = fmt.Fprintf(w, "What the hub was told since %s, how often and when last:\n", inv.Clock(res.GetSince().AsTime()))
		for _, s := range res.GetSent() {
			_, _ = fmt.Fprintf(w, "%6d  %s  %s\n", s.GetCount(), inv.Clock(s.GetLast().AsTime()), texts.Text(s.GetText(), clean(s.GetAccount())))
		}
	})
}

// texts are those in the language of the terminal.
func (inv *invocation) texts() i18n.Catalog {
	return i18n.For(inv.Env("LC_ALL"), inv.Env("LC_MESSAGES"), inv.Env("LANG"))
}
