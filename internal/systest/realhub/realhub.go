// Package realhub runs the real keyshift-hub program for tests: as it is built for people, in processes of its own, one
// on SQLite or several replicas on one PostgreSQL database. A test can kill a process, start it again at the same
// address, and look at what it uses.
//
//	c := realhub.SQLite(t)      // or realhub.Postgres(t, 3)
//	c.Replica[0].Kill()
//	took := c.Replica[0].Start()
//
// Only processes that it started are ended, each by its own id.
package realhub

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/greeting"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/loopback"
	"github.com/keyshift-hq/keyshift/internal/systest"
	"github.com/keyshift-hq/keyshift/internal/systest/programs"
	"github.com/keyshift-hq/keyshift/internal/testpg"
)

// Cluster is a hub: one process on SQLite, or replicas on one PostgreSQL database.
type Cluster struct {
	t       testing.TB
	Replica []*Process
	// Owner may do everything; it asks the first replica.
	Owner *hubclient.Admin
	// Token is the owner's API token.
	Token keyshift.Secret
	// Target is the hub as a device knows it, at the first replica.
	Target hubclient.Target
}

// SQLite starts a hub on embedded SQLite, and logs its owner in.
func SQLite(t testing.TB) *Cluster { return start(t, "", 1) }

// Postgres starts replicas on a new PostgreSQL database, and logs the owner in.
func Postgres(t testing.TB, replicas int) *Cluster { return start(t, testpg.New(t), replicas) }

func start(t testing.TB, database string, replicas int) *Cluster {
	t.Helper()
	program, err := built()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	c := &Cluster{t: t}
	for i := range replicas {
		p := &Process{t: t, program: program, log: filepath.Join(dir, fmt.Sprintf("hub-%d.log", i)), args: []string{
			"serve", "--name", "Acme", "--listen", place(t), "--kek-file", filepath.Join(dir, "key", "kek.json"),
			"--data-dir", filepath.Join(dir, fmt.Sprintf("data-%d", i)), "--log-level", "warn",
		}}
		if database != "" {
			p.args = append(p.args, "--database", database)
		}
		t.Cleanup(p.Kill)
		p.Start()
		c.Replica = append(c.Replica, p)
	}
	c.becomeOwner()
	return c
}

// place is an address to which a process can come back.
func place(t testing.TB) string {
	t.Helper()
	address, err := loopback.Address()
	if err != nil {
		t.Fatal(err)
	}
	return address
}

// DataDir is where a replica keeps its data.
func (p *Process) DataDir() string { return p.args[8] }

// build makes the program once for each test binary.
var build struct {
	once sync.Once
	path string
	err  error
}

func built() (string, error) {
	build.once.Do(func() { build.path, build.err = buildHub() })
	return build.path, build.err
}

func buildHub() (string, error) {
	dir, err := os.MkdirTemp("", "keyshift-hub-")
	if err != nil {
		return "", err
	}
	if err := programs.Put(dir, "keyshift-hub"); err != nil {
		return "", errors.Join(err, os.RemoveAll(dir))
	}
	return filepath.Join(dir, "keyshift-hub"), nil
}

// Main runs the tests of a package and removes the program that they made. It is for TestMain.
func Main(m *testing.M) int {
	code := m.Run()
	if build.path != "" {
		_ = os.RemoveAll(filepath.Dir(build.path))
	}
	return code
}

func (c *Cluster) becomeOwner() {
	c.t.Helper()
	newest := c.Replica[len(c.Replica)-1] // its code is in the place of the others'
	owner, err := greeting.Code(newest.Greeting)
	if err != nil {
		c.t.Fatal(err)
	}
	target, code := systest.Target(c.t, owner)
	nobody := c.admin(target, nil)
	got := systest.Do(c.t, nobody.Auth.Login, &v1.LoginRequest{Code: code.SecretText(), UserName: "owner"})
	target.HubID = got.GetHubId()
	target.URL = c.Replica[0].URL
	c.Target, c.Token = target, keyshift.NewSecret(got.GetToken())
	c.Owner = c.Admin(0)
}

// Admin gives a client of one replica in the owner's name.
func (c *Cluster) Admin(replica int) *hubclient.Admin {
	c.t.Helper()
	target := c.Target
	target.URL = c.Replica[replica].URL
	return c.admin(target, func(context.Context) (keyshift.Secret, error) { return c.Token, nil })
}

func (c *Cluster) admin(target hubclient.Target, token hubclient.TokenSource) *hubclient.Admin {
	c.t.Helper()
	a, err := hubclient.NewAdmin(hubclient.AdminConfig{Target: target, Token: token})
	if err != nil {
		c.t.Fatalf("make client: %v", err)
	}
	c.t.Cleanup(a.Close)
	return a
}

// Alive gives the addresses of the replicas that run, as a load balancer knows them.
func (c *Cluster) Alive() (addresses []string) {
	for _, p := range c.Replica {
		if p.Running() {
			addresses = append(addresses, p.Address())
		}
	}
	return addresses
}
