package cli

import (
	"context"
	"fmt"
	"io"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/cliout"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

type accountsCmd struct{}

func (cmd *accountsCmd) Run(ctx context.Context, inv *invocation) error {
	client, err := inv.client()
	if err != nil {
		return err
	}
	res, err := client.Accounts(ctx)
	if err != nil {
		return err
	}
	return inv.Message(res, func(w io.Writer) {
		if len(res.GetAccounts()) == 0 {
			_, _ = fmt.Fprintln(w, "No account is lent to you yet. Ask your admin for a grant; then run `"+Name+" sync`.")
			return
		}
		rows := [][]string{{"ACCOUNT", "HOW", "UP TO", "NOW"}}
		for _, a := range res.GetAccounts() {
			rows = append(rows, []string{accountName(a), modes[a.GetAccessMode()], timeLeft(a.GetMaxDuration().AsDuration()), inv.standing(a)})
		}
		cliout.Table(w, rows)
		_, _ = fmt.Fprintf(w, "\nCheck one out: %s checkout %s\n", Name, accountName(res.GetAccounts()[0]))
	})
}

// standing says whether an account can be had now.
func (inv *invocation) standing(a *v1.Lendable) string {
	for _, missing := range a.GetMissing() {
		if missing.GetCode() != string(keyshift.CodeAccountInUse) {
			return clean(missing.GetText())
		}
	}
	if a.GetHolder() != "" {
		return "with " + clean(a.GetHolder()) + " until " + inv.Clock(a.GetHeldUntil().AsTime())
	}
	return "free"
}
