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
	Use     string `placeholder:"NAME" help:"chromium, chrome, edge, brave or firefox; any is whichever is installed."`
	Keep    bool   `help:"Keep the browser's folder between leases, without what a session left in it. Otherwise each lease has a fresh one."`
}

// anyBrowser is the word for whichever browser is installed.
const anyBrowser = "any"

// Help is shown with --help.
func (*accountBrowserCmd) Help() string {
	return "With an account and no flag it shows what is said. What a flag does not say is as at the beginning: any browser, and a fresh folder for each lease. --use any takes back what was said."
}

// Run says how an account is opened, or shows what was said.
func (c *accountBrowserCmd) Run(ctx context.Context, inv *invocation) error {
	switch {
	case c.Account == "" && (c.Use != "" || c.Keep):
		return keyshift.Invalid(api.CodeUsage, "No account is named.", "Name the account first: "+Name+" accounts browser x/acme --use firefox --keep.")
	case c.Account == "":
		return listWorkBrowsers(ctx, inv)
	case c.Use == "" && !c.Keep:
		return showWorkBrowser(ctx, inv, c.Account)
	}
	return inv.withHub(func(hub *hubclient.Admin) error {
		said := &v1.WorkBrowser{Account: c.Account, Browser: c.Use, Keep: c.Keep}
		if c.Use == anyBrowser {
			said.Browser = ""
		}
		answer, err := hubclient.Call(ctx, hub.Browser.SetWorkBrowser, &v1.SetWorkBrowserRequest{Browser: said})
		if err != nil {
			return err
		}
		return inv.Message(answer, func(w io.Writer) {
			fmt.Fprintln(w, workBrowserText(answer.GetBrowser())+" It counts from the browser's next start on.")
		})
	})
}

func workBrowserText(b *v1.WorkBrowser) string {
	return fmt.Sprintf("%s is opened in %s, whose folder is %s.", clean(b.GetAccount()), browserText(b), keptText(b))
}

func browserText(b *v1.WorkBrowser) string { return clean(cmp.Or(b.GetBrowser(), "any browser")) }

func keptText(b *v1.WorkBrowser) string {
	if b.GetKeep() {
		return "kept between leases"
	}
	return "fresh for each lease"
}

// showWorkBrowser shows how one account is opened.
func showWorkBrowser(ctx context.Context, inv *invocation, account string) error {
	network, handle, err := splitAccount(account)
	if err != nil {
		return err
	}
	return inv.withHub(func(hub *hubclient.Admin) error {
		b, err := workBrowserOf(ctx, hub, string(network)+"/"+keyshift.NormalHandle(handle))
		if err != nil {
			return err
		}
		return inv.Message(&v1.SetWorkBrowserResponse{Browser: b}, func(w io.Writer) { fmt.Fprintln(w, workBrowserText(b)) })
	})
}

// workBrowserOf is what was said of an account; the zero value is what counts where nothing was said.
func workBrowserOf(ctx context.Context, hub *hubclient.Admin, name string) (*v1.WorkBrowser, error) {
	answer, err := hubclient.Call(ctx, hub.Browser.ListWorkBrowsers, &v1.ListWorkBrowsersRequest{})
	if err != nil {
		return nil, err
	}
	for _, b := range answer.GetBrowsers() {
		if b.GetAccount() == name {
			return b, nil
		}
	}
	there, err := accountNamed(ctx, hub, name)
	if err == nil && there == nil {
		err = keyshift.NotFound("account", name)
	}
	return &v1.WorkBrowser{Account: name}, err
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
