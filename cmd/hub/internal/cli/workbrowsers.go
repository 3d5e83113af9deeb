package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"

	"github.com/keyshift-hq/keyshift/internal/api"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/cliout"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

type accountBrowserCmd struct {
	Account string `arg:"" optional:"" help:"The account, like x/acme; without one, all are listed for which something is said."`
	Use     string `placeholder:"NAME" help:"chromium, chrome, edge, brave or firefox; none is whichever is installed."`
	Keep    bool   `help:"Keep the browser's folder between leases, without what a session left in it. Otherwise each lease has a fresh one."`
}

// Run says how an account is opened, or lists what was said.
func (c *accountBrowserCmd) Run(ctx context.Context, inv *invocation) error {
	switch {
	case c.Account == "" && (c.Use != "" || c.Keep):
		return keyshift.Invalid(api.CodeUsage, "No account is named.", "Name the account first: "+Name+" accounts browser x/acme --use firefox --keep.")
	case c.Account == "":
		return listWorkBrowsers(ctx, inv)
	}
	return inv.withHub(func(hub *hubclient.Admin) error {
		said := &v1.WorkBrowser{Account: c.Account, Browser: c.Use, Keep: c.Keep}
		answer, err := hubclient.Call(ctx, hub.Browser.SetWorkBrowser, &v1.SetWorkBrowserRequest{Browser: said})
		if err != nil {
			return err
		}
		return inv.Message(answer, func(w io.Writer) {
			b := answer.GetBrowser()
			fmt.Fprintf(w, "%s is opened in %s, whose folder is %s. It counts from the browser's next start on.\n", clean(b.GetAccount()), browserText(b), keptText(b))
		})
	})
}

func browserText(b *v1.WorkBrowser) string { return clean(cmp.Or(b.GetBrowser(), "any browser")) }

func keptText(b *v1.WorkBrowser) string {
	if b.GetKeep() {
		return "kept between leases"
	}
	return "fresh for each lease"
}

func listWorkBrowsers(ctx context.Context, inv *invocation) error {
	return inv.withHub(func(hub *hubclient.Admin) error {
		answer, err := hubclient.Call(ctx, hub.Browser.ListWorkBrowsers, &v1.ListWorkBrowsersRequest{})
		if err != nil {
			return err
		}
		return inv.Message(answer, func(w io.Writer) {
			if len(answer.GetBrowsers()) == 0 {
				fmt.Fprintln(w, "All accounts are opened in any browser, with a fresh folder for each lease.")
				return
			}
			rows := [][]string{{"ACCOUNT", "BROWSER", "FOLDER"}}
			for _, b := range answer.GetBrowsers() {
				rows = append(rows, []string{clean(b.GetAccount()), browserText(b), keptText(b)})
			}
			cliout.Table(w, rows)
		})
	})
}
