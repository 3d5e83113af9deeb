package cli

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"io"
	"strings"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/network/pack"
	"github.com/keyshift-hq/keyshift/internal/practice"
)

type practiceCmd struct {
	Add practiceAddCmd `cmd:"" help:"Let a user or a group practice: makes an account of the practice network, with a login, and grants it."`
}

type practiceAddCmd struct {
	Name string `arg:"" optional:"" default:"practice" help:"Name at the practice network; one that ends in -code is asked for a one-time code."`
	holderFlags
}

// Help is shown with --help.
func (*practiceAddCmd) Help() string {
	return "The practice network is a small fake site that the hub serves if it was started with --practice HOST. An account there is lent like any other, to several people at a time. " +
		"Its password is drawn here and shown to nobody. Where the account is there already, it is granted."
}

// Run makes what is not there yet, and grants it.
func (c *practiceAddCmd) Run(ctx context.Context, inv *invocation) error {
	name, ok := practice.CleanName(c.Name)
	if !ok {
		return keyshift.Invalid(keyshift.CodeFieldInvalid, "That is no name at the practice network.", "Use up to 30 letters, digits, dots and dashes.")
	}
	if err := c.check(); err != nil {
		return err
	}
	return inv.withHub(func(hub *hubclient.Admin) error {
		host, err := practiceHost(ctx, hub)
		if err != nil {
			return err
		}
		account, err := practiceAccount(ctx, hub, name, host)
		if err != nil {
			return err
		}
		answer, err := hubclient.Call(ctx, hub.Grants.AddGrant, &v1.AddGrantRequest{Account: account, User: c.User, Group: c.Group})
		if err != nil {
			return err
		}
		return inv.Message(answer, func(w io.Writer) {
			fmt.Fprintf(w, "The %s may practice with %s.\n", holderText(answer.GetGrant()), clean(account))
			fmt.Fprintf(w, "They begin with: keyshift-agent checkout %s --reason practice\n", clean(account))
		})
	})
}

// practiceHost is where the hub serves its practice network: the only site whose pack no user published.
func practiceHost(ctx context.Context, hub *hubclient.Admin) (string, error) {
	answer, err := hubclient.Call(ctx, hub.Packs.ListSitePacks, &v1.ListSitePacksRequest{})
	if err != nil {
		return "", err
	}
	for _, p := range answer.GetPacks() {
		if host, site := pack.SiteHost(p.GetNetwork()); site && byHub(p) && !p.GetWithdrawn() {
			return host, nil
		}
	}
	return "", keyshift.Refuse(keyshift.CodeNotFound, "This hub serves no practice network.", "Start it with "+Name+" serve --practice HOST, a host name of its own that leads to the hub.")
}

// byHub reports whether the hub published a pack itself.
func byHub(p *v1.SitePack) bool { return p.GetPublishedAt() != nil && p.GetPublishedBy() == "" }

// practiceAccount gives the account of a name, which it makes with a login if it has to.
func practiceAccount(ctx context.Context, hub *hubclient.Admin, name, host string) (string, error) {
	handle := name + "@" + host
	account := "site/" + handle
	found, err := accountNamed(ctx, hub, account)
	if err == nil && found == nil {
		lentToMany := &v1.AccountSettings{Exclusive: new(bool)}
		_, err = hubclient.Call(ctx, hub.Accounts.AddAccount, &v1.AddAccountRequest{Network: v1.Network_NETWORK_SITE, Handle: handle, Settings: lentToMany})
	}
	if err == nil && !found.GetHasCredential() {
		_, err = hubclient.Call(ctx, hub.Accounts.SetCredential, practiceLogin(account, name))
	}
	return account, err
}

func accountNamed(ctx context.Context, hub *hubclient.Admin, name string) (*v1.Account, error) {
	for a, err := range hub.EachAccount(ctx) {
		if err != nil {
			return nil, err
		}
		if accountName(a) == name {
			return a, nil
		}
	}
	return nil, nil //nolint:nilnil // there is none yet
}

// practiceLogin draws a login.
func practiceLogin(account, name string) *v1.SetCredentialRequest {
	q := &v1.SetCredentialRequest{Account: account, Login: name, Password: rand.Text()}
	if strings.HasSuffix(name, practice.CodeSuffix) {
		seed := make([]byte, 20)
		_, _ = rand.Read(seed) // it does not fail
		q.CodeSeed = base32.StdEncoding.EncodeToString(seed)
	}
	return q
}
