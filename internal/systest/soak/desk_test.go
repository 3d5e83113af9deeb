package soak

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/agent"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/osring/osringtest"
)

// desk is a user's computer: a real agent, and everything around it that can break.
type desk struct {
	t    testing.TB
	user string
	id   string
	dir  string
	ring *osringtest.Fake
	wire wire
	time clock

	mu    sync.Mutex
	agent *agent.Agent
	ctx   context.Context //nolint:containedctx // the computer is on for as long as this
	stop  func()
	// upset is when the last fault of this computer was or is over, holeSince when it lost the hub, both zero if not.
	upset, holeSince time.Time
}

func newDesk(t testing.TB, user, dir string, hubs func() []string) *desk {
	return &desk{t: t, user: user, dir: dir, ring: osringtest.NewFake(), wire: wire{hubs: hubs}}
}

// on starts the agent on what is on the computer.
func (d *desk) on() error {
	a, err := agent.New(agent.Config{
		StateDir: d.dir, Ring: d.ring, Clock: &d.time, Random: rand.Reader, Log: slog.New(slog.DiscardHandler), Version: "soak", HTTP: d.wire.client,
	})
	if err != nil {
		return fmt.Errorf("start agent: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.agent, d.ctx = a, ctx
	d.stop = func() {
		d.wire.cut()
		cancel()
		if err := <-ended; err != nil {
			d.t.Errorf("stop agent of %s: %v", d.user, err)
		}
		d.wire.cut()
	}
	return nil
}

// off ends the agent wherever it is. What is on the computer stays.
func (d *desk) off() {
	d.mu.Lock()
	stop := d.stop
	d.stop = nil
	d.mu.Unlock()
	if stop != nil {
		stop()
	}
}

// at gives the agent and for how long it lives.
func (d *desk) at() (*agent.Agent, context.Context) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.agent, d.ctx
}

// upsetUntil notes a fault that lasts until then.
func (d *desk) upsetUntil(then time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if then.After(d.upset) {
		d.upset = then
	}
}

// calmSince reports whether nothing happened to this computer since a moment.
func (d *desk) calmSince(since time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.upset.Before(since)
}

func (d *desk) loseHub() {
	d.wire.blackHole()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.holeSince = time.Now()
}

func (d *desk) findHub() {
	d.mu.Lock()
	d.holeSince = time.Time{}
	d.mu.Unlock()
	d.wire.heal()
}

func (d *desk) lostHub() (since time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.holeSince
}

// live gives the leases that can be used on this computer.
func (d *desk) live() (live []*v1.HeldLease) {
	a, _ := d.at()
	for _, held := range a.Leases() {
		if held.GetEnding() == "" && held.GetTimeLeft().AsDuration() > 0 {
			live = append(live, held)
		}
	}
	return live
}

func (d *desk) holds(lease string) bool {
	for _, held := range d.live() {
		if held.GetLease().GetId() == lease {
			return true
		}
	}
	return false
}

// residue lists secrets and keys that belong to nothing the agent knows of: items, then keys, then records, in the order in
// which a wipe removes the later.
func (d *desk) residue() (left []string) {
	items, keys := d.ring.Keys(), d.files(".key")
	known := map[string]bool{}
	for _, record := range d.files(".json") {
		known[record] = true
	}
	for _, item := range items {
		if request, ok := strings.CutPrefix(item, "lease:"); ok && !known[request] {
			left = append(left, d.user+": keyring item "+item)
		}
	}
	for _, request := range keys {
		if !known[request] {
			left = append(left, d.user+": key file "+request)
		}
	}
	return left
}

// files gives the requests that have a file of that kind.
func (d *desk) files(ending string) (requests []string) {
	found, err := filepath.Glob(filepath.Join(d.dir, "leases", "*"+ending))
	if err != nil {
		d.t.Errorf("list files of %s: %v", d.user, err)
	}
	for _, file := range found {
		requests = append(requests, strings.TrimSuffix(filepath.Base(file), ending))
	}
	return requests
}

// remains is everything that a computer without any lease must not have.
func (d *desk) remains() (left []string) {
	for _, item := range d.ring.Keys() {
		if !strings.HasPrefix(item, "device:") {
			left = append(left, d.user+": keyring item "+item)
		}
	}
	entries, err := os.ReadDir(filepath.Join(d.dir, "leases"))
	if err != nil {
		d.t.Errorf("list files of %s: %v", d.user, err)
	}
	for _, e := range entries {
		left = append(left, d.user+": file "+e.Name())
	}
	return left
}
