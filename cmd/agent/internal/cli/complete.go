package cli

import (
	"context"
	"time"

	kongcompletion "github.com/jotaen/kong-completion"
	"github.com/posener/complete"

	"github.com/keyshift-hq/keyshift/internal/api"
	"github.com/keyshift-hq/keyshift/internal/localclient"
)

// completionLimit is how long a shell waits for names. It gets none if the agent is slower.
const completionLimit = time.Second

// suggest answers a shell that asks by COMP_LINE what could come next.
func suggest(inv *invocation) api.Exit {
	parser, err := inv.parser()
	if err != nil {
		return api.ExitInternal
	}
	kongcompletion.Register(parser, kongcompletion.WithPredictors(map[string]complete.Predictor{
		"account": complete.PredictFunc(func(complete.Args) []string { return inv.names(lendableNames) }),
		"lease":   complete.PredictFunc(func(complete.Args) []string { return inv.names(leaseNames) }),
	}))
	return api.ExitOK
}

// names asks the agent; no agent, no names.
func (inv *invocation) names(list func(context.Context, *localclient.Client) []string) []string {
	ctx, cancel := context.WithTimeout(context.Background(), completionLimit)
	defer cancel()
	client, err := inv.client()
	if err != nil {
		return nil
	}
	return list(ctx, client)
}

func lendableNames(ctx context.Context, client *localclient.Client) (names []string) {
	res, _ := client.Accounts(ctx)
	for _, a := range res.GetAccounts() {
		names = append(names, accountName(a))
	}
	return names
}

func leaseNames(ctx context.Context, client *localclient.Client) (names []string) {
	leases, _ := live(ctx, client)
	for _, h := range leases {
		names = append(names, accountName(h.GetLease()))
	}
	return names
}
