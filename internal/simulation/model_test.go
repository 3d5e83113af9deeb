package simulation

import (
	"flag"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/osring"
)

// TestModel says what has to come of each act before it happens.
func TestModel(t *testing.T) {
	found(t)
	setDefault(t, "rapid.checks", "100", "200")
	setDefault(t, "rapid.steps", "30", "100")
	setDefault(t, "rapid.seed", "0", "1")
	checkModel(t)
	before := "1"
	for range soaking() {
		if t.Failed() {
			return
		}
		seed := strconv.FormatUint(rand.Uint64(), 10)
		t.Logf("-rapid.seed=%s", seed)
		setDefault(t, "rapid.seed", before, seed)
		before = seed
		checkModel(t)
	}
}

func checkModel(t *testing.T) {
	t.Helper()
	rapid.Check(t, func(rt *rapid.T) {
		rapid.SyncTest(rt, func(rt *rapid.T) {
			random := newDice(rapid.Uint64().Draw(rt, "ids"))
			w := newWorld(t, random, random, 3)
			m := newModel(w)
			w.revive(1000)
			w.pass(10 * time.Second)
			m.observe()
			defer w.close()
			rt.Repeat(m.actions())
		})
	})
}

// setDefault sets a flag that nobody set.
func setDefault(t *testing.T, name, before, value string) {
	t.Helper()
	if f := flag.Lookup(name); f != nil && f.Value.String() == before { //nolint:forbidigo // it is the test's own flag
		if err := flag.Set(name, value); err != nil {
			t.Fatal(err)
		}
	}
}

// actions are what may happen, by name. Each has its own certainty.
func (m *model) actions() map[string]func(*rapid.T) {
	acts := map[string]func(rt *rapid.T, d *desk){
		"check out": m.checkOut, "check out again": m.checkOutAgain, "use": m.use, "use more": m.use, "code": m.code, "renew": m.renew, "check in": m.checkIn,
		"revoke": m.revoke, "deactivate": m.deactivate, "activate": m.activate, "block": m.block, "trust": m.trust,
		"plug": m.plug, "crash the agent": m.crashAgent, "crash the hub": m.crashHub, "trouble": m.cause, "old letter": m.oldLetter, "clock": m.clock,
		"lock": m.lock, "a while": m.aWhile, "a while more": m.aWhile, "long": m.long,
	}
	all := map[string]func(*rapid.T){"": m.check}
	for name, do := range acts {
		all[name] = func(rt *rapid.T) {
			do(rt, rapid.SampledFrom(m.w.desks).Draw(rt, "desk"))
			m.w.turn()
			m.observe()
		}
	}
	return all
}

// hold compares an outcome with the verdict.
func (m *model) hold(rt *rapid.T, what string, v verdict, err error) {
	if v == must && err != nil || v == mustNot && err == nil {
		m.w.violated("the model: %s: got %v, want success %v", what, outcome(err), v == must)
	}
	m.fail(rt)
}

func (m *model) fail(rt *rapid.T) {
	if len(m.w.bad) > 0 {
		rt.Fatalf("%s\n%s", strings.Join(m.w.bad, "\n"), strings.Join(m.w.history, "\n"))
	}
}

// withTrouble lets the letters of a desk meet what waits for them.
func (m *model) withTrouble() {
	m.w.fates = func(l *letter) fate {
		if m.trouble[l.from] <= 0 || l.method == "push" {
			return fate{kept: m.w.dice.below(10) == 0}
		}
		m.trouble[l.from]--
		switch m.w.dice.below(5) {
		case 0:
			return fate{lost: true}
		case 1:
			return fate{lostAnswer: true}
		case 2:
			return fate{doubled: true, second: m.w.dice.below(2) == 0}
		case 3:
			return fate{late: 3 * time.Second, kept: true}
		}
		return fate{lateAnswer: 3 * time.Second, kept: true}
	}
}

func (m *model) checkOut(rt *rapid.T, d *desk) {
	account := rapid.IntRange(0, 2).Draw(rt, "account")
	minutes := rapid.IntRange(1, 8).Draw(rt, "minutes")
	m.askFor(rt, d, account, m.w.newQuestion(accounts[account].name, time.Duration(minutes)*time.Minute))
}

