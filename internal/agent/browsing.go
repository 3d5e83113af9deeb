package agent

import (
	"context"
	"slices"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/native"
)

// Browsing is what a browser profile has to know of the leases.
type Browsing struct {
	// Leases are those that can be used, as the hub said them last.
	Leases []*v1.Lease
	// Owed are those that are over and of which something may be left in the profile.
	Owed []OwedCleanup
	Now  time.Time
	// OfflineSince is when the hub was last heard, while it is out of reach; zero otherwise.
	OfflineSince time.Time
}

// OwedCleanup is a lease that is over and of which something may be left.
type OwedCleanup struct {
	LeaseID string
	Network keyshift.Network
	Handle  string
	// Delegated leases are worked with on the network's own pages for roles, too.
	Delegated bool
}

// Browsing tells how things stand for one profile. An unknown profile owes nothing.
func (a *Agent) Browsing(profile string) Browsing {
	b := Browsing{Now: a.wall(), Owed: a.owedBy(profile)}
	for _, rec := range a.journal.all() {
		if rec.Phase == active && rec.Lease != nil && !rec.Foreign {
			b.Leases = append(b.Leases, rec.Lease)
		}
	}
	if last := a.times.state().Witnessed.Last.HubTime; !a.online.Load() && !last.IsZero() {
		b.OfflineSince = last
	}
	return b
}

// Owing lists the profiles that owe a clean-up.
func (a *Agent) Owing() (profiles []string) {
	for _, o := range a.sessions.list() {
		if rec, held := a.journal.byLease(o.LeaseID); !held || !rec.Phase.live() {
			profiles = append(profiles, o.Profiles...)
		}
	}
	slices.Sort(profiles)
	return slices.Compact(profiles)
}

func (a *Agent) owedBy(profile string) (list []OwedCleanup) {
	for _, o := range a.sessions.list() {
		rec, held := a.journal.byLease(o.LeaseID)
		if held && rec.Phase.live() {
			continue
		}
		for _, p := range o.Profiles {
			if p == profile {
				list = append(list, OwedCleanup{o.LeaseID, o.Network, o.Handle, o.Delegated})
			}
		}
	}
	return list
}

// trustedLease is trusted for a lease that has to be named by its id.
func (a *Agent) trustedLease(ctx context.Context, lease string) (record, error) {
	if rec, ok := a.journal.byLease(lease); !ok || rec.Foreign {
		return record{}, keyshift.ErrLeaseOver
	}
	return a.trusted(ctx, lease)
}

// FillFor gives one value of a live lease for one field in a browser profile, which owes a clean-up from then on: that is
// on the disk before the value is given. The caller wipes it.
func (a *Agent) FillFor(ctx context.Context, profile, lease string, field native.Field) ([]byte, error) {
	rec, err := a.trustedLease(ctx, lease)
	switch {
	case err != nil:
		return nil, err
	case field == native.FieldCode && a.RelayReady(lease):
		code, _, err := a.relayedFor(rec, func() error { return a.noteSession(rec, profile) })
		return code, err
	case field == native.FieldCode:
		code, _, err := a.codeFor(ctx, rec, func() error { return a.noteSession(rec, profile) })
		return code, err
	case delegated(rec.Lease):
		return nil, errNoSecret
	}
	l, err := a.tied()
	if err != nil {
		return nil, err
	}
	secret, err := a.open(ctx, l, rec)
	if err != nil {
		return nil, err
	}
	return a.fillOf(rec, secret, profile, field)
}

// relayedFor gives the code that somebody passed on for a lease, once. Before it is given, note is called to write that down.
func (a *Agent) relayedFor(rec record, note func() error) (code []byte, validUntil time.Time, err error) {
	if err := note(); err != nil {
		return nil, time.Time{}, err
	}
	c, ok := a.relays.use(rec.Lease.GetId(), a.wall())
	if !ok {
		return nil, time.Time{}, errRelayGone // used by another meanwhile, or too old
	}
	a.bell.ring()
	return c.code, c.until, nil
}

var errRelayGone = keyshift.Refuse(keyshift.CodeRelayOver, "The code that was passed on is too old, or was used already.", "Ask for another one.")

// fillOf takes one value out of an encoded secret, which it wipes.
func (a *Agent) fillOf(rec record, secret []byte, profile string, field native.Field) ([]byte, error) {
	opened, err := a.handOutSecret(rec, secret, func() error { return a.noteSession(rec, profile) })
	if err != nil {
		return nil, err
	}
	defer opened.Wipe()
	if field == native.FieldUsername {
		return append([]byte(nil), opened.Login()...), nil
	}
	return append([]byte(nil), opened.Password()...), nil
}

// noteSession writes down that something of a live lease may be in a profile.
func (a *Agent) noteSession(rec record, profile string) error {
	if _, err := a.usable(rec.RequestID); err != nil {
		return err
	}
	return a.sessions.note(rec, profile)
}

// SessionBegan takes note that the user is signed in at the network in a profile.
func (a *Agent) SessionBegan(profile, lease string) error {
	rec, ok := a.journal.byLease(lease)
	if !ok || rec.Foreign {
		return keyshift.ErrLeaseOver
	}
	return a.noteSession(rec, profile)
}

// SessionClosed takes note that nothing of a lease is left in a profile, and how signing out at the network went. For a live
// lease that changes nothing: something may come into it again.
func (a *Agent) SessionClosed(profile, lease string, signOut native.SignOut) error {
	if rec, ok := a.journal.byLease(lease); ok && rec.Phase.live() {
		return nil
	}
	err := a.sessions.clean(lease, profile, signOut)
	poke(a.closedSoon)
	a.bell.ring()
	return err
}

// BrowserConnected takes note that a profile talks to the agent, or does so no more. The hub hears of one that left before it
// cleaned up.
func (a *Agent) BrowserConnected(profile string, connected bool) {
	by := 1
	if !connected {
		by = -1
	}
	a.sessions.connect(profile, by)
	poke(a.closedSoon)
}

// Ring tells whoever listens that something changed that Status shows.
func (a *Agent) Ring() { a.bell.ring() }

// Files is the state folder, for the parts of the agent that keep something of their own there.
func (a *Agent) Files() Files { return a.files }

// WorkHoursNow reports whether this is work time for the user; without hours every moment is.
func (a *Agent) WorkHoursNow() bool { return a.reminders.read().Hours.Contain(a.wall()) }
