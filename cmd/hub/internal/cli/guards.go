package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/keyshift-hq/keyshift/internal/api"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/cliout"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

type guardCmd struct {
	List     guardListCmd     `cmd:"" default:"1" help:"Show what grants open, and where the personal-account guard is on or forbidden."`
	Allow    guardAllowCmd    `cmd:"" help:"Say which guarded pages the holders of a grant may open."`
	Personal guardPersonalCmd `cmd:"" help:"Say whether a group is told of personal accounts during work hours."`
}

type guardListCmd struct{}

// Run lists guards.
func (c *guardListCmd) Run(ctx context.Context, inv *invocation) error {
	return inv.withHub(func(hub *hubclient.Admin) error {
		allowed, err := hubclient.Call(ctx, hub.Browser.ListAllowedGuards, &v1.ListAllowedGuardsRequest{})
		if err != nil {
			return err
		}
		personal, err := hubclient.Call(ctx, hub.Browser.ListPersonalGuards, &v1.ListPersonalGuardsRequest{})
		if err != nil {
			return err
		}
		return inv.Value(guardsJSON(allowed, personal), func(w io.Writer) {
			sayAllowed(w, allowed)
			sayPersonal(w, personal)
		})
	})
}

func guardsJSON(allowed *v1.ListAllowedGuardsResponse, personal *v1.ListPersonalGuardsResponse) map[string]any {
	grants, groups := []map[string]any{}, []map[string]any{}
	for _, g := range allowed.GetGrants() {
		grants = append(grants, map[string]any{"grant": g.GetGrantId(), "classes": g.GetClasses()})
	}
	for _, p := range personal.GetGuards() {
		groups = append(groups, map[string]any{"group": p.GetGroup(), "rule": word(p.GetRule()), "note": p.GetNote()})
	}
	return map[string]any{"grants": grants, "personal": groups}
}

func sayAllowed(w io.Writer, allowed *v1.ListAllowedGuardsResponse) {
	if len(allowed.GetGrants()) == 0 {
		fmt.Fprintln(w, "No grant opens guarded pages.")
		return
	}
	rows := [][]string{{"GRANT", "OPENS"}}
	for _, g := range allowed.GetGrants() {
		rows = append(rows, []string{clean(g.GetGrantId()), clean(strings.Join(g.GetClasses(), ", "))})
	}
	cliout.Table(w, rows)
}

func sayPersonal(w io.Writer, personal *v1.ListPersonalGuardsResponse) {
	if len(personal.GetGuards()) == 0 {
		fmt.Fprintln(w, "The personal-account guard is off for everybody.")
		return
	}
	fmt.Fprintln(w)
	rows := [][]string{{"GROUP", "PERSONAL-ACCOUNT GUARD", "NOTE"}}
	for _, p := range personal.GetGuards() {
		rows = append(rows, []string{clean(p.GetGroup()), word(p.GetRule()), clean(p.GetNote())})
	}
	cliout.Table(w, rows)
}

type guardAllowCmd struct {
	Grant string   `arg:"" help:"The grant's id; grants list shows it."`
	Class []string `placeholder:"CLASS" help:"password, email, two_factor, connected_apps, data_download or deactivate; none takes it back."`
}

// Run allows guarded pages.
func (c *guardAllowCmd) Run(ctx context.Context, inv *invocation) error {
	return inv.withHub(func(hub *hubclient.Admin) error {
		answer, err := hubclient.Call(ctx, hub.Browser.SetAllowedGuards, &v1.SetAllowedGuardsRequest{GrantId: c.Grant, Classes: c.Class})
		if err != nil {
			return err
		}
		return inv.Message(answer, func(w io.Writer) {
			if len(c.Class) == 0 {
				fmt.Fprintln(w, "The grant opens no guarded pages.")
				return
			}
			fmt.Fprintf(w, "Whoever holds a lease by this grant may open: %s.\n", clean(strings.Join(c.Class, ", ")))
		})
	})
}

type guardPersonalCmd struct {
	Rule  string `arg:"" help:"on, forbidden or off. One group with forbidden outweighs all others; without any word it is off."`
	Group string `arg:"" help:"The group, such as the people of one country."`
	Note  string `placeholder:"TEXT" help:"Why, for other admins."`
}

// Run sets the rule of a group.
func (c *guardPersonalCmd) Run(ctx context.Context, inv *invocation) error {
	rules := map[string]v1.PersonalGuardRule{
		"on": v1.PersonalGuardRule_PERSONAL_GUARD_RULE_ON, "forbidden": v1.PersonalGuardRule_PERSONAL_GUARD_RULE_FORBIDDEN, "off": v1.PersonalGuardRule_PERSONAL_GUARD_RULE_UNSPECIFIED,
	}
	rule, ok := rules[c.Rule]
	if !ok {
		return keyshift.Invalid(api.CodeUsage, "There is no rule “"+clean(c.Rule)+"”.", "Use on, forbidden or off.")
	}
	return inv.withHub(func(hub *hubclient.Admin) error {
		answer, err := hubclient.Call(ctx, hub.Browser.SetPersonalGuard, &v1.SetPersonalGuardRequest{Guard: &v1.PersonalGuard{Group: c.Group, Rule: rule, Note: c.Note}})
		if err != nil {
			return err
		}
		return inv.Message(answer, func(w io.Writer) {
			fmt.Fprintf(w, "The personal-account guard is %s for the group %s. What it notices stays in the browser.\n", c.Rule, clean(c.Group))
		})
	})
}
