package cli

import (
	"context"
	"fmt"
	"io"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/keyshift-hq/keyshift/internal/api"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/cliout"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

type accountsCmd struct {
	List         accountsListCmd    `cmd:"" default:"1" help:"List all accounts and their settings."`
	Add          accountsAddCmd     `cmd:"" help:"Add an account."`
	Update       accountsUpdateCmd  `cmd:"" help:"Change settings of an account."`
	Enable       accountsEnableCmd  `cmd:"" help:"Let an account be checked out again."`
	Disable      accountsDisableCmd `cmd:"" help:"Let nobody check an account out, and revoke its leases."`
	AcceptRisk   acceptRiskCmd      `cmd:"" help:"Record that a login is lent although the network's terms forbid it."`
	WithdrawRisk withdrawRiskCmd    `cmd:"" help:"End a risk acceptance: no new lease from then on."`
	Rotated      accountsRotatedCmd `cmd:"" help:"Record that the password was changed at the network."`
	Custodian    custodianCmd       `cmd:"" help:"Name who receives the codes of an account and passes them on."`
	Ref          accountRefCmd      `cmd:"" help:"Set the number by which the network knows an account."`
	Browser      accountBrowserCmd  `cmd:"" help:"Say in which browser an account is opened, and whether it is kept."`
}

type accountsListCmd struct{}

// Run lists accounts.
func (c *accountsListCmd) Run(ctx context.Context, inv *invocation) error {
	return inv.withHub(func(hub *hubclient.Admin) error {
		accounts, _, err := collect(hub.EachAccount(ctx), 0)
		if err != nil {
			return err
		}
		return inv.Message(&v1.ListAccountsResponse{Accounts: accounts}, func(w io.Writer) {
			if len(accounts) == 0 {
				fmt.Fprintf(w, "There are no accounts yet. Add one: %s accounts add x/HANDLE\n", Name)
				return
			}
			rows := [][]string{{"ACCOUNT", "MODE", "STATE", "EXCLUSIVE", "LONGEST", "OFFLINE", "CREDENTIAL", "RISK", "ROTATION"}}
			for _, a := range accounts {
				rows = append(rows, []string{
					accountName(a), word(a.GetAccessMode()), enabledText(a), yes(a.GetExclusive()), durationText(a.GetMaxDuration()), durationText(a.GetOfflineGrace()),
					credentialText(a), inv.riskText(a), rotationText(a),
				})
			}
			cliout.Table(w, rows)
		})
	})
}

func enabledText(a *v1.Account) string {
	if a.GetEnabled() {
		return "enabled"
	}
	return "disabled"
}

func durationText(d *durationpb.Duration) string { return keyshift.DurationText(d.AsDuration()) }

func credentialText(a *v1.Account) string {
	switch {
	case a.GetHasCredential() && a.GetHasCodeSeed():
		return "login + codes"
	case a.GetHasCredential():
		return "login"
	case a.GetAccessMode() == v1.AccessMode_ACCESS_MODE_DELEGATED:
		return "not needed"
	}
	return "missing"
}

func rotationText(a *v1.Account) string {
	if a.GetRotation() == v1.Rotation_ROTATION_DUE {
		return "due"
	}
	return ""
}

// riskText says how a risk acceptance stands, where one is needed.
func (inv *invocation) riskText(a *v1.Account) string {
	if r := a.GetRiskAcceptance(); r != nil {
		if moment(r.GetUntil()).Before(inv.now()) {
			return "lapsed"
		}
		return "until " + inv.day(r.GetUntil())
	}
	if needsRisk(a) {
		return "not accepted"
	}
	return ""
}

// needsRisk reports whether the network's terms forbid what the access mode does.
func needsRisk(a *v1.Account) bool {
	return a.GetAccessMode() == v1.AccessMode_ACCESS_MODE_SHARED_SECRET && keyshift.Network(word(a.GetNetwork())).ForbidsSharing()
}

// settingsFlags change settings of an account. What is not given stays, or gets the default.
type settingsFlags struct {
	Mode         string `placeholder:"MODE" help:"delegated (the network's own role), shared_secret (the login is lent) or break_glass."`
	Exclusive    *bool  `negatable:"" help:"One lease at a time (default), or several."`
	MaxDuration  string `placeholder:"DURATION" help:"Longest check-out or renewal, like 4h (default) or 90m."`
	OfflineGrace string `placeholder:"DURATION" help:"How long a lease survives without contact to the hub; default 15m."`
	Storage      string `placeholder:"PLACE" help:"Where a device keeps the leased credential: keyring (default) or memory."`
	AllowShow    *bool  `negatable:"" help:"Let the holder of a lease print the password."`
}

// settings makes the message. It is nil if no flag was given.
func (f settingsFlags) settings() (*v1.AccountSettings, error) {
	if f == (settingsFlags{}) {
		return nil, nil //nolint:nilnil // nothing to change is a fine answer
	}
	s := &v1.AccountSettings{Exclusive: f.Exclusive, AllowShow: f.AllowShow}
	if f.Mode != "" {
		mode, err := enumOf[v1.AccessMode]("access mode", f.Mode)
		if err != nil {
			return nil, err
		}
		s.AccessMode = &mode
	}
	if f.Storage != "" {
		storage, err := enumOf[v1.LeaseStorage]("lease storage", f.Storage)
		if err != nil {
			return nil, err
		}
		s.LeaseStorage = &storage
	}
	var err error
	if s.MaxDuration, err = optionalDuration(longest, f.MaxDuration); err != nil {
		return nil, err
	}
	s.OfflineGrace, err = optionalDuration(grace, f.OfflineGrace)
	return s, err
}

func optionalDuration(s span, text string) (*durationpb.Duration, error) {
	if text == "" {
		return nil, nil //nolint:nilnil // not given is a fine answer
	}
	d, err := s.parse(text)
	return durationpb.New(d), err
}

type accountsAddCmd struct {
	Account string `arg:"" help:"Network and handle, like x/acme; networks are x, facebook, instagram and pinterest."`
	settingsFlags
}

// Run adds an account.
func (c *accountsAddCmd) Run(ctx context.Context, inv *invocation) error {
	net, handle, err := splitAccount(c.Account)
	if err != nil {
		return err
	}
	network, err := enumOf[v1.Network]("network", string(net))
	if err != nil {
		return err
	}
	settings, err := c.settings()
	if err != nil {
		return err
	}
	return inv.withHub(func(hub *hubclient.Admin) error {
		answer, err := hubclient.Call(ctx, hub.Accounts.AddAccount, &v1.AddAccountRequest{Network: network, Handle: handle, Settings: settings})
		if err != nil {
			return err
		}
		return inv.Message(answer, func(w io.Writer) {
			fmt.Fprintf(w, "Added %s.\n", inv.describe(answer.GetAccount()))
			inv.nextSteps(w, answer.GetAccount())
		})
	})
}

// describe tells an account's settings in a line.
func (inv *invocation) describe(a *v1.Account) string {
	text := accountName(a) + ": " + word(a.GetAccessMode()) + ", " + enabledText(a)
	if a.GetExclusive() {
		text += ", exclusive"
	}
	text += ", up to " + durationText(a.GetMaxDuration()) + ", " + durationText(a.GetOfflineGrace()) + " offline, kept in " + storageText(a)
	if a.GetAllowShow() {
		text += ", holders may see the password"
	}
	return text
}

func storageText(a *v1.Account) string {
	if a.GetLeaseStorage() == v1.LeaseStorage_LEASE_STORAGE_MEMORY {
		return "memory"
	}
	return "the keyring"
}

// nextSteps names what is missing before somebody can check the account out.
func (inv *invocation) nextSteps(w io.Writer, a *v1.Account) {
	if needsRisk(a) && inv.riskText(a) == "not accepted" {
		fmt.Fprintf(w, "Next: the terms of %s forbid sharing a login. An owner decides: %s accounts accept-risk %s --until DATE\n",
			keyshift.Network(word(a.GetNetwork())).Title(), Name, accountName(a))
	}
	if credentialText(a) == "missing" {
		fmt.Fprintf(w, "Next: %s credential set %s\n", Name, accountName(a))
	}
	fmt.Fprintf(w, "Next: %s grants add %s --user NAME\n", Name, accountName(a))
}

type accountsUpdateCmd struct {
	Account string `arg:"" help:"The account, like x/acme."`
	settingsFlags
}

// Run changes settings.
func (c *accountsUpdateCmd) Run(ctx context.Context, inv *invocation) error {
	settings, err := c.settings()
	if err == nil && settings == nil {
		err = keyshift.Invalid(api.CodeUsage, "There is nothing to change.", "Say what: “"+Name+" accounts update --help” lists the settings.")
	}
	if err != nil {
		return err
	}
	return inv.updateAccount(ctx, c.Account, settings)
}

func (inv *invocation) updateAccount(ctx context.Context, account string, settings *v1.AccountSettings) error {
	return inv.withHub(func(hub *hubclient.Admin) error {
		answer, err := hubclient.Call(ctx, hub.Accounts.UpdateAccount, &v1.UpdateAccountRequest{Account: account, Settings: settings})
		if err != nil {
			return err
		}
		return inv.Message(answer, func(w io.Writer) {
			fmt.Fprintf(w, "Changed %s.\n", inv.describe(answer.GetAccount()))
			if n := answer.GetLeasesRevoked(); n > 0 {
				fmt.Fprintf(w, "With that, %s.\n", revokedText(n))
				followHint(w, n)
			}
		})
	})
}

type accountsEnableCmd struct {
	Account string `arg:"" help:"The account, like x/acme."`
}

// Run enables an account.
func (c *accountsEnableCmd) Run(ctx context.Context, inv *invocation) error {
	on := true
	return inv.updateAccount(ctx, c.Account, &v1.AccountSettings{Enabled: &on})
}

type accountsDisableCmd struct {
	Account string `arg:"" help:"The account, like x/acme."`
}

// Run disables an account.
func (c *accountsDisableCmd) Run(ctx context.Context, inv *invocation) error {
	off := false
	return inv.updateAccount(ctx, c.Account, &v1.AccountSettings{Enabled: &off})
}

type accountsRotatedCmd struct {
	Account string `arg:"" help:"The account, like x/acme."`
}

// Run records a rotation.
func (c *accountsRotatedCmd) Run(ctx context.Context, inv *invocation) error {
	return inv.withHub(func(hub *hubclient.Admin) error {
		answer, err := hubclient.Call(ctx, hub.Accounts.MarkRotated, &v1.MarkRotatedRequest{Account: c.Account})
		if err != nil {
			return err
		}
		return inv.Message(answer, func(w io.Writer) {
			a := answer.GetAccount()
			fmt.Fprintf(w, "Recorded: the password of %s was changed at the network.\n", accountName(a))
			if a.GetAccessMode() == v1.AccessMode_ACCESS_MODE_SHARED_SECRET {
				fmt.Fprintf(w, "If the hub does not have the new one yet: %s credential set %s\n", Name, accountName(a))
			}
		})
	})
}
