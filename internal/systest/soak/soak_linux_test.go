package soak

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/systest/realhub"
)

func TestMain(m *testing.M) { os.Exit(realhub.Main(m)) }

// The sizes of the two forms.
const (
	shortSoak   = 20 * time.Second
	shortAgents = 20
	longAgents  = 500
)

func TestSoakSQLite(t *testing.T) { soak(t, realhub.SQLite) }

func TestSoakPostgres(t *testing.T) {
	soak(t, func(t testing.TB) *realhub.Cluster { return realhub.Postgres(t, 3) })
}

// run is what a soak counts besides its ledger.
type run struct {
	fault      atomic.Pointer[string]
	faults     atomic.Int64
	liveLeases atomic.Int64
	// verifying is how long the last export and its verification took.
	verifying time.Duration
	// slowestStart is the longest that a hub took to come back from kill -9.
	slowestStart time.Duration
	// behind are the faults that go on while others come.
	behind sync.WaitGroup
}

// soak lets a company work while things break.
func soak(t *testing.T, hub func(testing.TB) *realhub.Cluster) {
	lasts, long := form(shortSoak)
	agents := shortAgents
	if long {
		agents = longAgents
	}
	cluster := hub(t)
	before := runtime.NumGoroutine()
	c := newCompany(t, cluster, agents)
	m := newMeter()
	c.live(lasts, m)
	granted := c.comeToRest(t.Context())
	c.report(m, granted, lasts, long)
	c.close(before)
}

// paces are how often something breaks, and how often all is looked at.
func paces(lasts time.Duration) (fault, sweep time.Duration) {
	return min(max(lasts/30, 2*time.Second), 30*time.Second), min(lasts/4, time.Minute)
}

// calm is how much of the end of a soak is without faults, so that revocations on connected computers can be measured.
func calm(lasts time.Duration) time.Duration {
	if lasts < 3*settled {
		return 0
	}
	return min(lasts/4, 2*settled)
}

// live is the soak itself: users, admins, faults, and a sweep every minute. It ends when the time is over and each fault came
// once.
func (c *company) live(lasts time.Duration, m *meter) {
	fault, sweep := paces(lasts)
	ctx, cancel := context.WithCancel(c.t.Context())
	var all sync.WaitGroup
	defer c.behind.Wait()
	defer all.Wait()
	defer cancel()
	for _, d := range c.desks {
		all.Go(func() { c.work(ctx, d) })
	}
	all.Go(func() { c.administer(ctx) })
	all.Go(func() { c.breakThings(ctx, fault, lasts-calm(lasts)) })
	all.Go(func() { m.watch(ctx, c.hub) })
	for began := time.Now(); time.Since(began) < lasts || c.faults.Load() < int64(len(faults)); {
		hubclient.Wait(ctx, sweep)
		c.sweep(context.WithoutCancel(ctx))
		c.t.Log(c.line(time.Since(began), m))
	}
}

// line is what a soak says every minute.
func (c *company) line(since time.Duration, m *meter) string {
	p99, n := c.speed.percentile(99)
	fault := "none"
	if f := c.fault.Load(); f != nil {
		fault = *f
	}
	return fmt.Sprintf("%v: %s; %d leases live or unconfirmed; %d revocations measured, p99 %v; %d faults, now: %s; agents %.0f MiB, %.0f goroutines, %.0f descriptors; hub %.0f MiB; %d problems",
		since.Round(time.Second), c.book.text(), c.liveLeases.Load(), n, p99.Round(time.Millisecond), c.faults.Load(), fault,
		m.last("agents: memory"), m.last("agents: goroutines"), m.last("agents: descriptors"), m.last("hub 0: memory"), len(c.book.broken()))
}

// restWithin is how long everything may take to be revoked, wiped and confirmed once nothing is broken any more.
const restWithin = 5 * time.Minute

// comeToRest mends everything, revokes all that is left, and wants nothing to remain anywhere. It gives the number of
// leases that were ever granted.
func (c *company) comeToRest(ctx context.Context) (granted int) {
	for _, d := range c.desks {
		d.findHub()
		d.time.setWall(0)
		d.ring.FailWith(nil)
	}
	c.inParallel(len(c.desks), func(i int) error { return c.activate(ctx, c.desks[i]) })
	if err := c.revoke(ctx, &v1.RevokeRequest{Target: &v1.RevokeRequest_All{All: true}}); err != nil {
		c.t.Errorf("revoke all: %v", err)
	}
	c.unrest(ctx)
	for _, d := range c.desks { // what was asked for and never answered is kept for as long as the hub may bring it up
		d.time.sleep(keyshift.ActivateWithin + keyshift.ReissueMargin)
	}
	c.waitForRest(ctx)
	c.sweep(ctx)
	granted, err := c.checkWholeLog(ctx)
	if err != nil {
		c.book.problem("whole audit log: %v", err)
	}
	return granted
}

