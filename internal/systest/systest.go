// Package systest runs the whole system in one process: a real hub on a real database behind TLS, agents with their real
// engine, and the clients that people's programs use. Only the OS keyring is a fake with the limits of the real ones, and
// where a test says so, the clocks.
package systest

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/agent"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/bootclock"
	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/hub/server"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/osring/osringtest"
	"github.com/keyshift-hq/keyshift/internal/testpg"
	"github.com/keyshift-hq/keyshift/internal/until"
)

// World is a company: a hub (or several replicas on one database) and the owner who runs it.
type World struct {
	t       testing.TB
	Replica []*server.Server
	// Owner may do everything.
	Owner *hubclient.Admin
	// OwnerToken is the owner's API token.
	OwnerToken keyshift.Secret
	Config     server.Config
	stop       []func()
	client     func(hubclient.Target) *http.Client
}

// SQLite makes a world on embedded SQLite.
func SQLite(t testing.TB) *World { return newWorld(t, "", 1) }

// Postgres makes a world of several replicas on one PostgreSQL database.
func Postgres(t testing.TB, replicas int) *World { return newWorld(t, testpg.New(t), replicas) }

func newWorld(t testing.TB, database string, replicas int) *World {
	t.Helper()
	dir := t.TempDir()
	w := &World{t: t, Config: server.Config{
		Database: database, KEKFile: filepath.Join(dir, "key", "kek.json"), Listen: "127.0.0.1:0", Name: "Acme", Host: "localhost", Version: "test",
		Limits: hub.Limits{CheckOutsPerMinute: 100_000, UsesPerMinute: 100_000, CodeTriesPerMinute: 100_000}, Log: slog.New(slog.DiscardHandler),
	}}
	t.Cleanup(w.Stop)
	for range replicas {
		w.Config.DataDir = filepath.Join(dir, "data")
		w.Start()
	}
	w.becomeOwner()
	return w
}

