package cli

import (
	"context"
	"iter"
	"net/http"
	"time"

	"github.com/keyshift-hq/keyshift/internal/cliout"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// invocation is a program with its parsed arguments.
type invocation struct {
	*Program
	cliout.Printer
	grammar grammar
}

// now is the time in the zone in which times are shown.
func (inv *invocation) now() time.Time { return inv.Program.Now() }

// login is the profile that the arguments name.
func (inv *invocation) login() (profile, error) {
	all, err := inv.profiles().load()
	if err != nil {
		return profile{}, err
	}
	p, ok := all.Profiles[inv.grammar.Profile]
	if !ok {
		return profile{}, errNotLoggedIn(inv.grammar.Profile)
	}
	return p, nil
}

func errNotLoggedIn(profile string) error {
	where := ""
	if profile != defaultProfile {
		where = " with the profile “" + keyshift.CleanText(profile, 80) + "”"
	}
	return keyshift.Refuse(keyshift.CodeNotLoggedIn, "You are not logged in"+where+".",
		"Ask an admin for a login code (they run “"+Name+" codes login YOU”), then run “"+Name+" login”.")
}

// hub is the client of the hub that one is logged in at.
func (inv *invocation) hub() (*hubclient.Admin, error) {
	p, err := inv.login()
	if err != nil {
		return nil, err
	}
	return inv.dial(p.target(), inv.tokens(p).Get)
}

// withHub runs do with the hub that one is logged in at.
func (inv *invocation) withHub(do func(hub *hubclient.Admin) error) error {
	hub, err := inv.hub()
	if err != nil {
		return err
	}
	defer hub.Close()
	return do(hub)
}

func (inv *invocation) dial(target hubclient.Target, token hubclient.TokenSource) (*hubclient.Admin, error) {
	var client *http.Client
	if inv.HTTP != nil {
		client = inv.HTTP(target)
	}
	return hubclient.NewAdmin(hubclient.AdminConfig{Target: target, Token: token, HTTP: client})
}

// confirm asks for a yes, unless it was given as a flag.
func (inv *invocation) confirm(ctx context.Context, yes bool, question string) error {
	if yes {
		return nil
	}
	return cliout.Confirm(ctx, inv.Console, question, "--yes")
}

// collect reads a list, up to limit rows; 0 reads all. It reports whether there are more.
func collect[T any](rows iter.Seq2[T, error], limit int) (list []T, more bool, err error) {
	for row, err := range rows {
		if err != nil {
			return nil, false, err
		}
		if limit > 0 && len(list) == limit {
			return list, true, nil
		}
		list = append(list, row)
	}
	return list, false, nil
}