// waitForRest says every so often what it still waits for.
func (c *company) waitForRest(ctx context.Context) {
	began := time.Now()
	for told := began; ; hubclient.Wait(ctx, 200*time.Millisecond) {
		left := c.unrest(ctx)
		few := strings.Join(left[:min(len(left), 10)], "; ")
		switch {
		case len(left) == 0:
			c.t.Logf("at rest after %v", time.Since(began).Round(time.Second))
			return
		case time.Since(began) > restWithin:
			c.book.problem("not at rest after %v: %s", restWithin, few)
			return
		case time.Since(told) > 10*time.Second:
			c.t.Logf("%d things are not at rest after %v: %s", len(left), time.Since(began).Round(time.Second), few)
			told = time.Now()
		}
	}
}

// unrest has every agent sync, and lists what is still to be removed.
func (c *company) unrest(ctx context.Context) (left []string) {
	c.inParallel(len(c.desks), func(i int) error {
		a, _ := c.desks[i].at()
		_ = a.SyncNow(ctx) // what it failed at shows below
		return nil
	})
	list, err := c.leases(ctx)
	if err != nil {
		left = append(left, err.Error())
	}
	for _, l := range list {
		if l.GetRemoval().GetStep() >= v1.RemovalStep_REMOVAL_STEP_SECRET_WIPED {
			continue // somebody has seen the password or a code; without a browser nobody confirms the end of that session
		}
		left = append(left, fmt.Sprintf("lease %s of %s is %v, %s", l.GetId(), l.GetUser(), l.GetState(), l.GetRemoval().GetText()))
	}
	for _, d := range c.desks {
		left = append(left, d.remains()...)
	}
	return left
}

const (
	// revokedWithin is P2: from the click to the wipe, on a connected computer.
	revokedWithin = 5 * time.Second
	// agentMemory bounds what one agent has of the process of all.
	agentMemory = 4
	hubMemory   = 512
)

// report writes the table and fails the test for all that was broken.
func (c *company) report(m *meter, granted int, lasts time.Duration, long bool) {
	table, grew := m.judge()
	p50, n := c.speed.percentile(50)
	p99, _ := c.speed.percentile(99)
	c.t.Logf("%d faults, %s, %d leases granted; revoked on a connected computer in p50 %v, p99 %v (%d measured); slowest start of a killed hub %v\nusers were told: %v\n%s",
		c.faults.Load(), c.book.text(), granted, p50, p99, n, c.slowestStart, c.told, table)
	for _, p := range c.book.broken() {
		c.t.Error(p)
	}
	for _, name := range grew {
		if !long { // half a minute is shorter than the rhythm of the collector: it says nothing about growth
			c.t.Logf("%s grew in this short time", name)
			continue
		}
		c.t.Errorf("%s grew", name)
	}
	if n == 0 && calm(lasts) > 0 { // in a shorter time something breaks too often to measure any
		c.t.Error("no revocation was measured")
	}
	if p99 > revokedWithin {
		c.t.Errorf("a revocation took %v, want at most %v", p99, revokedWithin)
	}
	if most := m.most("hub 0: memory"); most > hubMemory {
		c.t.Errorf("the hub had %.0f MiB, want at most %d", most, hubMemory)
	}
	if most := m.most("agents: memory") / float64(len(c.desks)); long && most > agentMemory {
		c.t.Errorf("an agent had %.1f MiB, want at most %d", most, agentMemory)
	}
	if granted == 0 {
		c.t.Error("nothing was lent, which proves nothing")
	}
}

// idleGoroutines is more than a hub without any device has.
const idleGoroutines = 60

// close ends all agents, and wants no goroutine left behind by them, nor at the hub by their connections.
func (c *company) close(before int) {
	c.inParallel(len(c.desks), func(i int) error { c.desks[i].off(); return nil })
	c.hub.Owner.Close()
	limit := time.Now().Add(lateness * 4)
	for runtime.NumGoroutine() > before+10 && time.Now().Before(limit) {
		hubclient.Wait(c.t.Context(), 100*time.Millisecond)
	}
	if now := runtime.NumGoroutine(); now > before+10 {
		stacks := make([]byte, mib)
		c.t.Errorf("%d goroutines after the agents ended, %d before they began: %s", now, before, stacks[:runtime.Stack(stacks, true)])
	}
	for i, p := range c.hub.Replica {
		for use, err := p.Usage(); err == nil && use.Descriptors > idleDescriptors && time.Now().Before(limit); use, err = p.Usage() {
			hubclient.Wait(c.t.Context(), 100*time.Millisecond)
		}
		if stacks := p.Goroutines(); len(stacks) > idleGoroutines {
			c.t.Errorf("hub %d has %d goroutines without any device, like: %s", i, len(stacks), strings.Join(stacks[:20], "\n\n"))
		}
	}
}
