package soak

import (
	"context"
	"math/rand/v2"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/osring"
)

// fault is something that breaks, for a time, and is whole again when it returns.
type fault struct {
	name string
	do   func(c *company, ctx context.Context, lasts time.Duration)
}

// faults come in this order, again and again: each after most others, and the worst not one after the other.
var faults = []fault{
	{"hub killed", (*company).killHub},
	{"a tenth of the computers without network", (*company).partition},
	{"agents crash", (*company).crash},
	{"keyrings locked", (*company).lockKeyrings},
	{"streams cut", (*company).cutStreams},
	{"hub's disk slow", (*company).slowDisk},
	{"clocks jump", (*company).jumpClocks},
	{"hub stalled", (*company).stall},
	{"computers away for long", (*company).away},
}

// some gives a share of all computers, at least one.
func (c *company) some(oneOf int) []*desk {
	first, n := rand.N(len(c.desks)), max(len(c.desks)/oneOf, 1)
	var chosen []*desk
	for i := range n {
		chosen = append(chosen, c.desks[(first+i)%len(c.desks)])
	}
	return chosen
}

// upset breaks computers for a time and mends them.
func upset(ctx context.Context, desks []*desk, lasts time.Duration, doThis, undo func(*desk)) {
	for _, d := range desks {
		d.upsetUntil(time.Now().Add(lasts))
		doThis(d)
	}
	hubclient.Wait(ctx, lasts)
	for _, d := range desks {
		undo(d)
		d.upsetUntil(time.Now())
	}
}

// victim is a replica that may break: with several, the first one never does, so that its memory can be watched.
func (c *company) victim() int {
	if n := len(c.hub.Replica); n > 1 {
		return 1 + rand.N(n-1)
	}
	return 0
}

// shake takes the hub or a replica away while it does something.
func (c *company) shake(do func()) {
	c.down.Lock()
	defer c.down.Unlock()
	c.shaken.Store(time.Now().Add(time.Hour).UnixNano())
	do()
	c.shaken.Store(time.Now().UnixNano())
}

func (c *company) killHub(ctx context.Context, lasts time.Duration) {
	c.shake(func() {
		p := c.hub.Replica[c.victim()]
		p.Kill()
		hubclient.Wait(ctx, min(lasts, 2*time.Second))
		took, err := p.Restart()
		if err != nil {
			c.book.problem("%v", err)
		}
		c.slowestStart = max(c.slowestStart, took)
	})
}

func (c *company) stall(ctx context.Context, lasts time.Duration) {
	c.shake(func() {
		p := c.hub.Replica[c.victim()]
		p.Signal(syscall.SIGSTOP)
		hubclient.Wait(ctx, min(lasts, 3*time.Second))
		p.Signal(syscall.SIGCONT)
	})
}

// slowDisk makes each sync of the hub's disk take 100 ms longer; a replica on PostgreSQL has no disk, and is only slower.
func (c *company) slowDisk(ctx context.Context, lasts time.Duration) {
	c.shake(func() {
		pid := strconv.Itoa(c.hub.Replica[c.victim()].PID())
		strace := exec.Command("strace", "-f", "-qq", "-o", "/dev/null", "-p", pid, "-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:delay_enter=100000") // #nosec G204 -- the id of a process of ours
		if err := strace.Start(); err != nil {
			c.book.problem("slow the disk down: %v", err)
			return
		}
		hubclient.Wait(ctx, lasts)
		_ = strace.Process.Signal(syscall.SIGINT) // it lets go of the hub and ends
		_ = strace.Wait()
	})
}

func (c *company) partition(ctx context.Context, lasts time.Duration) {
	upset(ctx, c.some(10), lasts, (*desk).loseHub, (*desk).findHub)
}

// away has a few computers out of reach for longer than their grace, in a long soak.
func (c *company) away(ctx context.Context, lasts time.Duration) {
	few := c.some(100)
	c.behind.Go(func() { upset(ctx, few, 6*lasts, (*desk).loseHub, (*desk).findHub) })
}

func (c *company) cutStreams(context.Context, time.Duration) {
	for _, d := range c.desks {
		d.upsetUntil(time.Now())
		d.wire.cut()
	}
}

func (c *company) lockKeyrings(ctx context.Context, lasts time.Duration) {
	upset(ctx, c.some(10), lasts, func(d *desk) { d.ring.FailWith(osring.ErrLocked) }, func(d *desk) { d.ring.FailWith(nil) })
}

func (c *company) crash(ctx context.Context, lasts time.Duration) {
	upset(ctx, c.some(20), min(lasts, time.Second), (*desk).off, func(d *desk) {
		if err := d.on(); err != nil {
			c.book.problem("%s after a crash: %v", d.user, err)
		}
	})
}

// jumpClocks sets some wall clocks a day ahead, others a day back, and closes the lid of others for ten hours.
func (c *company) jumpClocks(ctx context.Context, lasts time.Duration) {
	upset(ctx, c.some(20), lasts, func(d *desk) {
		switch rand.N(3) {
		case 0:
			d.time.setWall(24 * time.Hour)
		case 1:
			d.time.setWall(-24 * time.Hour)
		default:
			d.time.sleep(10 * time.Hour)
		}
	}, func(d *desk) { d.time.setWall(0) })
}

// breakThings has one fault after the other, every so often, until the time is over and each came once, or ctx ends. Each is
// over before the next.
func (c *company) breakThings(ctx context.Context, every, lasts time.Duration) {
	began := time.Now()
	for n := 0; (n < len(faults) || time.Since(began) < lasts) && hubclient.Wait(ctx, every/4); n++ {
		c.fault.Store(&faults[n%len(faults)].name)
		faults[n%len(faults)].do(c, ctx, every*3/4)
		c.faults.Add(1)
	}
	none := "none"
	c.fault.Store(&none)
}
