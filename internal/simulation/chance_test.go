package simulation

import (
	"slices"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/osring"
)

// act is one thing that may happen, and how often it does.
type act struct {
	often int
	do    func(w *world)
}

// fortune lets chance act in a world.
type fortune struct {
	*world
	rough int // how bad the network is, of a thousand
}

// userActs are what people at desks do.
var userActs = []act{
	{36, func(w *world) { w.someCheckOut() }},
	{4, func(w *world) { w.sameCheckOut() }},
	{20, func(w *world) { w.withLease(func(d *desk, lease string) { _ = d.reveal(lease) }) }},
	{5, func(w *world) { w.withLease(func(d *desk, lease string) { _ = d.code(lease) }) }},
	{5, func(w *world) {
		w.withLease(func(d *desk, lease string) { _ = d.renew(lease, between(w.dice, 2*time.Minute, 8*time.Minute)) })
	}},
	{8, func(w *world) { w.withLease(func(d *desk, lease string) { _ = d.checkIn(lease) }) }},
	{2, func(w *world) { _ = w.someDesk().syncNow() }},
}

// ownerActs are what the owner does.
var ownerActs = []act{
	{3, func(w *world) {
		if len(w.ledger.order) > 0 {
			w.revoke(hub.RevokeTarget{Lease: pick(w.dice, w.ledger.order).ID}, w.unlucky())
		}
	}},
	{2, func(w *world) { w.revoke(hub.RevokeTarget{Account: pick(w.dice, accounts).name}, w.unlucky()) }},
	{1, func(w *world) { w.revoke(hub.RevokeTarget{User: w.someDesk().user}, w.unlucky()) }},
	{1, func(w *world) { w.revoke(hub.RevokeTarget{Device: keyshift.ID(w.someDesk().id)}, w.unlucky()) }},
	{1, func(w *world) { w.revoke(hub.RevokeTarget{All: true}, w.unlucky()) }},
	{1, func(w *world) { w.deactivate(w.someDesk().user, w.unlucky()) }},
	{3, func(w *world) { w.activate(w.someDesk().user) }},
	{1, func(w *world) {
		w.setDevice(w.someDesk(), pick(w.dice, []keyshift.DeviceState{keyshift.DeviceBlocked, keyshift.DeviceLost}), w.unlucky())
	}},
	{3, func(w *world) { w.setDevice(w.someDesk(), keyshift.DeviceTrusted, false) }},
	{2, func(w *world) { w.rotate(accounts[w.dice.below(3)].name, w.dice.below(10), w.unlucky()) }},
	{1, func(w *world) {
		exclusive := w.dice.below(2) == 0
		what := "shared out"
		if exclusive {
			what = "exclusive"
		}
		w.change("x/brand", what, hub.AccountSettings{Exclusive: &exclusive}, w.unlucky())
	}},
}

// troubles are what happens to computers and networks.
var troubles = []act{
	{8, func(w *world) { w.crashAgentSoon(w.someDesk()) }},
	{2, func(w *world) { w.failDiskSoon(w.someDesk()) }},
	{2, func(w *world) { w.reboot(w.someDesk(), w.dice.below(2) == 0) }},
	{2, func(w *world) { w.sleep(w.someDesk(), w.dice.below(2) == 0) }},
	{3, func(w *world) { w.turnClock(w.someDesk()) }},
	{4, func(w *world) { w.plug(w.someDesk(), w.dice.below(3) > 0) }},
	{2, func(w *world) { w.muffle(w.someDesk()) }},
	{5, func(w *world) { w.treatRing(w.someDesk()) }},
	{5, func(w *world) { w.crashHubSoon() }},
	{1, func(w *world) { w.turnHubClock() }},
	{2, func(w *world) { w.starveHub() }},
	{6, func(w *world) { w.sendAgain() }},
}

var waiting = []act{
	{30, func(w *world) { w.rest(between(w.dice, 0, 5*time.Second)) }},
	{16, func(w *world) { w.rest(between(w.dice, 5*time.Second, 70*time.Second)) }},
	{1, func(w *world) { w.rest(between(w.dice, 70*time.Second, 6*time.Minute)) }},
}

