package crash

import (
	"context"
	"net"
	"net/http"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/systest"
)

// company is a hub of one or more replicas, and who owns it.
type company struct {
	t    testing.TB
	hubs []*hubProcess
	*systest.World
}

// newCompany starts the replicas of a hub that has no user yet, and makes the owner.
func newCompany(t testing.TB, database string, replicas int) *company {
	t.Helper()
	c := &company{t: t}
	home := t.TempDir()
	for range replicas {
		c.hubs = append(c.hubs, newHub(t, home, database))
	}
	first := c.hubs[0]
	first.greeting = 4
	first.mustStart()
	first.greeting = 2
	c.World = systest.Outside(t, first.code, c.balancer(nil).client)
	for _, h := range c.hubs[1:] {
		h.mustStart()
	}
	return c
}

// balancer leads to a replica that takes connections, beginning with the first. From is the address that a device has of
// its own: a hub lets each address try few codes.
type balancer struct {
	hubs  []*hubProcess
	from  net.Addr
	first atomic.Int32
}

func (c *company) balancer(from net.Addr) *balancer { return &balancer{hubs: c.hubs, from: from} }

func (b *balancer) client(target hubclient.Target) *http.Client {
	client := hubclient.NewHTTPClient(target)
	transport, _ := client.Transport.(*http.Transport)
	transport.Proxy, transport.DialContext = nil, b.dial
	return client
}

func (b *balancer) dial(ctx context.Context, network, _ string) (conn net.Conn, err error) {
	dialer := net.Dialer{LocalAddr: b.from, Timeout: patience}
	for i := range b.hubs {
		h := b.hubs[(int(b.first.Load())+i)%len(b.hubs)]
		if conn, err = dialer.DialContext(ctx, network, h.at()); err == nil {
			return conn, nil
		}
	}
	return nil, err
}

// unsettled reports whether an error leaves open if anything happened, or says that asking again helps.
func unsettled(err error) bool {
	switch keyshift.CodeOf(err) {
	case keyshift.CodeHubUnreachable, keyshift.CodeUnavailable, keyshift.CodeAuditUnavailable, keyshift.CodeReplayed, keyshift.CodeRateLimited:
		return true
	}
	return false
}

// pause is what lies between two tries.
const pause = 50 * time.Millisecond

// own asks in the owner's name until the hub answers. The question keeps its request id, so an effect happens once.
func own[Q, A any](t testing.TB, method func(context.Context, *Q) (*A, error), question *Q) *A {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		answer, err := hubclient.Call(t.Context(), method, question)
		if err == nil {
			return answer
		}
		if !unsettled(err) || time.Now().After(deadline) || !hubclient.Wait(t.Context(), pause) {
			t.Errorf("%T: %v", question, err)
			return nil
		}
	}
}

// revoke takes an account back, and gives how many leases that ended.
func (c *company) revoke(account string) int64 {
	c.t.Helper()
	return own(c.t, c.Owner.Leases.Revoke, &v1.RevokeRequest{Target: &v1.RevokeRequest_Account{Account: account}, Reason: "press inquiry"}).GetLeasesRevoked()
}

// verifyAudit has the hub's own command prove that nothing is missing in the audit log.
func (c *company) verifyAudit() {
	c.t.Helper()
	c.login()
	c.hubs[0].command("", "audit", "verify")
}

// login lets the hub's own command speak for the owner.
func (c *company) login() {
	c.t.Helper()
	code := own(c.t, c.Owner.Users.CreateCode, &v1.CreateCodeRequest{User: "owner", Kind: v1.CodeKind_CODE_KIND_LOGIN}).GetCode()
	c.hubs[0].command(code+"\n", "login", "--token-file", filepath.Join(c.t.TempDir(), "token"))
}

// granted counts the audit events about a grant by lease.
func (c *company) granted() map[string]int {
	c.t.Helper()
	n := map[string]int{}
	for e, err := range c.Owner.EachEvent(c.t.Context(), hubclient.EventFilter{}) {
		if err != nil {
			c.t.Fatalf("list events: %v", err)
		}
		if e.GetAction() == string(keyshift.ActLeaseGranted) {
			n[e.GetLeaseId()]++
		}
	}
	return n
}
