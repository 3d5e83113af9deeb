package simulation

import (
	"time"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// verdict is what a model says beforehand of the outcome of an act.
type verdict int

const (
	// either: the promises leave it open, because of what went wrong or because the time for it is just over.
	either verdict = iota
	must
	mustNot
)

// state is what a model knows of a lease.
type state int

const (
	// unsure: only hub and agent know. They have to agree after some time of peace.
	unsure state = iota
	live
	over
)

// promise is a lease by the model.
type promise struct {
	desk    *desk
	account int
	id      string
	state   state
	// ends is when it ends at the latest.
	ends time.Time
	// how it ended, "" if that is not sure, and since when it is over.
	how   keyshift.LeaseState
	since time.Time
	// shown, maybeShown: its secret was given to the user.
	shown, maybeShown bool
	// answered: the user was told that it is there.
	answered bool
}

// model is a company by its promises. It knows what people and owner did and what happened to computers, and nothing of
// how hub and agents work.
type model struct {
	w      *world
	leases []*promise
	// peace is since when a desk has everything that it needs: power, network, clock, keyring and a hub. Zero: it has not.
	peace map[*desk]time.Time
	// war is since when it has not.
	war map[*desk]time.Time
	// trouble is how many more letters of a desk something will happen to.
	trouble map[*desk]int
	locked  map[*desk]bool
	users   map[string]bool // who is deactivated
	blocked map[*desk]bool
}

// Times after which the promises hold for sure.
const (
	// aMoment covers rounding and the turns of loops.
	aMoment = 5 * time.Second
	// wiping is how long a wipe and its report take at most once nothing stands in their way.
	wiping = 75 * time.Second
	// contactAge is how old a contact may be although the hub can be reached.
	contactAge = 40 * time.Second
)

func newModel(w *world) *model {
	m := &model{
		w: w, peace: map[*desk]time.Time{}, war: map[*desk]time.Time{}, trouble: map[*desk]int{}, locked: map[*desk]bool{}, users: map[string]bool{},
		blocked: map[*desk]bool{},
	}
	for _, d := range w.desks {
		m.war[d] = time.Now()
	}
	return m
}

// connected reports whether a desk and the hub can talk.
func (m *model) connected(d *desk) bool {
	return m.w.hub.up && !d.cut && d.run != nil && !d.asleep && d.wall.Abs() < time.Minute
}

// welcome reports whether the hub lends to a desk at all.
func (m *model) welcome(d *desk) bool { return !m.users[d.user] && !m.blocked[d] }

// quiet reports whether a desk has had everything for so long.
func (m *model) quiet(d *desk, long time.Duration) bool {
	return !m.peace[d].IsZero() && time.Since(m.peace[d]) >= long
}

// observe brings the model up to date with the computers and the time.
func (m *model) observe() {
	for _, d := range m.w.desks {
		m.observeDesk(d)
	}
	for _, p := range m.leases {
		m.observeLease(p)
	}
}

func (m *model) observeDesk(d *desk) {
	well := m.connected(d) && !m.locked[d] && m.trouble[d] == 0 && d.run.fuse.crashIn == 0
	switch {
	case well && m.peace[d].IsZero():
		m.peace[d], m.war[d] = time.Now(), time.Time{}
	case !well && m.war[d].IsZero():
		m.peace[d], m.war[d] = time.Time{}, time.Now()
	}
}

// observeLease ends a lease whose time is over, and gives up certainty where its offline grace may be.
func (m *model) observeLease(p *promise) {
	if p.state == over {
		return
	}
	if !time.Now().Before(p.ends) {
		m.end(p, keyshift.LeaseExpired, p.ends)
		return
	}
	grace := max(*accounts[p.account].settings.OfflineGrace, 10*time.Second)
	if p.state == live && !m.war[p.desk].IsZero() && time.Since(m.war[p.desk])+contactAge >= grace {
		p.state = unsure
	}
}

// end ends a lease in the model. Who was not sure of it is not sure how it ended.
func (m *model) end(p *promise, how keyshift.LeaseState, at time.Time) {
	if p.state == over {
		return
	}
	if p.state == unsure {
		how = ""
	}
	p.state, p.how, p.since = over, how, at
}

// doubt gives up certainty about all leases of a desk.
func (m *model) doubt(d *desk) {
	for _, p := range m.leases {
		if p.desk == d && p.state == live {
			p.state = unsure
		}
	}
}

// held gives what the model knows of who has an account: somebody for sure, nobody for sure, or neither.
func (m *model) held(account int) (surely, free bool) {
	free = true
	for _, p := range m.leases {
		if p.account != account {
			continue
		}
		switch {
		case p.state == live && time.Until(p.ends) > aMoment:
			surely = true
		case p.state != over, !m.wiped(p):
			free = false
		}
	}
	return surely, free && !surely
}

// wiped reports whether a lease that is over has to be wiped, and the hub to know.
func (m *model) wiped(p *promise) bool {
	return p.state == over && time.Since(p.since) >= wiping && m.quiet(p.desk, wiping)
}

// mayCheckOut says what has to come of a check-out.
func (m *model) mayCheckOut(d *desk, account int) verdict {
	taken, free := m.held(account)
	exclusive := *accounts[account].settings.Exclusive
	switch {
	case !m.connected(d), !m.welcome(d), exclusive && taken:
		return mustNot
	case m.quiet(d, aMoment) && (free || !exclusive):
		return must
	}
	return either
}

// mayUse says what has to come of a use.
func (m *model) mayUse(p *promise) verdict {
	switch {
	case p.state == over, !m.connected(p.desk), !m.welcome(p.desk):
		return mustNot
	case p.state == live && m.quiet(p.desk, aMoment) && time.Until(p.ends) > aMoment:
		return must
	}
	return either
}
