package simulation

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/keyshift-hq/keyshift/internal/agent"
	"github.com/keyshift-hq/keyshift/internal/bootclock"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/osring/osringtest"
)

// desk is a computer with its clocks, its disk and its keyring, and the agent that runs on it.
type desk struct {
	w    *world
	name string
	user string
	id   string // the device id

	disk *disk
	ring *osringtest.Fake

	bootedAt time.Time
	boots    int
	wall     time.Duration // how far the wall clock is from the true time
	asleep   bool
	cut      bool // no network
	muffled  bool // something on the way swallows syncs, and nothing else
	run      *run // nil while no agent runs

	// What the world saw of it, by true time.
	contact   time.Time            // when the newest sync left that was answered
	handedOut map[string]bool      // leases of which something was given to the user
	requests  map[string]*question // check-outs, by request id
}

// question is a check-out that somebody asked for, and may ask for again.
type question struct {
	id, account string
	duration    time.Duration
	lease       string
}

// run is one run of the agent on a desk.
type run struct {
	fuse    fuse
	agent   *agent.Agent
	steps   *agent.Steps
	ctx     context.Context
	cancel  context.CancelFunc
	taken   bool // TakeUp succeeded
	working [3]bool
	// When the loops are due; zero is never.
	sync, settle, look time.Time
	stream             *stream // nil while none is open
}

// Read implements [bootclock.Clock].
func (d *desk) Read() (bootclock.Reading, error) {
	now := time.Now()
	return bootclock.Reading{Wall: now.Add(d.wall).Round(0).UTC(), Boot: now.Sub(d.bootedAt) + time.Hour, BootID: fmt.Sprintf("%s boot %d", d.name, d.boots)}, nil
}

// start starts the agent on what is on the computer.
func (d *desk) start() {
	if d.run != nil || d.asleep {
		return
	}
	r := &run{}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	r.fuse.blown = r.cancel
	d.run = r
	a, err := agent.New(agent.Config{
		StateDir: "state", Ring: fusedRing{d.ring, &r.fuse}, Clock: d, Random: d.w.random, Log: d.w.log(d.name), Version: "1",
		Folder: func(name string) (agent.Files, error) { return openFolder(d.disk.dir(name), &r.fuse) },
		HTTP:   func(hubclient.Target) *http.Client { return &http.Client{Transport: &cable{d, r}} },
		Spread: d.w.spread,
	})
	if err != nil {
		d.w.say("%s: agent does not start: %v", d.name, err)
		d.kill()
		return
	}
	r.agent, r.steps = a, a.Steps()
	r.sync, r.settle, r.look = time.Now(), time.Now(), time.Now()
}

// kill ends the agent at once.
func (d *desk) kill() {
	if d.run == nil {
		return
	}
	d.run.fuse.dead = true
	d.run.cancel()
	d.deaf()
	d.run = nil
}

// deaf ends the stream of pushes.
func (d *desk) deaf() {
	if d.run == nil || d.run.stream == nil {
		return
	}
	d.w.hub.hub.Broker().Drop(keyshift.ID(d.id), d.run.stream)
	d.run.stream = nil
}

// bury notes that the agent died of its fuse.
func (d *desk) bury() {
	if d.run != nil && d.run.fuse.dead {
		d.w.say("%s: the agent died", d.name)
		d.kill()
	}
}

// boot starts the computer anew, after an orderly end or a power cut.
func (d *desk) boot(power bool) {
	d.kill()
	if power {
		d.disk.cutPower(d.w.dice)
	}
	d.asleep = false
	d.bootedAt, d.boots = time.Now(), d.boots+1
}

// ready gives the agent of a desk at which somebody can sit now.
func (d *desk) ready() *run {
	if d.asleep || d.run == nil {
		return nil
	}
	return d.run
}

// due is when the next loop of the agent wants its turn.
func (d *desk) due() (at time.Time, ok bool) {
	r := d.ready()
	if r == nil {
		return at, false
	}
	for i, next := range []time.Time{r.sync, r.settle, r.look} {
		if !next.IsZero() && !r.working[i] && (!ok || next.Before(at)) {
			at, ok = next, true
		}
	}
	return at, ok
}

// turn lets the loops of the agent do what is due.
func (d *desk) turn() {
	r := d.ready()
	if r == nil {
		return
	}
	ctx, cancel := d.w.patience(r.ctx)
	defer cancel()
	d.listen(r)
	d.notes(r)
	d.loop(r, 2, &r.look, func() time.Time {
		if !r.steps.Deadlines() {
			return time.Time{}
		}
		return time.Now().Add(d.w.lookEvery())
	})
	d.loop(r, 1, &r.settle, func() time.Time {
		if next, pending := r.steps.Settle(ctx); pending {
			return next
		}
		return time.Time{}
	})
	d.loop(r, 0, &r.sync, func() time.Time { return time.Now().Add(d.syncLoop(ctx, r)) })
	if d.run == r {
		d.notes(r)
		d.bury()
	}
}

// loop gives one loop its turn, unless it is in the middle of one.
func (d *desk) loop(r *run, i int, at *time.Time, step func() time.Time) {
	if d.run != r || r.fuse.dead || r.working[i] || at.IsZero() || time.Now().Before(*at) {
		return
	}
	r.working[i] = true
	*at = step()
	r.working[i] = false
}

// syncLoop is one turn of the loop that keeps in touch.
func (d *desk) syncLoop(ctx context.Context, r *run) time.Duration {
	if !r.taken {
		if err := r.steps.TakeUp(ctx); err != nil {
			return 5 * time.Second
		}
		r.taken = true
	}
	return d.w.tired(d, r.steps.Sync(ctx))
}

// notes takes what the agent left for its loops.
func (d *desk) notes(r *run) {
	sync, settle, look := r.steps.Woken()
	if sync {
		r.sync = time.Now()
	}
	if settle {
		r.settle = time.Now()
	}
	if look && r.look.IsZero() {
		r.look = time.Now()
	}
}

// holds reports whether what opens the secret of a check-out is on the computer, or would be after a power cut.
func (d *desk) holds(request string) bool {
	key := d.disk.anywhere(func(name string, _ []byte) bool { return name == request+".key" })
	return key && len(d.ring.Texts("lease:"+request)) > 0
}

// residue names what is left of any secret: keys, keyring items and records.
func (d *desk) residue() (left []string) {
	for _, key := range d.ring.Keys() {
		if strings.HasPrefix(key, "lease:") {
			left = append(left, "keyring "+key)
		}
	}
	leases := d.disk.dir("leases")
	for _, names := range []map[string]*inode{leases.names, leases.durable} {
		for name := range names {
			left = append(left, "file "+name)
		}
	}
	return left
}

// fusedRing is the keyring as one run of the agent has it.
type fusedRing struct {
	*osringtest.Fake
	fuse *fuse
}

func (r fusedRing) Get(ctx context.Context, key string) ([]byte, error) {
	if r.fuse.dead {
		return nil, errDead
	}
	return r.Fake.Get(ctx, key)
}

func (r fusedRing) Set(ctx context.Context, key string, value []byte) error {
	if r.fuse.step() != nil {
		return errDead
	}
	return r.Fake.Set(ctx, key, value)
}

func (r fusedRing) Delete(ctx context.Context, key string) error {
	if r.fuse.step() != nil {
		return errDead
	}
	return r.Fake.Delete(ctx, key)
}

func (w *world) log(name string) *slog.Logger {
	if w.trace == nil {
		return slog.New(slog.NewTextHandler(io.Writer(&w.logs), nil))
	}
	return slog.New(slog.NewTextHandler(w.trace, nil)).With("at", name)
}