// happen lets one thing happen out of several lists.
func (w *world) happen(lists ...[]act) {
	all := slices.Concat(lists...)
	sum := 0
	for _, a := range all {
		sum += a.often
	}
	n := w.dice.below(sum)
	for _, a := range all {
		if n -= a.often; n < 0 {
			a.do(w)
			return
		}
	}
}

func (w *world) someDesk() *desk {
	if w.at != nil {
		return w.at
	}
	return pick(w.dice, w.desks)
}

func (w *world) unlucky() bool { return chance(w.dice, 150) }

func (w *world) rest(d time.Duration) {
	if w.depth == 0 {
		w.say("%v pass", d)
		w.pass(d)
	}
}

func (w *world) someCheckOut() {
	d := w.someDesk()
	_, _ = d.checkOut(w.newQuestion(pick(w.dice, accounts).name, between(w.dice, time.Minute, 8*time.Minute).Truncate(time.Second)))
}

// sameCheckOut asks again for what was asked for before.
func (w *world) sameCheckOut() {
	d := w.someDesk()
	if ids := sortedKeys(d.requests); len(ids) > 0 {
		_, _ = d.checkOut(d.requests[pick(w.dice, ids)])
	}
}

// withLease does something with a lease that a desk shows.
func (w *world) withLease(do func(*desk, string)) {
	d := w.someDesk()
	w.withLeaseOf(d, func(lease string) { do(d, lease) })
}

func (w *world) withLeaseOf(d *desk, do func(lease string)) {
	r := d.ready()
	if r == nil {
		return
	}
	if held := r.agent.Leases(); len(held) > 0 {
		do(pick(w.dice, held).GetLease().GetId())
	}
}

// treatRing changes how a keyring behaves.
func (w *world) treatRing(d *desk) {
	kind := w.dice.below(7)
	d.ring.FailWith(nil)
	d.ring.LieOnDelete(kind == 1)
	d.ring.LieOnSet(kind == 2)
	switch kind {
	case 3:
		d.ring.FailWith(osring.ErrLocked)
	case 4:
		d.ring.FailWith(osring.ErrUnavailable)
	case 5:
		d.ring.FailWith(osring.ErrTimeout)
	}
	w.say("%s: the keyring %s", d.name, []string{"works", "keeps what is deleted", "forgets what is stored", "is locked", "is gone", "hangs", "works"}[kind])
}

// chanceOf draws what happens to a letter.
func (f *fortune) chanceOf(*letter) fate {
	d := f.dice
	if !chance(d, f.rough) {
		return fate{kept: chance(d, 50)}
	}
	switch d.below(8) {
	case 0:
		return fate{lost: true, hung: chance(d, 300)}
	case 1, 2:
		return fate{lostAnswer: true, hung: chance(d, 300)}
	case 3:
		return fate{doubled: true, second: d.below(2) == 0}
	case 4, 5:
		return fate{late: between(d, 0, 8*time.Second), kept: true}
	case 6:
		return fate{lateAnswer: between(d, 0, 8*time.Second), kept: true}
	}
	return fate{late: between(d, 0, time.Second), lateAnswer: between(d, 0, time.Second)}
}

// overlap lets something else happen while a desk waits for the network, often at this very desk.
func (f *fortune) overlap(d *desk) {
	switch f.dice.below(5) {
	case 0:
		f.happen(userActs, ownerActs, troubles)
	case 1:
		f.at = d
		f.happen(userActs)
		f.at = nil
	case 2: // what waits knows of an older epoch, or of fewer leases
		f.at = d
		f.happen(overtaking)
		f.at = nil
	}
}

// overtaking are what happens that a question or an answer on its way may not know of.
var overtaking = []act{
	{2, func(w *world) { w.someCheckOut() }},
	{3, func(w *world) {
		w.withLease(func(d *desk, lease string) { _ = d.renew(lease, between(w.dice, 8*time.Minute, 20*time.Minute)) })
	}},
	{2, func(w *world) { w.revoke(hub.RevokeTarget{Device: keyshift.ID(w.someDesk().id)}, false) }},
}
