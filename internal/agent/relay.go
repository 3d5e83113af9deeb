package agent

import (
	"context"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/seal"
)

// relays are codes that people pass on: those that this user is asked for, and those that came for a lease here. Codes are in
// memory only, until they are used or too old.
type relays struct {
	mu    sync.Mutex
	asked []*v1.CodeRelay
	// ready are codes by the id of their lease.
	ready map[string]relayedCode
}

type relayedCode struct {
	code  []byte
	until time.Time
}

// expire wipes codes that are too old.
func (r *relays) expire(now time.Time) {
	for lease, c := range r.ready {
		if !now.Before(c.until) {
			seal.Wipe(c.code)
			delete(r.ready, lease)
		}
	}
}

// use gives the code of a lease, once.
func (r *relays) use(lease string, now time.Time) (relayedCode, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.expire(now)
	c, ok := r.ready[lease]
	delete(r.ready, lease)
	return c, ok
}

// forget wipes all, for another hub.
func (r *relays) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.ready {
		seal.Wipe(c.code)
	}
	r.asked, r.ready = nil, nil
}

func (r *relays) keep(lease string, c relayedCode, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.expire(now)
	if r.ready == nil {
		r.ready = map[string]relayedCode{}
	}
	seal.Wipe(r.ready[lease].code)
	r.ready[lease] = c
}

// RelayReady reports whether a code that somebody passed on waits for a live lease.
func (a *Agent) RelayReady(lease string) bool {
	a.relays.mu.Lock()
	defer a.relays.mu.Unlock()
	a.relays.expire(a.wall())
	_, ok := a.relays.ready[lease]
	return ok
}

// HasCustodian reports whether somebody can be asked for the codes of a lease's account.
func (a *Agent) HasCustodian(lease string) bool { return a.companion.lease(lease).GetHasCustodian() }

// AskRelay asks the custodians of a live lease's account for a code. It comes, if somebody types it in, with a later sync.
func (a *Agent) AskRelay(ctx context.Context, lease string) error {
	if _, err := a.trustedLease(ctx, lease); err != nil {
		return err
	}
	return a.askRelay(ctx, lease)
}

// AskRelayFor is AskRelay for a lease that is named by its account or id.
func (a *Agent) AskRelayFor(ctx context.Context, name string) error {
	rec, err := a.trusted(ctx, name)
	if err != nil {
		return err
	}
	return a.askRelay(ctx, rec.Lease.GetId())
}

func (a *Agent) askRelay(ctx context.Context, lease string) error {
	_, s, err := a.talk(ctx)
	if err != nil {
		return err
	}
	_, _, err = hubclient.Ask(ctx, s.hub.AskRelay, &v1.AskRelayRequest{RequestId: a.newID(), LeaseId: lease})
	return a.heard(err)
}

// takeRelays keeps what this user is asked for, and fetches codes that wait. It reports whether anything is new.
func (a *Agent) takeRelays(ctx context.Context, l *link, s *line, answer *v1.SyncResponse) (changed bool) {
	a.relays.mu.Lock()
	a.relays.expire(a.wall())
	changed = len(a.relays.asked) != len(answer.GetRelays())
	for i, r := range answer.GetRelays() {
		changed = changed || !proto.Equal(r, a.relays.asked[i])
	}
	a.relays.asked = answer.GetRelays()
	a.relays.mu.Unlock()
	for _, r := range answer.GetRelaysAnswered() {
		if err := a.fetchRelay(ctx, l, s, r); err != nil {
			a.log.Warn("fetch a code that was passed on", "lease_id", r.GetLeaseId(), "error", err)
			continue
		}
		changed = true
	}
	return changed
}

