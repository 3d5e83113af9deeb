package agent

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// Accounts lists the accounts that the user has grants for, with what stands in the way of each, by network and handle.
func (a *Agent) Accounts(ctx context.Context) ([]*v1.Lendable, error) {
	list, err := a.lendable(ctx, "")
	a.meetNetworks(list)
	slices.SortFunc(list, func(x, y *v1.Lendable) int {
		return cmp.Or(cmp.Compare(networkOf(x.GetNetwork()), networkOf(y.GetNetwork())), strings.Compare(x.GetHandle(), y.GetHandle()))
	})
	return list, err
}

// lendablePage is how many accounts are asked for at once: as many as the hub gives.
const lendablePage = 500

// lendable asks for all accounts, or for those with a handle, page by page. The hub knows the two cases of a to z only: for
// any other handle the answer has all accounts.
func (a *Agent) lendable(ctx context.Context, handle string) (list []*v1.Lendable, err error) {
	_, s, err := a.talk(ctx)
	if err != nil {
		return nil, err
	}
	if strings.ContainsFunc(handle, func(r rune) bool { return r >= utf8.RuneSelf }) {
		handle = ""
	}
	question := &v1.ListLendableRequest{Handle: handle, PageSize: lendablePage}
	for {
		answer, _, err := hubclient.Ask(ctx, s.hub.ListLendable, question)
		if err = a.heard(err); err != nil {
			return nil, err
		}
		list = append(list, answer.GetAccounts()...)
		if question.PageToken = answer.GetNextPageToken(); question.PageToken == "" {
			return list, nil
		}
	}
}

// findAccount gives the id of the account that somebody named. Network and handle are an account's for ever, so the hub is
// asked once for those that are checked out; whether one may be is another question, which the check-out asks.
func (a *Agent) findAccount(ctx context.Context, name string) (string, error) {
	name = strings.TrimSpace(name)
	if keyshift.ID(name).Valid() {
		return name, nil
	}
	l, err := a.tied()
	if err != nil {
		return "", err
	}
	if id, ok := l.names.get(name); ok {
		return id, nil
	}
	id, err := a.lookUpAccount(ctx, name)
	if err == nil && strings.Contains(name, "/") { // without its network it may mean another one tomorrow
		l.names.set(name, id)
	}
	return id, err
}

func (a *Agent) lookUpAccount(ctx context.Context, name string) (string, error) {
	accounts, err := a.lendable(ctx, handleOf(name))
	if err != nil {
		return "", err
	}
	var found []*v1.Lendable
	for _, account := range accounts {
		if named(name, account.GetNetwork(), account.GetHandle()) {
			found = append(found, account)
		}
	}
	switch len(found) {
	case 0:
		e := keyshift.NotFound("account", name)
		e.Hint = "Run keyshift-agent accounts: it lists the accounts that are granted to you."
		return "", e
	case 1:
		return found[0].GetAccountId(), nil
	}
	var names []string
	for _, account := range found {
		names = append(names, accountName(account.GetNetwork(), account.GetHandle()))
	}
	return "", ambiguous(name, names)
}

func ambiguous(name string, choices []string) error {
	return keyshift.Invalid(keyshift.CodeFieldInvalid, "“"+keyshift.CleanText(name, 80)+"” can mean more than one account.",
		"Say which: "+strings.Join(choices, " or ")+".")
}

// named reports whether "network/handle", "@handle" or "handle" means this account.
func named(name string, network v1.Network, handle string) bool {
	if before, after, ok := strings.Cut(name, "/"); ok {
		n, err := keyshift.ParseNetwork(before)
		if err != nil || n != networkOf(network) {
			return false
		}
		name = after
	}
	return strings.EqualFold(handleOf(name), handle)
}

// handleOf takes the network and the "@" from a name.
func handleOf(name string) string {
	if _, after, ok := strings.Cut(name, "/"); ok {
		name = after
	}
	return strings.TrimPrefix(name, "@")
}

func networkOf(n v1.Network) keyshift.Network {
	return keyshift.Network(strings.ToLower(strings.TrimPrefix(n.String(), "NETWORK_")))
}

func networkEnum(n keyshift.Network) v1.Network {
	return v1.Network(v1.Network_value["NETWORK_"+strings.ToUpper(string(n))])
}

func accountName(n v1.Network, handle string) string { return string(networkOf(n)) + "/" + handle }
