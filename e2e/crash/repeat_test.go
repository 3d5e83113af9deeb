package crash

import (
	"context"
	"sync"
	"testing"

	"google.golang.org/protobuf/types/known/durationpb"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/testpg"
)

// repeats is as often as three replicas, and then two, let one user ask in a minute; more would only wait.
const repeats = 18

// A22: one request, sent again and again to three replicas of which one dies meanwhile, happens once.
func TestARepeatedRequestHappensOnceWhileAReplicaDies(t *testing.T) {
	c := newCompany(t, testpg.New(t), 3)
	c.AddUser("dana")
	account := c.AddAccount("acme", &v1.AccountSettings{Exclusive: new(bool)}, "dana")
	way := c.balancer(nil)
	d := c.RawDeviceOver(0, "dana", way.client)
	question := &v1.CheckOutRequest{RequestId: hubclient.NewRequestID(), AccountId: account, Reason: "post", Duration: durationpb.New(lent)}
	leases := make([]string, repeats)
	var all sync.WaitGroup
	var first sync.Once
	for i := range leases {
		all.Go(func() {
			leases[i] = c.insist(d.Device.CheckOut, question, way)
			first.Do(c.hubs[0].kill)
		})
	}
	all.Wait()
	for _, lease := range leases {
		if lease == "" || lease != leases[0] {
			t.Fatalf("told of the leases %v, want one", leases)
		}
	}
	if events := c.granted(); len(events) != 1 || events[leases[0]] != 1 || len(c.Leases()) != 1 {
		t.Errorf("granted in the audit log: %v; leases at the hub: %d; want one", events, len(c.Leases()))
	}
	c.verifyAudit()
}

// insist asks until the hub answers, at another replica each time. It gives the lease's id, "" when it was refused.
func (c *company) insist(method func(context.Context, *v1.CheckOutRequest) (*v1.CheckOutResponse, error), question *v1.CheckOutRequest, way *balancer) string {
	for c.t.Context().Err() == nil {
		way.first.Add(1)
		answer, _, err := hubclient.Ask(c.t.Context(), method, question)
		if err == nil {
			return answer.GetLease().GetId()
		}
		if !unsettled(err) {
			c.t.Error(err)
			return ""
		}
		hubclient.Wait(c.t.Context(), pause)
	}
	return ""
}
