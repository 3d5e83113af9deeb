package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/cliout"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

type browserPairCmd struct {
	Digits string `arg:"" optional:"" name:"code" help:"The six digits that the browser shows."`
	Yes    bool   `short:"y" help:"Do not ask: I see the same digits in the browser."`
	No     bool   `help:"It is not my browser: refuse it."`
}

func (cmd *browserPairCmd) Run(ctx context.Context, inv *invocation) error {
	client, err := inv.client()
	if err != nil {
		return err
	}
	listed, err := client.BrowserProfiles(ctx)
	if err != nil {
		return err
	}
	asking, err := cmd.asking(listed.GetProfiles())
	if err != nil {
		return err
	}
	if !cmd.No {
		question := "Does " + browserName(asking) + " show " + clean(asking.GetCode()) + "?"
		if err := inv.confirm(ctx, cmd.Yes, question); err != nil {
			return err
		}
	}
	res, err := client.AnswerPairing(ctx, asking.GetCode(), !cmd.No)
	if err != nil {
		return err
	}
	return inv.Message(res, func(w io.Writer) {
		if cmd.No {
			_, _ = fmt.Fprintln(w, "It is refused.")
			return
		}
		_, _ = fmt.Fprintln(w, "It is connected.")
	})
}

// asking is the profile that shows the code, or the only one that asks.
func (cmd *browserPairCmd) asking(profiles []*v1.BrowserProfile) (*v1.BrowserProfile, error) {
	var found []*v1.BrowserProfile
	for _, p := range profiles {
		if p.GetCode() != "" && (cmd.Digits == "" || p.GetCode() == strings.ReplaceAll(cmd.Digits, " ", "")) {
			found = append(found, p)
		}
	}
	switch len(found) {
	case 0:
		return nil, keyshift.Refuse(keyshift.CodeNotFound, "No browser asks to be connected with this code.", "Press “Connect” in the extension, and compare the digits.")
	case 1:
		return found[0], nil
	}
	return nil, keyshift.Invalid(keyshift.CodeFieldInvalid, "Several browsers ask to be connected.", "Give the six digits that yours shows.")
}

var browserNames = map[string]string{"chromium": "Chromium", "chrome": "Chrome", "edge": "Edge", "brave": "Brave", "firefox": "Firefox"}

func browserName(p *v1.BrowserProfile) string {
	if name, ok := browserNames[p.GetBrowser()]; ok {
		return name
	}
	return "the browser"
}

type browserProfilesCmd struct{}

func (cmd *browserProfilesCmd) Run(ctx context.Context, inv *invocation) error {
	client, err := inv.client()
	if err != nil {
		return err
	}
	res, err := client.BrowserProfiles(ctx)
	if err != nil {
		return err
	}
	return inv.Message(res, func(w io.Writer) {
		if len(res.GetProfiles()) == 0 {
			_, _ = fmt.Fprintln(w, "No browser is connected. Press “Connect” in the extension.")
			return
		}
		rows := [][]string{{"ID", "BROWSER", "KEPT APART BY", "STATE", "OWES"}}
		for _, p := range res.GetProfiles() {
			rows = append(rows, []string{p.GetId(), browserName(p) + " " + p.GetBrowserVersion(), apart[p.GetMode()], profileState(p), strings.Join(p.GetOwes(), ", ")})
		}
		cliout.Table(w, rows)
	})
}

// apart says what keeps a lease apart from the user's own browsing.
var apart = map[string]string{"work": "its own browser", "container": "a container", "same_profile": "nothing, it is cleaned up"}

func profileState(p *v1.BrowserProfile) string {
	switch {
	case p.GetCode() != "":
		return "asks with " + p.GetCode()
	case p.GetConnected():
		return "connected"
	}
	return "not running"
}

type browserForgetCmd struct {
	ID string `arg:"" help:"The id that profiles shows."`
}

func (cmd *browserForgetCmd) Run(ctx context.Context, inv *invocation) error {
	client, err := inv.client()
	if err != nil {
		return err
	}
	res, err := client.ForgetBrowserProfile(ctx, cmd.ID)
	if err != nil {
		return err
	}
	return inv.Message(res, func(w io.Writer) { _, _ = fmt.Fprintln(w, "It is forgotten.") })
}

type openCmd struct {
	Lease string `arg:"" optional:"" predictor:"lease" help:"The account or the lease; the only one that you hold if left out."`
}

// Help is shown with --help.
func (openCmd) Help() string {
	return "Opens the network in a browser of its own, apart from yours, and lets the extension fill in the login there. At the end of the lease " +
		"the browser is closed and what it kept is deleted, unless your company keeps the browser: then only what the session left is."
}

func (cmd *openCmd) Run(ctx context.Context, inv *invocation) error {
	client, err := inv.client()
	if err != nil {
		return err
	}
	lease, err := inv.lease(ctx, client, cmd.Lease)
	if err != nil {
		return err
	}
	res, err := client.OpenAccount(ctx, lease)
	if err != nil {
		return err
	}
	return inv.Message(res, func(w io.Writer) {
		_, _ = fmt.Fprintf(w, "Opened in %s; kept apart by: %s.\n", browserName(&v1.BrowserProfile{Browser: res.GetBrowser()}), apart[res.GetMode()])
		if missing := res.GetMissing(); missing != "" {
			_, _ = fmt.Fprintf(w, "Your company wants %s for this account, which is not installed here.\n", browserName(&v1.BrowserProfile{Browser: missing}))
		}
	})
}
