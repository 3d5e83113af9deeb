package simulation

import (
	"maps"
	"slices"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// crashAgentSoon lets the agent die at one of its next operations that last.
func (w *world) crashAgentSoon(d *desk) {
	if r := d.ready(); r != nil {
		r.fuse.crashIn = 1 + w.dice.below(60)
		w.say("%s: the agent will die at operation %d", d.name, r.fuse.crashIn)
	}
}

// failDiskSoon lets the disk refuse one operation.
func (w *world) failDiskSoon(d *desk) {
	if r := d.ready(); r != nil {
		r.fuse.failIn, r.fuse.fault = 1+w.dice.below(40), pick(w.dice, diskFaults)
		w.say("%s: operation %d will fail: %v", d.name, r.fuse.failIn, r.fuse.fault)
	}
}

// reboot starts a computer anew.
func (w *world) reboot(d *desk, power bool) {
	if w.depth > 0 {
		return
	}
	how := "is restarted"
	if power {
		how = "loses power and is started again"
	}
	w.say("%s: %s", d.name, how)
	d.boot(power)
}

// sleep lets a computer sleep or wakes it.
func (w *world) sleep(d *desk, asleep bool) {
	if w.depth > 0 || d.asleep == asleep {
		return
	}
	w.say("%s: asleep is %v", d.name, asleep)
	d.asleep = asleep
	if asleep {
		d.deaf()
	}
}

// turnClock sets the wall clock of a desk right, a little wrong, very wrong, or so wrong that the agent must notice and the hub
// does not.
func (w *world) turnClock(d *desk) {
	switch w.dice.below(6) {
	case 0, 1:
		d.wall = 0
	case 2:
		d.wall = between(w.dice, -50*time.Second, 50*time.Second)
	case 3:
		d.wall = between(w.dice, 10*time.Minute, 24*time.Hour)
	case 4:
		d.wall = -between(w.dice, 10*time.Minute, 24*time.Hour)
	case 5:
		d.wall = between(w.dice, maxSkew, heard) * time.Duration(1-2*w.dice.below(2))
	}
	w.say("%s: the clock is off by %v", d.name, d.wall)
}

// plug connects a desk to the network or cuts it off.
func (w *world) plug(d *desk, in bool) {
	if d.cut == !in {
		return
	}
	w.say("%s: plugged in is %v", d.name, in)
	d.cut = !in
	if d.cut {
		d.deaf()
	}
}

// muffle lets something swallow the syncs of a desk, half the time for so long that the agent must not trust what it knows,
// though the hub still answers everything else.
func (w *world) muffle(d *desk) {
	d.muffled = !d.muffled
	w.say("%s: syncs are swallowed: %v", d.name, d.muffled)
	if d.muffled && w.dice.below(2) == 0 {
		first := between(w.dice, 0, keyshift.StaleAfter)
		w.rest(first)
		w.at = d
		w.someCheckOut() // its answers are no reason to trust what was known before
		w.at = nil
		w.rest(between(w.dice, keyshift.StaleAfter, keyshift.StaleAfter+30*time.Second) - first)
		w.withLeaseOf(d, func(lease string) { _ = d.reveal(lease) })
	}
}

// crashHubSoon lets the hub die at one of its next operations that last.
func (w *world) crashHubSoon() {
	if w.hub.up {
		w.hub.fuse.crashIn = 1 + w.dice.below(30)
		w.say("the hub will die at operation %d", w.hub.fuse.crashIn)
	}
}

// turnHubClock moves the hub's clock a little, as time servers do.
func (w *world) turnHubClock() {
	w.hub.clock = between(w.dice, -maxHubStep, maxHubStep)
	w.say("the hub's clock is off by %v", w.hub.clock)
}

// starveHub fills the hub's storage or takes its key away, or gives both back.
func (w *world) starveHub() {
	if !w.hub.up {
		return
	}
	kind := w.dice.below(4)
	w.hub.full, w.hub.keyed = kind == 0, kind != 1
	w.say("the hub: storage full is %v, the key is there is %v", w.hub.full, w.hub.keyed)
}

// sendAgain sends a letter that somebody kept once more. Nobody waits for the answer.
func (w *world) sendAgain() {
	if len(w.kept) == 0 || !w.hub.up {
		return
	}
	l := pick(w.dice, w.kept)
	w.say("an old letter of %s comes again: %s", l.from.name, l.method)
	l.send()
}

// revive starts what does not run, now and then, as a service manager does.
func (w *world) revive(perMille int) {
	if !w.hub.up && chance(w.dice, perMille) {
		w.must(w.hub.start(w.ctx, ""))
		w.say("the hub starts")
	}
	for _, d := range w.desks {
		if d.run == nil && !d.asleep && chance(w.dice, perMille) {
			d.start()
			w.say("%s: the agent starts", d.name)
		}
	}
}

// calm ends all trouble.
func (w *world) calm() {
	w.say("the world calms down")
	w.fates, w.overlaps, w.lazy = nil, nil, false
	w.hub.full, w.hub.keyed, w.hub.fuse.crashIn, w.hub.clock = false, true, 0, 0
	for _, d := range w.desks {
		d.bury()
		d.cut, d.muffled, d.asleep, d.wall = false, false, false, 0
		d.ring.FailWith(nil)
		d.ring.LieOnDelete(false)
		d.ring.LieOnSet(false)
		if d.run != nil {
			d.run.fuse.crashIn, d.run.fuse.failIn = 0, 0
			d.run.sync = time.Now() // it may have been lazy
		}
	}
	w.revive(1000)
	w.revive(1000)
}

// revokeAll is the owner's way to be sure.
func (w *world) revokeAll() bool { return w.revoke(hub.RevokeTarget{All: true}, false) }
