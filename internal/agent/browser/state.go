package browser

import (
	"bytes"
	"cmp"
	"encoding/json"
	"strings"
	"time"

	"github.com/keyshift-hq/keyshift/internal/agent"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/native"
)

// endsSoon is how long before its end a profile is told of it.
const endsSoon = 5 * time.Minute

// told is what a connection has heard already.
type told struct {
	state  []byte
	codes  map[string]bool // whether a code was ready
	leases map[string]bool // to whether its near end was told
	packs  map[string]int64
}

// state is all that a profile has to know.
func (s *Server) state(profile string) native.State {
	b := s.Engine.Browsing(profile)
	state := native.State{
		Leases: []native.Lease{}, Ended: []native.Ended{}, ServerTime: native.Millis(b.Now.UnixMilli()), WordsVersion: s.Packs.Words().Version,
		WatchPersonal: s.Packs.GuardPersonal() && s.Engine.WorkHoursNow(),
	}
	if !b.OfflineSince.IsZero() {
		state.OfflineSince = native.Millis(b.OfflineSince.UnixMilli())
	}
	for _, l := range b.Leases {
		if concerns(profile, l) {
			state.Leases = append(state.Leases, s.leaseOf(profile, l))
		}
	}
	for _, o := range b.Owed {
		state.Ended = append(state.Ended, s.endedOf(o))
	}
	return state
}

// concerns tells whether a profile has to do with a lease: a work browser only with those of its account.
func concerns(profile string, l *v1.Lease) bool {
	return !strings.HasPrefix(profile, workPrefix) || profile == workPrefix+accountName(l)
}

// endedOf is a lease that is over, with everything in which something of it may be left.
func (s *Server) endedOf(o agent.OwedCleanup) native.Ended {
	name := keyshift.PackName(o.Network, o.Handle)
	p, _, _ := s.Packs.Pack(name)
	e := native.Ended{ID: o.LeaseID, Network: name, Hosts: some(p.Hosts), CookieDomains: some(p.CookieDomains)}
	for _, entrance := range p.Delegated {
		if o.Delegated {
			e.Hosts = append(e.Hosts, entrance.Hosts...)
			e.CookieDomains = append(e.CookieDomains, entrance.CookieDomains...)
		}
	}
	return e
}

var accessModes = map[v1.AccessMode]native.AccessMode{
	v1.AccessMode_ACCESS_MODE_DELEGATED: native.AccessDelegated, v1.AccessMode_ACCESS_MODE_SHARED_SECRET: native.AccessSharedSecret,
	v1.AccessMode_ACCESS_MODE_BREAK_GLASS: native.AccessBreakGlass,
}

// leaseOf is a live lease in the words of the extension in a profile.
func (s *Server) leaseOf(profile string, l *v1.Lease) native.Lease {
	network, handle := networkOf(l), keyshift.ShownHandle(wordOf(l), l.GetHandle())
	var hosts []string // none where the pack was withdrawn
	if p, _, ok := s.Packs.Pack(network); ok {
		hosts = p.FillHosts
	}
	lease := native.Lease{
		ID: l.GetId(), Network: network, Handle: handle, AccountRef: cmp.Or(s.Packs.AccountRef(l.GetId()), handle), Hosts: some(hosts),
		EndsAt: native.Millis(l.GetEndsAt().AsTime().UnixMilli()), StartedAt: native.Millis(l.GetStartedAt().AsTime().UnixMilli()),
		Mode: accessModes[l.GetAccessMode()], HasCode: l.GetHasCodeSeed(), Fields: []native.Field{}, AllowedGuards: some(s.Packs.AllowedGuards(l.GetId())),
	}
	if lease.Mode != native.AccessDelegated {
		lease.Fields = append(lease.Fields, native.FieldUsername, native.FieldPassword)
	}
	if lease.HasCode || s.Engine.RelayReady(l.GetId()) {
		lease.Fields = append(lease.Fields, native.FieldCode)
	}
	if at := s.openings.of(lease.ID); at.asksIn(profile, s.Now()) {
		lease.FillAskedUntil = native.Millis(at.until.UnixMilli())
	}
	return lease
}

