package browser

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/keyshift-hq/keyshift/internal/native"
)

const (
	// fillTTL is how long a value may be filled in.
	fillTTL = 5 * time.Second
	// fillsPerMinute is how many values of one lease can be asked for, whoever asks.
	fillsPerMinute = 6
)

// fillGet gives one value. Everything that the extension has asked is asked again, in an order that tells a stranger least.
func fillGet(ctx context.Context, c *conn, e native.Envelope) (*body, error) {
	var q native.FillGet
	if err := native.Decode(e.Body, &q); err != nil {
		return nil, err
	}
	if !c.profile().verify(native.SignedFill(c.challenge, e.ID, q), q.Signature) {
		return nil, native.Refuse(native.CodeBadSignature, "the request is not signed by this browser profile")
	}
	if err := c.s.mayFill(c.profileID(), q); err != nil {
		c.s.Log.Warn("fill refused", "lease_id", q.LeaseID, "field", string(q.Field), "error", err)
		return nil, err
	}
	value, err := c.s.Engine.FillFor(ctx, c.profileID(), q.LeaseID, q.Field)
	if err != nil {
		return nil, err
	}
	return fillBody(value, fillTTL.Milliseconds()), nil
}

// mayFill asks everything about a request but who signed it.
func (s *Server) mayFill(profile string, q native.FillGet) error {
	lease, ok := s.lease(profile, q.LeaseID)
	switch {
	case !ok:
		return native.Refuse(native.CodeNoLease, "there is no such lease")
	case !s.rates.take(q.LeaseID, s.Now()):
		return native.Refuse(native.CodeRateLimited, "the login was asked for too often: wait a minute")
	case q.Origin != q.TopOrigin:
		return native.Refuse(native.CodeFrameRefused, "the field is in a frame of another site")
	case !onHost(q.Origin, lease.Hosts):
		return native.Refuse(native.CodeOriginRefused, "this page is not one on which the account signs in")
	case !slices.Contains(lease.Fields, q.Field):
		return native.Refuse(native.CodeRefused, "this lease has no such value")
	case q.Gesture == native.GestureOpen && !s.openings.of(q.LeaseID).asksIn(profile, s.Now()):
		return native.Refuse(native.CodeRefused, "nobody opened this account just now: fill it in from the extension's button")
	}
	return nil
}

// lease gives a live lease as a profile sees it.
func (s *Server) lease(profile, id string) (native.Lease, bool) {
	for _, l := range s.Engine.Browsing("").Leases {
		if l.GetId() == id && concerns(profile, l) {
			return s.leaseOf(profile, l), true
		}
	}
	return native.Lease{}, false
}

// onHost reports whether an origin is https, on the default port, and of exactly one of the hosts. The extension asks the
// same in its own words; so does package pack.
func onHost(origin string, hosts []string) bool {
	host, secure := strings.CutPrefix(origin, "https://")
	if !secure || host == "" || strings.ToLower(host) != host {
		return false
	}
	return slices.Contains(hosts, host)
}

// rates count the values that were asked for, by lease.
type rates struct {
	mu    sync.Mutex
	asked map[string][]time.Time
}

// take counts one request, and reports whether it may be.
func (r *rates) take(lease string, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.asked == nil {
		r.asked = map[string][]time.Time{}
	}
	for id, times := range r.asked {
		times = slices.DeleteFunc(times, func(t time.Time) bool { return now.Sub(t).Abs() >= time.Minute })
		if r.asked[id] = times; len(times) == 0 {
			delete(r.asked, id)
		}
	}
	if len(r.asked[lease]) >= fillsPerMinute {
		return false
	}
	r.asked[lease] = append(r.asked[lease], now)
	return true
}