// Start adds a replica, or starts the hub again after Stop.
func (w *World) Start() *server.Server {
	w.t.Helper()
	s, err := server.Open(context.Background(), w.Config)
	if err != nil {
		w.t.Fatalf("open hub: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	w.Replica = append(w.Replica, s)
	w.stop = append(w.stop, func() {
		cancel()
		if err := errors.Join(<-ended, s.Close()); err != nil {
			w.t.Errorf("stop hub: %v", err)
		}
	})
	return s
}

// Stop ends all replicas; it is done at the end of each test anyhow.
func (w *World) Stop() {
	for _, stop := range w.stop {
		stop()
	}
	w.stop, w.Replica = nil, nil
}

func (w *World) becomeOwner() {
	w.t.Helper()
	code, err := w.Replica[0].FirstOwnerCode(w.t.Context())
	if err != nil {
		w.t.Fatalf("first-owner code: %v", err)
	}
	w.OwnerToken = w.Login(code, "owner")
	w.Owner = w.Admin(0, w.OwnerToken)
}

// Outside is the world of a hub that runs as a process of its own: it has no Replica, and starts and stops nothing. The
// first-owner code makes the owner. Who asks goes through client, which may lead to any replica; nil is the real one.
func Outside(t testing.TB, firstOwnerCode string, client func(hubclient.Target) *http.Client) *World {
	t.Helper()
	w := &World{t: t, client: client}
	target, _ := Target(t, firstOwnerCode)
	w.OwnerToken = w.Login(firstOwnerCode, "owner")
	w.Owner = w.admin(target, func(context.Context) (keyshift.Secret, error) { return w.OwnerToken, nil })
	return w
}

// Target gives how a code's reader knows the hub.
func Target(t testing.TB, code string) (hubclient.Target, keyshift.Invitation) {
	t.Helper()
	i, err := keyshift.ParseInvitation(code)
	if err != nil {
		t.Fatalf("parse code: %v", err)
	}
	return hubclient.Target{URL: i.HubURL, HubKey: i.HubKey, TLSPin: i.TLSPin}, i
}

// Login redeems a code; name is for a first-owner code.
func (w *World) Login(code, name string) keyshift.Secret {
	w.t.Helper()
	target, i := Target(w.t, code)
	nobody := w.admin(target, nil)
	got, err := hubclient.Call(w.t.Context(), nobody.Auth.Login, &v1.LoginRequest{Code: i.SecretText(), UserName: name})
	if err != nil {
		w.t.Fatalf("log in: %v", err)
	}
	return keyshift.NewSecret(got.GetToken())
}

// Admin gives a client of one replica in the name of a token.
func (w *World) Admin(replica int, token keyshift.Secret) *hubclient.Admin {
	s := w.Replica[replica]
	target := hubclient.Target{URL: s.URL(), HubID: string(s.Hub.ID()), TLSPin: s.Hub.TLSPin}
	return w.admin(target, func(context.Context) (keyshift.Secret, error) { return token, nil })
}

func (w *World) admin(target hubclient.Target, token hubclient.TokenSource) *hubclient.Admin {
	w.t.Helper()
	c := hubclient.AdminConfig{Target: target, Token: token}
	if w.client != nil {
		c.HTTP = w.client(target)
	}
	a, err := hubclient.NewAdmin(c)
	if err != nil {
		w.t.Fatalf("make client: %v", err)
	}
	w.t.Cleanup(a.Close)
	return a
}

// Do asks one method and fails the test if it is refused.
func Do[Q, A any](t testing.TB, method func(context.Context, *Q) (*A, error), question *Q) *A {
	t.Helper()
	answer, err := hubclient.Call(t.Context(), method, question)
	if err != nil {
		t.Fatalf("%T: %v", question, err)
	}
	return answer
}

// AddUser adds a user with roles (none: member).
func (w *World) AddUser(name string, roles ...v1.Role) {
	w.t.Helper()
	Do(w.t, w.Owner.Users.AddUser, &v1.AddUserRequest{Name: name, Roles: roles})
}

// Password is what the accounts of a world have, a canary for what must not leak.
const Password = "c4n4ry-p4ssw0rd-of-acme"

// Seed is the one-time-code seed of the accounts of a world: that of RFC 6238, also a canary.
const Seed = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

// AddAccount adds x/HANDLE, whose login is lent, with a credential, and grants it to the users. It gives the id.
func (w *World) AddAccount(handle string, s *v1.AccountSettings, users ...string) string {
	w.t.Helper()
	if s == nil {
		s = &v1.AccountSettings{}
	}
	if s.AccessMode == nil {
		s.AccessMode = v1.AccessMode_ACCESS_MODE_SHARED_SECRET.Enum()
	}
	added := Do(w.t, w.Owner.Accounts.AddAccount, &v1.AddAccountRequest{Network: v1.Network_NETWORK_X, Handle: handle, Settings: s})
	if s.GetAccessMode() != v1.AccessMode_ACCESS_MODE_DELEGATED {
		Do(w.t, w.Owner.Accounts.SetCredential, &v1.SetCredentialRequest{Account: "x/" + handle, Login: handle, Password: Password, CodeSeed: Seed})
	}
	for _, user := range users {
		Do(w.t, w.Owner.Grants.AddGrant, &v1.AddGrantRequest{Account: "x/" + handle, User: user})
	}
	return added.GetAccount().GetId()
}

// EnrollmentCode makes a code for a user at one replica.
func (w *World) EnrollmentCode(replica int, user string) string {
	w.t.Helper()
	owner := w.Owner
	if len(w.Replica) > 0 {
		owner = w.Admin(replica, w.OwnerToken)
	}
	return Do(w.t, owner.Users.CreateCode, &v1.CreateCodeRequest{User: user, Kind: v1.CodeKind_CODE_KIND_ENROLLMENT}).GetCode()
}

// Desk is a computer with an agent.
type Desk struct {
	t     testing.TB
	Agent *agent.Agent
	Ring  *osringtest.Fake
	Dir   string
	Clock bootclock.Clock
	// HTTP is the agent's client for the hub; nil is the real one.
	HTTP func(hubclient.Target) *http.Client
	stop func()
}

// Desk makes a computer whose agent runs and is enrolled at a replica for a user.
func (w *World) Desk(replica int, user string) *Desk {
	w.t.Helper()
	return w.DeskAt(bootclock.System(), replica, user)
}

// DeskAt is Desk for a computer with another clock.
func (w *World) DeskAt(clock bootclock.Clock, replica int, user string) *Desk {
	w.t.Helper()
	d := &Desk{t: w.t, Ring: osringtest.NewFake(), Dir: w.t.TempDir(), Clock: clock, HTTP: w.client}
	d.Start()
	if _, err := d.Agent.Enroll(w.t.Context(), w.EnrollmentCode(replica, user), user+"'s computer"); err != nil {
		w.t.Fatalf("enroll: %v", err)
	}
	return d
}

// Start starts the agent on what is on the computer.
func (d *Desk) Start() {
	d.t.Helper()
	a, err := agent.New(agent.Config{StateDir: d.Dir, Ring: d.Ring, Clock: d.Clock, Random: rand.Reader, Log: slog.New(slog.DiscardHandler), Version: "test", HTTP: d.HTTP})
	if err != nil {
		d.t.Fatalf("start agent: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	d.Agent = a
	d.stop = func() {
		cancel()
		if err := <-ended; err != nil {
			d.t.Errorf("stop agent: %v", err)
		}
	}
	d.t.Cleanup(d.Stop)
}

// Stop ends the agent; the computer keeps what is on it.
func (d *Desk) Stop() {
	if d.stop != nil {
		d.stop()
		d.stop = nil
	}
}

// Leases gives every lease of a world that the hub lists, newest first.
func (w *World) Leases() []*v1.Lease {
	w.t.Helper()
	var all []*v1.Lease
	for l, err := range w.Owner.EachLease(w.t.Context(), hubclient.LeaseFilter{All: true}) {
		if err != nil {
			w.t.Fatalf("list leases: %v", err)
		}
		all = append(all, l)
	}
	return all
}

// Eventually waits until something is so; what names it in the failure.
func Eventually(t testing.TB, what string, so func() bool) {
	t.Helper()
	if err := until.True(what, 20*time.Second, so); err != nil {
		t.Fatal(err)
	}
}
