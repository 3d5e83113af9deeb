package cli

import (
	"context"
	"fmt"
	"io"
	"strconv"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/cliout"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/network/pack"
)

type siteCmd struct {
	List   siteListCmd   `cmd:"" default:"1" help:"List the sites that were added."`
	Add    siteAddCmd    `cmd:"" help:"Make a site known that is none of the four networks, by its exact host."`
	Remove siteRemoveCmd `cmd:"" help:"Take a site away, and end the leases of its accounts."`
}

type siteListCmd struct{}

// Run lists sites.
func (c *siteListCmd) Run(ctx context.Context, inv *invocation) error {
	return inv.withHub(func(hub *hubclient.Admin) error {
		answer, err := hubclient.Call(ctx, hub.Packs.ListSitePacks, &v1.ListSitePacksRequest{})
		if err != nil {
			return err
		}
		sites := &v1.ListSitePacksResponse{}
		for _, p := range answer.GetPacks() {
			if _, ok := pack.SiteHost(p.GetNetwork()); ok && !p.GetWithdrawn() {
				sites.Packs = append(sites.Packs, p)
			}
		}
		return inv.Message(sites, func(w io.Writer) {
			if len(sites.GetPacks()) == 0 {
				fmt.Fprintf(w, "No sites were added. Add one: %s site add HOST\n", Name)
				return
			}
			rows := [][]string{{"HOST", "TITLE", "PACK VERSION", "SINCE"}}
			for _, p := range sites.GetPacks() {
				host, _ := pack.SiteHost(p.GetNetwork())
				rows = append(rows, []string{clean(host), clean(p.GetTitle()), strconv.FormatInt(p.GetVersion(), 10), inv.day(p.GetPublishedAt())})
			}
			cliout.Table(w, rows)
		})
	})
}

type siteAddCmd struct {
	Host  string `arg:"" help:"The exact name of the host, like news.example.com."`
	Title string `placeholder:"TEXT" help:"How people call the site; default is the host."`
	Login string `placeholder:"URL" help:"The log-in page, over https; default is the host's first page."`
}

// Run adds a site.
func (c *siteAddCmd) Run(ctx context.Context, inv *invocation) error {
	return inv.withHub(func(hub *hubclient.Admin) error {
		answer, err := hubclient.Call(ctx, hub.Packs.AddSite, &v1.AddSiteRequest{Host: c.Host, Title: c.Title, LoginUrl: c.Login})
		if err != nil {
			return err
		}
		return inv.Message(answer, func(w io.Writer) {
			host, _ := pack.SiteHost(answer.GetPack().GetNetwork())
			fmt.Fprintf(w, "The site %s is known; its log-in is filled by what log-in pages have in common. Add an account: %s accounts add site/NAME@%s\n", clean(host), Name, clean(host))
		})
	})
}

type siteRemoveCmd struct {
	Host string `arg:"" help:"The host of the site."`
}

// Run takes a site away.
func (c *siteRemoveCmd) Run(ctx context.Context, inv *invocation) error {
	return inv.withHub(func(hub *hubclient.Admin) error {
		answer, err := hubclient.Call(ctx, hub.Packs.RemoveSite, &v1.RemoveSiteRequest{Host: c.Host})
		if err != nil {
			return err
		}
		return inv.Message(answer, func(w io.Writer) {
			host, _ := pack.SiteHost(answer.GetPack().GetNetwork())
			fmt.Fprintf(w, "The site %s is removed; nothing is filled there any more, and its accounts cannot be lent.\n", clean(host))
		})
	})
}
