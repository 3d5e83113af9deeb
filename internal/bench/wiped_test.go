package bench

import (
	"context"
	"fmt"
	"testing"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/systest"
)

func BenchmarkRevokeToWiped(b *testing.B) {
	built(b)
	w := systest.SQLite(b)
	w.AddUser("dana")
	w.AddAccount("acme", nil, "dana")
	c := newCompany(b, w)
	const others = 199
	c.members(others)
	d := newDesktop(b, w, "dana")
	at := c.hub(0)
	at.Source = "127.0.9.2"
	_, err := startChild(b, "crowd").join(at, 0, others)
	must(b, err)
	round := func() ([]Figure, error) {
		var times []time.Duration
		for range 30 {
			took, err := revokeToWiped(b.Context(), w, d)
			if err != nil {
				return nil, err
			}
			times = append(times, took)
		}
		return Latency(times), nil
	}
	Run(b, Case{
		Group: "Revoke to wiped", Name: "1 of 200 connected agents",
		Note: "From the admin's call to the moment at which the hub has the device's signed receipt that the secret is gone. The agent is the real program with a real " +
			"keyring (gnome-keyring); the hub is asked for the receipt every 2 ms.",
		Goals: []Goal{{Figure: "p99", AtMost: 300}}, Subjects: []Subject{{Product, round}},
	})
}

func revokeToWiped(ctx context.Context, w *systest.World, d *desktop) (time.Duration, error) {
	if _, err := d.cli("", "checkout", "x/acme", "--reason", "post", "--duration", "1h"); err != nil {
		return 0, err
	}
	start := time.Now()
	if _, err := hubclient.Call(ctx, w.Owner.Leases.Revoke, &v1.RevokeRequest{Target: &v1.RevokeRequest_User{User: "dana"}, Reason: "lost"}); err != nil {
		return 0, err
	}
	for time.Since(start) < time.Minute {
		list, err := hubclient.Call(ctx, w.Owner.Leases.ListLeases, &v1.ListLeasesRequest{All: true, PageSize: 1})
		if err != nil {
			return 0, err
		}
		if list.GetLeases()[0].GetRemoval().GetStep() >= v1.RemovalStep_REMOVAL_STEP_SECRET_WIPED {
			return time.Since(start), rotated(ctx, w)
		}
		pause(ctx, 2*time.Millisecond)
	}
	return 0, fmt.Errorf("the secret was not wiped")
}

// rotated says that the password was changed, so that the account can be lent again.
func rotated(ctx context.Context, w *systest.World) error {
	_, err := hubclient.Call(ctx, w.Owner.Accounts.SetCredential, &v1.SetCredentialRequest{Account: "x/acme", Login: "acme", Password: systest.Password, CodeSeed: systest.Seed})
	if keyshift.CodeOf(err) == "" {
		return nil
	}
	return err
}