// some makes a list that is there, and empty, of one that is not.
func some[T any](list []T) []T { return append([]T{}, list...) }

// tell tells a paired profile what it does not know yet. While something changes with time, it says how long at most until it
// has to look again.
func (c *conn) tell() (next time.Duration, again bool) {
	c.mu.Lock()
	welcome := c.welcome
	c.mu.Unlock()
	if !welcome || !c.paired() {
		return 0, false
	}
	state := c.s.state(c.profileID())
	c.tellState(state)
	c.tellPacks()
	c.tellCodes(state)
	return c.tellLeases(state), len(state.Leases) > 0 || c.s.Packs.GuardPersonal() // work hours begin and end by themselves
}

// tellState sends the state unless only the time in it is new.
func (c *conn) tellState(state native.State) {
	now := state.ServerTime
	state.ServerTime = 0
	raw, err := json.Marshal(state)
	if err != nil {
		return // it always fits
	}
	state.ServerTime = now
	c.mu.Lock()
	known := bytes.Equal(raw, c.told.state)
	c.told.state = raw
	c.mu.Unlock()
	if !known {
		c.event(native.TypeState, state)
	}
}

// tellCodes says for which leases a code has come that somebody passed on.
func (c *conn) tellCodes(state native.State) {
	now := map[string]bool{}
	for _, l := range state.Leases {
		now[l.ID] = c.s.Engine.RelayReady(l.ID)
	}
	c.mu.Lock()
	before := c.told.codes
	c.told.codes = now
	c.mu.Unlock()
	for id, ready := range now {
		if ready && !before[id] {
			c.event(native.TypeCodeReady, native.LeaseRef{LeaseID: id})
		}
	}
}

// tellPacks says which packs have another version than before. What hello said counts as told.
func (c *conn) tellPacks() {
	now := map[string]int64{}
	for _, v := range c.s.Packs.Versions() {
		now[v.Network] = v.Version
	}
	c.mu.Lock()
	before := c.told.packs
	c.told.packs = now
	c.mu.Unlock()
	for network, version := range now {
		if before != nil && before[network] != version {
			c.event(native.TypePacksChanged, native.PackVersion{Network: network, Version: version})
		}
	}
}

// tellLeases says which leases are over, and which soon will be.
func (c *conn) tellLeases(state native.State) time.Duration {
	c.mu.Lock()
	before := c.told.leases
	c.told.leases = map[string]bool{}
	next, ending := lookAgain, []native.LeaseEnding(nil)
	for _, l := range state.Leases {
		left := time.UnixMilli(int64(l.EndsAt)).Sub(c.s.Now())
		if left > endsSoon {
			next = min(next, left-endsSoon)
		} else if !before[l.ID] {
			ending = append(ending, native.LeaseEnding{LeaseID: l.ID, EndsAt: l.EndsAt})
		}
		c.told.leases[l.ID] = left <= endsSoon
	}
	now := c.told.leases
	c.mu.Unlock()
	for _, e := range ending {
		c.event(native.TypeLeaseEnding, e)
	}
	for id := range before {
		if _, live := now[id]; !live {
			c.event(native.TypeLeaseEnded, native.LeaseEnded{LeaseID: id, Reason: c.s.reason(id)})
		}
	}
	return max(next, time.Second)
}

// reason says in one word why a lease ended.
func (s *Server) reason(lease string) string {
	for _, h := range s.Engine.Leases() {
		if h.GetLease().GetId() != lease {
			continue
		}
		switch h.GetLease().GetState() {
		case v1.LeaseState_LEASE_STATE_CHECKED_IN:
			return "checked_in"
		case v1.LeaseState_LEASE_STATE_EXPIRED:
			return "expired"
		case v1.LeaseState_LEASE_STATE_REVOKED:
			return "revoked"
		}
	}
	return "ended"
}