func (m *model) askFor(rt *rapid.T, d *desk, account int, q *question) {
	v := m.mayCheckOut(d, account)
	troubled := m.trouble[d] > 0
	began := time.Now()
	lease, err := d.checkOut(q)
	if err == nil {
		m.leases = append(m.leases, &promise{desk: d, account: account, id: lease.GetId(), state: live, ends: began.Add(q.duration), answered: true})
		if troubled {
			m.leases[len(m.leases)-1].ends = lease.GetEndsAt().AsTime()
		}
	} else if e := m.w.byRequest(q.id); e != nil && v != mustNot {
		m.leases = append(m.leases, &promise{desk: d, account: account, id: string(e.ID), state: unsure, ends: e.EndsAt})
	}
	m.hold(rt, "a check-out of "+q.account+" by "+d.name, v, err)
}

// byRequest gives the lease of a check-out that the hub committed.
func (w *world) byRequest(request string) *entry {
	for _, e := range w.ledger.order {
		if e.request == request {
			return e
		}
	}
	return nil
}

// checkOutAgain repeats a check-out that was answered: nothing new may come of it.
func (m *model) checkOutAgain(rt *rapid.T, d *desk) {
	p := m.some(rt, d)
	if p == nil {
		return
	}
	v := either
	if m.wiped(p) {
		v = mustNot
	}
	before := len(m.w.ledger.order)
	_, err := d.checkOut(d.requests[m.w.ledger.leases[keyshift.ID(p.id)].request])
	if len(m.w.ledger.order) != before {
		m.w.violated("the model: a repeated check-out made another lease")
	}
	m.hold(rt, "a repeated check-out of "+m.w.nameOf(p.id), v, err)
}

// some gives a lease of a desk, one that is not over if there is one.
func (m *model) some(rt *rapid.T, d *desk) *promise {
	var own []*promise
	for _, p := range m.leases {
		if p.desk == d && (p.state != over || time.Since(p.since) < 3*time.Minute) {
			own = append(own, p)
		}
	}
	if len(own) == 0 {
		return nil
	}
	slices.Reverse(own)
	return rapid.SampledFrom(own).Draw(rt, "lease")
}

func (m *model) use(rt *rapid.T, d *desk) {
	if p := m.some(rt, d); p != nil {
		v := m.mayUse(p)
		p.maybeShown = p.maybeShown || v != mustNot
		err := d.reveal(p.id)
		p.shown = p.shown || err == nil
		m.hold(rt, "showing "+m.w.nameOf(p.id), v, err)
	}
}

// code is like use, but a code is only given once for its time.
func (m *model) code(rt *rapid.T, d *desk) {
	if p := m.some(rt, d); p != nil {
		v := m.mayUse(p)
		p.maybeShown = p.maybeShown || v != mustNot
		err := d.code(p.id)
		if v == must && keyshift.CodeOf(err) == keyshift.CodeCodeReleased {
			v = either
		}
		p.shown = p.shown || err == nil
		m.hold(rt, "a code for "+m.w.nameOf(p.id), v, err)
	}
}

func (m *model) renew(rt *rapid.T, d *desk) {
	p := m.some(rt, d)
	if p == nil {
		return
	}
	by := time.Duration(rapid.IntRange(2, 9).Draw(rt, "minutes")) * time.Minute
	v, end := m.mayUse(p), time.Now().Add(by)
	switch later := end.Sub(p.ends); {
	case v == must && later < -aMoment:
		v = mustNot
	case v == must && later < aMoment:
		v = either
	}
	err := d.renew(p.id, by)
	switch {
	case err == nil && m.trouble[d] == 0 && m.quiet(d, 0):
		p.ends = end
	case v != mustNot:
		if e := m.w.ledger.leases[keyshift.ID(p.id)]; e.EndsAt.After(p.ends) {
			p.ends = e.EndsAt
		}
	}
	m.hold(rt, "renewing "+m.w.nameOf(p.id), v, err)
}

func (m *model) checkIn(rt *rapid.T, d *desk) {
	if p := m.some(rt, d); p != nil && d.ready() != nil {
		err := d.checkIn(p.id)
		if err == nil {
			how := keyshift.LeaseCheckedIn
			if !m.quiet(d, 0) {
				how = "" // the hub may learn of its end by time first
			}
			m.end(p, how, time.Now())
		} else {
			m.doubt(d)
		}
	}
}

