package browser

import (
	"context"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/native"
)

// draftChecked tells the hub what kinds of things a draft had, and how many.
func draftChecked(_ context.Context, c *conn, q native.DraftChecked) (any, error) {
	if err := c.s.live(q.LeaseID); err != nil {
		return nil, err
	}
	if c.s.Notes == nil {
		return done, nil
	}
	return done, c.s.Notes.NoteDraft(q)
}

// guardHit tells the hub that a page was reached that the lease does not need.
func guardHit(_ context.Context, c *conn, q native.GuardHit) (any, error) {
	lease, ok := c.s.lease(c.profileID(), q.LeaseID)
	if !ok {
		return nil, native.Refuse(native.CodeNoLease, "there is no such lease")
	}
	if c.s.Notes == nil {
		return done, nil
	}
	return done, c.s.Notes.NoteGuard(lease, q)
}

// relayAsk asks a custodian for the code that the network sent there.
func relayAsk(ctx context.Context, c *conn, q native.RelayAsk) (any, error) {
	lease, ok := c.s.lease(c.profileID(), q.LeaseID)
	switch {
	case !ok:
		return nil, native.Refuse(native.CodeNoLease, "there is no such lease")
	case !onHost(q.Origin, lease.Hosts):
		return nil, native.Refuse(native.CodeOriginRefused, "this page is not one on which the account signs in")
	case c.s.Relay == nil:
		return nil, native.Refuse(native.CodeRefused, "your company's hub relays no codes")
	}
	err := c.s.Relay.AskRelay(ctx, q.LeaseID)
	if keyshift.CodeOf(err) == keyshift.CodeNotFound { // the lease is there: who is not is the custodian
		return nil, native.Refuse(native.CodeNoCustodian, "nobody is named who receives the codes of this account")
	}
	return done, err
}
