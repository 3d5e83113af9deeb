package soak

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/types/known/durationpb"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/systest"
	"github.com/keyshift-hq/keyshift/internal/systest/realhub"
)

// canary begins every password of the company; nobody may find it on a disk.
const canary = "c4n4ry-p4ssw0rd-"

// account is one that the company lends.
type account struct {
	id, name  string
	exclusive bool
}

// company is a hub, its users at their computers, and who looks after it.
type company struct {
	t        testing.TB
	dir      string
	hub      *realhub.Cluster
	desks    []*desk
	accounts []account
	users    map[string]string // ids by name
	joining  sync.Mutex        // guards users and desks while they come
	book     *ledger
	// down is held to take the hub or a replica away, and shared by those who must reach it.
	down sync.RWMutex
	// shaken is when the last such fault was over, in Unix nanoseconds.
	shaken atomic.Int64
	speed  speeds
	strange
	run
}

// groupsOf is how many groups the users are in; each group may use its own accounts.
const groupsOf = 10

func newCompany(t testing.TB, hub *realhub.Cluster, users int) *company {
	t.Helper()
	c := &company{t: t, dir: t.TempDir(), hub: hub, book: newLedger(t), users: map[string]string{}}
	for g := range groupsOf {
		systest.Do(t, hub.Owner.Groups.AddGroup, &v1.AddGroupRequest{Name: fmt.Sprintf("team%d", g)})
		for range max(users/groupsOf/5, 1) {
			c.addAccount(g, true)
			c.addAccount(g, false)
		}
	}
	began := time.Now()
	c.inParallel(users, c.addDesk)
	t.Logf("%d agents enrolled in %v", users, time.Since(began).Round(time.Second))
	t.Cleanup(func() { c.inParallel(len(c.desks), func(i int) error { c.desks[i].off(); return nil }) })
	return c
}

func (c *company) addAccount(group int, exclusive bool) {
	c.t.Helper()
	handle := fmt.Sprintf("brand%d", len(c.accounts))
	a := systest.Do(c.t, c.hub.Owner.Accounts.AddAccount, &v1.AddAccountRequest{
		Network: v1.Network_NETWORK_X, Handle: handle, Settings: &v1.AccountSettings{
			AccessMode: v1.AccessMode_ACCESS_MODE_SHARED_SECRET.Enum(), Exclusive: &exclusive, AllowShow: new(true),
			OfflineGrace: durationpb.New(grace),
		},
	}).GetAccount()
	own := account{a.GetId(), "x/" + handle, exclusive}
	if err := c.setPassword(c.t.Context(), own); err != nil {
		c.t.Fatal(err)
	}
	systest.Do(c.t, c.hub.Owner.Grants.AddGrant, &v1.AddGrantRequest{Account: own.name, Group: fmt.Sprintf("team%d", group)})
	c.accounts = append(c.accounts, own)
}

// grace is how long the company's leases live without the hub: short, so that a soak sees it run out.
const grace = 2 * time.Minute

func (c *company) setPassword(ctx context.Context, a account) error {
	c.book.ask(string(keyshift.ActCredentialSet) + " " + a.id)
	err := persist(ctx, c.hub.Owner.Accounts.SetCredential, &v1.SetCredentialRequest{
		RequestId: hubclient.NewRequestID(), Account: a.name, Login: "acme", Password: canary + hubclient.NewRequestID(), CodeSeed: systest.Seed,
	}, nil)
	if err == nil {
		c.book.done(string(keyshift.ActCredentialSet) + " " + a.id)
	}
	return err
}

func (c *company) addDesk(i int) error {
	ctx, name := c.t.Context(), fmt.Sprintf("user%d", i)
	var id, code string
	err := persist(ctx, c.hub.Owner.Users.AddUser, &v1.AddUserRequest{RequestId: hubclient.NewRequestID(), Name: name},
		func(added *v1.AddUserResponse) { id = added.GetUser().GetId() })
	if err != nil {
		return err
	}
	team := &v1.AddMemberRequest{RequestId: hubclient.NewRequestID(), Group: fmt.Sprintf("team%d", i%groupsOf), User: name}
	if err = persist(ctx, c.hub.Owner.Groups.AddMember, team, nil); err != nil {
		return err
	}
	invite := &v1.CreateCodeRequest{RequestId: hubclient.NewRequestID(), User: name, Kind: v1.CodeKind_CODE_KIND_ENROLLMENT}
	if err = persist(ctx, c.hub.Owner.Users.CreateCode, invite, func(made *v1.CreateCodeResponse) { code = made.GetCode() }); err != nil {
		return err
	}
	d := newDesk(c.t, name, filepath.Join(c.dir, name), c.hub.Alive)
	if err := d.on(); err != nil {
		return err
	}
	a, _ := d.at()
	enrolled, err := a.Enroll(ctx, code, name+"'s computer")
	if err != nil {
		return fmt.Errorf("enroll %s: %w", name, err)
	}
	d.id = enrolled.GetDeviceId()
	c.joining.Lock()
	defer c.joining.Unlock()
	c.users[name] = id
	c.desks = append(c.desks, d)
	return nil
}

// inParallel does something a number of times, some at once, and fails the test with what fails first.
func (c *company) inParallel(times int, do func(i int) error) {
	c.t.Helper()
	var group errgroup.Group
	group.SetLimit(16)
	for i := range times {
		group.Go(func() error { return do(i) })
	}
	if err := group.Wait(); err != nil {
		c.t.Fatal(err)
	}
}

// accountsOf are those that a user may check out.
func (c *company) accountsOf(user string) []account {
	var n int
	_, _ = fmt.Sscanf(user, "user%d", &n)
	each := len(c.accounts) / groupsOf
	group := n % groupsOf
	return c.accounts[group*each : (group+1)*each]
}

// persist asks the same question, with the same request id, until the hub has said yes or no.
func persist[Q, A any](ctx context.Context, method func(context.Context, *Q) (*A, error), question *Q, then func(*A)) error {
	for {
		answer, err := hubclient.Call(ctx, method, question)
		switch keyshift.CodeOf(err) {
		case keyshift.CodeHubUnreachable, keyshift.CodeUnavailable:
			if hubclient.Wait(ctx, 200*time.Millisecond) {
				continue
			}
			return err
		}
		if err == nil && then != nil {
			then(answer)
		}
		return err
	}
}
