package simulation

import (
	"time"

	"pgregory.net/rapid"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// check compares the model with what the hub shows, and with what the agents show.
func (m *model) check(rt *rapid.T) {
	m.observe()
	m.w.look()
	m.w.check()
	for _, p := range m.leases {
		m.settle(p)
		m.checkShown(p)
	}
	m.fail(rt)
}

// settle makes sure again what was unsure: after some time of peace hub and agent have to agree.
func (m *model) settle(p *promise) {
	if p.state != unsure || !m.quiet(p.desk, wiping) {
		return
	}
	e := m.w.ledger.leases[keyshift.ID(p.id)]
	hubSays, agentSays := e.LiveAt(m.w.hub.now()), m.shows(p)
	if hubSays != agentSays {
		m.w.violated("the model: after a time of peace the hub says that %s is live: %v, the agent: %v", e.name, hubSays, agentSays)
	}
	if hubSays {
		p.state, p.ends = live, e.EndsAt
		return
	}
	m.end(p, "", time.Now())
}

// shows reports whether the agent shows a lease as live.
func (m *model) shows(p *promise) bool {
	for _, h := range p.desk.run.agent.Leases() {
		if h.GetLease().GetId() == p.id {
			return h.GetEnding() == "" && h.GetLease().GetState() == v1.LeaseState_LEASE_STATE_ACTIVE
		}
	}
	return false
}

// checkShown holds what the hub shows of a lease against the model.
func (m *model) checkShown(p *promise) {
	e := m.w.ledger.leases[keyshift.ID(p.id)]
	name, step := e.name, e.Removal.Step
	switch {
	case p.state == live && e.State != keyshift.LeaseActive && time.Until(p.ends) > aMoment:
		m.w.violated("the model: the hub shows %s as %s, want active", name, e.State)
	case p.state == live && e.EndsAt.Sub(p.ends).Abs() > 2*aMoment:
		m.w.violated("the model: the hub shows %s until %v, want %v", name, e.EndsAt, p.ends)
	case p.state == over && e.State.Live() && e.LiveAt(m.w.hub.now()) && m.quiet(p.desk, wiping) && time.Since(p.since) > wiping:
		m.w.violated("the model: the hub shows %s as %s, want it over", name, e.State)
	case p.state == over && p.how != "" && !e.State.Live() && e.State != p.how:
		m.w.violated("the model: the hub shows %s as %s, want %s", name, e.State, p.how)
	case p.maybeShown && !p.shown:
	case p.shown && step > keyshift.RemovalSecretWiped:
		m.w.violated("the model: the hub says that access of %s is removed, but its secret was shown", name)
	case m.wiped(p) && m.w.hub.up && time.Since(p.since) > 2*wiping && step < m.wantStep(p):
		m.w.violated("the model: the hub shows the removal of %s as %s, want %s", name, step, m.wantStep(p))
	}
}

// wantStep is how far a removal has to come by itself.
func (m *model) wantStep(p *promise) keyshift.RemovalStep {
	if p.shown || !p.answered { // a check-out that nobody got an answer to is forgotten after a while
		return keyshift.RemovalSecretWiped
	}
	return keyshift.RemovalSessionClosed
}