func (m *model) revoke(rt *rapid.T, d *desk) {
	target := hub.RevokeTarget{Device: keyshift.ID(d.id)}
	hit := func(p *promise) bool { return p.desk == d }
	switch rapid.IntRange(0, 3).Draw(rt, "target") {
	case 0:
		account := rapid.IntRange(0, 2).Draw(rt, "account")
		target, hit = hub.RevokeTarget{Account: accounts[account].name}, func(p *promise) bool { return p.account == account }
	case 1:
		target, hit = hub.RevokeTarget{User: d.user}, func(p *promise) bool { return p.desk.user == d.user }
	case 2:
		target, hit = hub.RevokeTarget{All: true}, func(*promise) bool { return true }
	}
	if m.w.revoke(target, rapid.Bool().Draw(rt, "answer lost")) {
		m.takeAway(hit)
	} else if m.w.hub.up {
		m.w.violated("the model: a revocation was refused")
	}
	m.fail(rt)
}

// takeAway ends leases that the hub has taken away.
func (m *model) takeAway(hit func(*promise) bool) {
	for _, p := range m.leases {
		if hit(p) {
			m.end(p, keyshift.LeaseRevoked, time.Now())
		}
	}
}

func (m *model) deactivate(_ *rapid.T, d *desk) {
	if m.w.deactivate(d.user, false) {
		m.users[d.user] = true
		for _, other := range m.w.desks { // being active again does not bring the devices back
			m.blocked[other] = m.blocked[other] || other.user == d.user
		}
		m.takeAway(func(p *promise) bool { return p.desk.user == d.user })
	}
}

func (m *model) activate(_ *rapid.T, d *desk) {
	if m.w.activate(d.user) {
		m.users[d.user] = false
	}
}

func (m *model) block(_ *rapid.T, d *desk) {
	if m.w.setDevice(d, keyshift.DeviceBlocked, false) {
		m.blocked[d] = true
		m.takeAway(func(p *promise) bool { return p.desk == d })
	}
}

func (m *model) trust(_ *rapid.T, d *desk) {
	if m.w.setDevice(d, keyshift.DeviceTrusted, false) {
		m.blocked[d] = false
	}
}

func (m *model) plug(_ *rapid.T, d *desk) { m.w.plug(d, d.cut) }

// crashAgent kills an agent, now or within what it does next; it comes again soon.
func (m *model) crashAgent(rt *rapid.T, d *desk) {
	if r := d.ready(); r != nil {
		r.fuse.crashIn = rapid.IntRange(1, 40).Draw(rt, "operation")
		m.disturb(d)
		m.checkOut(rt, d)
		d.kill()
		m.disturb(d)
	}
	m.w.pass(2 * time.Second)
	d.start()
	m.disturb(d)
}

// disturb says that something happened to a desk that its leases may not have outlived.
func (m *model) disturb(d *desk) {
	m.doubt(d)
	m.peace[d], m.war[d] = time.Time{}, time.Time{}
	m.observeDesk(d)
}

func (m *model) crashHub(_ *rapid.T, _ *desk) {
	if m.w.hub.up {
		m.w.hub.crash()
		m.w.say("the hub dies")
		return
	}
	m.w.must(m.w.hub.start(m.w.ctx, ""))
	m.w.say("the hub starts")
}

// cause lets something happen to the next letters of a desk.
func (m *model) cause(rt *rapid.T, d *desk) {
	m.trouble[d] = rapid.IntRange(1, 3).Draw(rt, "letters")
	m.w.say("%s: something will happen to %d letters", d.name, m.trouble[d])
	m.withTrouble()
	m.disturb(d)
}

func (m *model) oldLetter(_ *rapid.T, _ *desk) { m.w.sendAgain() }

func (m *model) clock(rt *rapid.T, d *desk) {
	d.wall = rapid.SampledFrom([]time.Duration{0, 0, 24 * time.Hour, -24 * time.Hour, 30 * time.Minute}).Draw(rt, "off")
	m.w.say("%s: the clock is off by %v", d.name, d.wall)
	m.disturb(d)
}

func (m *model) lock(_ *rapid.T, d *desk) {
	m.locked[d] = !m.locked[d]
	d.ring.FailWith(nil)
	if m.locked[d] {
		d.ring.FailWith(osring.ErrLocked)
	}
	m.w.say("%s: the keyring is locked: %v", d.name, m.locked[d])
	m.disturb(d)
}

func (m *model) aWhile(rt *rapid.T, _ *desk) {
	m.w.rest(time.Duration(rapid.IntRange(1, 20).Draw(rt, "seconds")) * time.Second)
}

func (m *model) long(rt *rapid.T, _ *desk) {
	m.w.rest(time.Duration(rapid.IntRange(30, 100).Draw(rt, "seconds")) * time.Second)
}