// fetchRelay takes a code from the hub. The request id comes from the relay's, so that a lost answer loses no code.
func (a *Agent) fetchRelay(ctx context.Context, l *link, s *line, r *v1.RelayAnswered) error {
	rec, ok := a.journal.byLease(r.GetLeaseId())
	if !ok || rec.Foreign || rec.Phase != active {
		return keyshift.ErrLeaseOver
	}
	answer, _, err := hubclient.Ask(ctx, s.hub.TakeRelay, &v1.TakeRelayRequest{RequestId: derivedID("take relay", r.GetRelayId()), RelayId: r.GetRelayId()})
	if err != nil {
		return a.heard(err)
	}
	until := answer.GetExpiresAt().AsTime()
	code, err := s.keys.Open(l.relayContext(rec.Lease.GetId(), rec.AccountID, l.self().DeviceID, until), answer.GetSealedCode())
	if err != nil {
		return errStrangeAnswer.Because(err)
	}
	if len(code) > maxRelayCode {
		seal.Wipe(code)
		return errStrangeAnswer
	}
	a.relays.keep(rec.Lease.GetId(), relayedCode{code, until}, a.wall())
	return nil
}

// maxRelayCode is the length of the longest code.
const maxRelayCode = 10

// relayContext is what a code is bound to that a custodian's device seals to the asking one.
func (l *link) relayContext(lease, account, device string, until time.Time) seal.Context {
	return seal.Context{
		Purpose: seal.PurposeRelayedCode, HubID: l.self().HubID, DeviceID: device, LeaseID: lease, AccountID: account, EndsAtMicros: until.UnixMicro(),
	}
}

// RelayRequests are the codes that this user, a custodian, is asked for.
func (a *Agent) RelayRequests() []*v1.RelayRequest {
	a.relays.mu.Lock()
	defer a.relays.mu.Unlock()
	list := []*v1.RelayRequest{}
	for _, r := range a.relays.asked {
		if a.wall().Before(r.GetExpiresAt().AsTime()) {
			list = append(list, &v1.RelayRequest{Id: r.GetId(), Account: r.GetAccount(), User: r.GetUser(), Device: r.GetDevice(), AskedAt: r.GetAskedAt(), ExpiresAt: r.GetExpiresAt()})
		}
	}
	return list
}

// AnswerRelay passes a code on: sealed here to the device that asked, so that not even the hub can read it.
func (a *Agent) AnswerRelay(ctx context.Context, id, typed string) error {
	code, err := keyshift.CleanRelayCode(typed)
	if err != nil {
		return err
	}
	l, s, err := a.talk(ctx)
	if err != nil {
		return err
	}
	asked, ok := a.relays.askedFor(id)
	if !ok {
		_ = a.SyncNow(ctx) // it may be new
		if asked, ok = a.relays.askedFor(id); !ok {
			return keyshift.NotFound("request for a code", id)
		}
	}
	sealed, err := seal.SealToDevice(asked.GetSealingKey(), l.relayContext(asked.GetLeaseId(), asked.GetAccountId(), asked.GetDeviceId(), asked.GetExpiresAt().AsTime()), []byte(code))
	if err != nil {
		return errStrangeAnswer.Because(err)
	}
	_, _, err = hubclient.Ask(ctx, s.hub.AnswerRelay, &v1.AnswerRelayRequest{RequestId: a.newID(), RelayId: asked.GetId(), SealedCode: sealed})
	if err = a.heard(err); err == nil || keyshift.CodeOf(err) == keyshift.CodeRelayOver {
		a.relays.answered(asked.GetId())
		a.bell.ring()
	}
	return err
}

// askedFor gives a request by its id; the only one there is may be left unnamed.
func (r *relays) askedFor(id string) (*v1.CodeRelay, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if id == "" && len(r.asked) == 1 {
		return r.asked[0], true
	}
	for _, asked := range r.asked {
		if asked.GetId() == id {
			return asked, true
		}
	}
	return nil, false
}

func (r *relays) answered(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var left []*v1.CodeRelay
	for _, asked := range r.asked {
		if asked.GetId() != id {
			left = append(left, asked)
		}
	}
	r.asked = left
}
