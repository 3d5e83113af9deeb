//go:build unix

package crash

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/systest"
	"github.com/keyshift-hq/keyshift/internal/testpg"
)

// I4, I5: whatever happens to PostgreSQL under two hubs that are busy, nothing that was acknowledged is lost or undone, what
// was asked happened once, and the hubs go on by themselves.
func TestNothingAcknowledgedIsLostWithTheDatabase(t *testing.T) {
	pair := testpg.NewPair(t, true)
	c := newCompany(t, pair.DSN, 2)
	o := newOffice(c)
	for _, fault := range []struct {
		name string
		do   func()
	}{
		{"one of its processes is killed", pair.Primary.KillBackend},
		{"the server is killed and started again", func() { pair.Primary.Kill(); pair.Primary.Start() }},
		{"the primary is killed and the standby promoted", func() { pair.Primary.Kill(); pair.Standby.Promote() }},
	} {
		o.work(fault.name, fault.do)
		o.check(fault.name)
	}
	for _, h := range c.hubs {
		if !h.running() {
			t.Errorf("the hub at %s ended", h.at())
		}
	}
	c.verifyAudit()
}

// C2: with an asynchronous standby a fail-over can lose something. The hub says so before it happens.
func TestAHubWarnsOfAnAsynchronousStandby(t *testing.T) {
	pair := testpg.NewPair(t, false)
	c := newCompany(t, pair.DSN, 1)
	c.login()
	if text := c.hubs[0].command("", "status"); !strings.Contains(text, "follows asynchronously") {
		t.Errorf("the status does not warn:\n%s", text)
	}
	systest.Eventually(t, "the hub logs a warning", func() bool {
		return strings.Contains(c.hubs[0].said(), "level=WARN msg=\"the database's standby follows asynchronously")
	})
	pair.Primary.Exec("ALTER SYSTEM SET synchronous_standby_names = '*'")
	pair.Primary.Reload()
	if text := c.hubs[0].command("", "status"); strings.Contains(text, "follows asynchronously") {
		t.Errorf("the status still warns:\n%s", text)
	}
}

// office is 16 devices that check out and in, and an owner who revokes.
type office struct {
	*company
	account string
	devices []*systest.RawDevice
	acks    atomic.Int32

	mu sync.Mutex
	// ended has what was acknowledged of each lease: its end, or live.
	ended map[string]v1.LeaseState
}

const (
	live   = v1.LeaseState_LEASE_STATE_PENDING
	desks  = 16
	cycles = 3
)

func newOffice(c *company) *office {
	o := &office{company: c, ended: map[string]v1.LeaseState{}}
	users := make([]string, desks)
	for i := range users {
		users[i] = fmt.Sprintf("user%02d", i)
		c.AddUser(users[i])
	}
	o.account = c.AddAccount("acme", &v1.AccountSettings{Exclusive: new(bool)}, users...)
	for i, user := range users {
		way := c.balancer(&net.TCPAddr{IP: net.IPv4(127, 0, 3, byte(1+i))})
		way.first.Store(int32(i % 2)) //nolint:gosec // 0 or 1
		o.devices = append(o.devices, c.RawDeviceOver(0, user, way.client))
	}
	return o
}

// work has all devices take and give back leases while something happens, in the middle of it.
func (o *office) work(name string, fault func()) {
	o.t.Helper()
	o.acks.Store(0)
	var all sync.WaitGroup
	middle := make(chan struct{})
	var once sync.Once
	for i, d := range o.devices {
		all.Go(func() {
			for range cycles {
				o.cycle(i, d)
				if o.acks.Add(1) == desks*cycles/3 {
					once.Do(func() { close(middle) })
				}
			}
		})
	}
	<-middle
	fault()
	back := time.Now()
	before := o.acks.Load()
	all.Go(func() {
		systest.Eventually(o.t, "the hubs go on", func() bool { return o.acks.Load() > before })
		o.t.Logf("%s: first answer %v after it was over", name, time.Since(back))
	})
	all.Wait()
}

// cycle takes a lease and ends it: by its device, or by the owner.
func (o *office) cycle(i int, d *systest.RawDevice) {
	taken := persist(o.t, d.Device.CheckOut, &v1.CheckOutRequest{RequestId: hubclient.NewRequestID(), AccountId: o.account, Reason: "post", Duration: durationpb.New(lent)})
	id := taken.GetLease().GetId()
	o.acknowledge(id, live)
	if i%4 == 0 {
		own(o.t, o.Owner.Leases.Revoke, &v1.RevokeRequest{Target: &v1.RevokeRequest_LeaseId{LeaseId: id}, Reason: "press inquiry"})
		o.acknowledge(id, v1.LeaseState_LEASE_STATE_REVOKED)
		return
	}
	persist(o.t, d.Device.Activate, &v1.ActivateRequest{RequestId: hubclient.NewRequestID(), LeaseId: id})
	if i%4 == 1 {
		return
	}
	persist(o.t, d.Device.CheckIn, &v1.CheckInRequest{
		RequestId: hubclient.NewRequestID(), LeaseId: id, Cause: string(keyshift.CauseCheckedIn), Receipt: &v1.Receipt{Step: v1.RemovalStep_REMOVAL_STEP_SESSION_CLOSED},
	})
	o.acknowledge(id, v1.LeaseState_LEASE_STATE_CHECKED_IN)
}

func (o *office) acknowledge(lease string, state v1.LeaseState) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ended[lease] = state
}

// persist asks in a device's name until the hub answers, always for the same request.
func persist[Q, A any](t testing.TB, method func(context.Context, *Q) (*A, error), question *Q) *A {
	wait := hubclient.Backoff{First: time.Second, Max: 4 * time.Second}
	for deadline := time.Now().Add(2 * patience); ; {
		answer, _, err := hubclient.Ask(t.Context(), method, question)
		if err == nil {
			return answer
		}
		if !unsettled(err) || time.Now().After(deadline) || !hubclient.Wait(t.Context(), wait.Next()) {
			t.Errorf("%T: %v", question, err)
			return nil
		}
	}
}

// check holds what was acknowledged against what the hubs have now.
func (o *office) check(fault string) {
	o.t.Helper()
	at := map[string]v1.LeaseState{}
	for _, l := range o.Leases() {
		at[l.GetId()] = l.GetState()
	}
	for id, want := range o.ended {
		if got := at[id]; got != want && (want != live || got != v1.LeaseState_LEASE_STATE_ACTIVE) {
			o.t.Errorf("%s: lease %s is %v, acknowledged was %v", fault, id, got, want)
		}
	}
	events := o.granted()
	if len(at) != len(o.ended) || len(events) != len(o.ended) {
		o.t.Errorf("%s: %d leases, %d granted in the audit log; %d were acknowledged", fault, len(at), len(events), len(o.ended))
	}
	for id, n := range events {
		if n != 1 {
			o.t.Errorf("%s: the grant of lease %s is in the audit log %d times", fault, id, n)
		}
	}
}
