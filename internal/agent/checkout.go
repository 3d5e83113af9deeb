package agent

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/keyshift-hq/keyshift/internal/agent/secretstore"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/seal"
)

// CheckOut checks an account out and returns its active lease. Called again with the same request id, also after a
// crash or a lost answer, it returns the same lease; with another question under the same id it refuses. When it
// fails after the hub gave a lease, the lease is given back.
func (a *Agent) CheckOut(ctx context.Context, req *v1.LocalServiceCheckOutRequest) (*v1.HeldLease, error) {
	asked, err := readCheckOut(req)
	if err != nil {
		return nil, err
	}
	done, err := a.journal.take(ctx, asked.RequestID)
	if err != nil {
		return nil, givenUp(err)
	}
	defer done()
	if rec, ok := a.journal.get(asked.RequestID); ok {
		return a.checkOutAgain(ctx, rec, asked)
	}
	if err := a.mayBeLent(ctx); err != nil {
		return nil, err
	}
	if asked.AccountID, err = a.findAccount(ctx, asked.Account); err != nil {
		return nil, err
	}
	a.tellEnds(ctx, asked.AccountID)
	if asked.At, err = a.cfg.Clock.Read(); err != nil {
		return nil, errClockSuspect.Because(err)
	}
	asked.fresh = !a.vault.HasKey(asked.RequestID) // else an earlier run may have stored either half
	settle, err := a.journal.begin(asked)
	if err != nil {
		return nil, err
	}
	return a.obtain(ctx, asked, settle)
}

func readCheckOut(req *v1.LocalServiceCheckOutRequest) (record, error) {
	if err := keyshift.ValidateRequestID(req.GetRequestId()); err != nil {
		return record{}, err
	}
	reason, err := keyshift.ValidateReason(req.GetReason())
	if err != nil {
		return record{}, err
	}
	return record{
		// Some file systems and keyrings do not tell names apart by their case.
		RequestID: strings.ToLower(req.GetRequestId()),
		Phase:     requested, Account: req.GetAccount(), Reason: reason, Duration: req.GetDuration().AsDuration(),
	}, nil
}

func givenUp(err error) error {
	return keyshift.Refuse(keyshift.CodeUnavailable, "The request was given up before it was done.", "Try again.").Because(err)
}

// checkOutAgain answers a repeated check-out.
func (a *Agent) checkOutAgain(ctx context.Context, rec, asked record) (*v1.HeldLease, error) {
	switch {
	case rec.Account != asked.Account || rec.Reason != asked.Reason || rec.Duration != asked.Duration:
		return nil, errRequestReused
	case rec.Phase == active:
		return a.view(rec), nil
	case !rec.Phase.live():
		return nil, leaseOver(rec.Cause)
	case !a.inTime(rec):
		a.end(rec.RequestID, keyshift.CauseNotStored)
		return nil, leaseOver(keyshift.CauseNotStored)
	}
	return a.obtain(ctx, rec, settled)
}

// mayBeLent refuses before anything is asked for while the clock is off: a lease would end at once, or too late. An old
// word of the hub is renewed first.
func (a *Agent) mayBeLent(ctx context.Context) error {
	if _, _, err := a.talk(ctx); err != nil {
		return err
	}
	if a.times.refusal() == nil {
		return nil
	}
	if err := a.SyncNow(ctx); err != nil {
		return err
	}
	return a.times.refusal()
}

// tellEnds tells the hub of ended leases of an account that it may still think live: they would stand in the way of the next.
func (a *Agent) tellEnds(ctx context.Context, account string) {
	for _, rec := range a.journal.all() {
		if rec.AccountID == account && rec.Lease != nil && !rec.Phase.live() && rec.news() {
			a.wiper.hurry(rec.RequestID)
			a.settle(ctx, rec.RequestID)
		}
	}
}

// obtain takes a check-out from its request to an active lease. Its turn is taken. The hub is asked while the record comes to
// the disk, and nothing is stored before it is there.
func (a *Agent) obtain(ctx context.Context, rec record, settle func() error) (*v1.HeldLease, error) {
	l, s, err := a.talk(ctx)
	if err != nil {
		return nil, errors.Join(err, settle())
	}
	var answer *v1.CheckOutResponse
	var contact hubclient.Contact
	var unsettled error
	a.together(
		func() { answer, contact, err = a.askForLease(ctx, s, rec) },
		func() { unsettled = a.makeReady(rec.RequestID, settle) },
	)
	if err != nil {
		a.afterRefusal(rec, err)
		if unsettled != nil {
			a.end(rec.RequestID, keyshift.CauseNotStored)
		}
		return nil, err
	}
	rec = rec.withLease(answer.GetLease(), contact)
	if err := cmp.Or(unsettled, l.fits(rec)); err != nil {
		return nil, a.giveUp(ctx, rec, err)
	}
	if !liveState(rec.Lease) {
		return nil, a.forgetOver(rec)
	}
	// From here on the hub has given a lease: it is finished or given back, whether or not somebody still waits for it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keyshift.ActivateWithin)
	defer cancel()
	rec, err = a.keepAndActivate(ctx, l, s, rec, answer.GetSealedCredential())
	if err != nil {
		return nil, a.giveUp(ctx, rec, err)
	}
	a.problems.set(fromKeyring, nil)
	poke(a.askSoon) // the sync that was planned while nothing was lent may come too late, and it keeps the time first
	poke(a.newLease)
	return a.view(rec), nil
}

// attempts of a question whose answer was lost, and the waits in between.
const attempts = 3

func (a *Agent) patience() hubclient.Backoff {
	return hubclient.Backoff{First: 500 * time.Millisecond, Max: 3 * time.Second, Spread: a.cfg.Spread}
}

// makeReady settles the record and writes the key under which the secret will lie in the keyring, while the hub is asked for
// it. A key that is not written is written again when there is something to store, and fails the check-out then.
func (a *Agent) makeReady(request string, settle func() error) error {
	if err := settle(); err != nil {
		return err
	}
	if err := a.vault.Ready(request); err != nil {
		a.log.Debug("key not ready", "request_id", request, "error", err)
	}
	return nil
}

func (a *Agent) askForLease(ctx context.Context, s *line, rec record) (answer *v1.CheckOutResponse, contact hubclient.Contact, err error) {
	err = hubclient.Retry(ctx, attempts, a.patience(), func() error {
		answer, contact, err = hubclient.Ask(ctx, s.hub.CheckOut, &v1.CheckOutRequest{
			RequestId: rec.RequestID, AccountId: rec.AccountID, Reason: rec.Reason, Duration: durationpb.New(rec.Duration),
		})
		return err
	})
	err = a.heard(err)
	return answer, contact, err
}

// afterRefusal forgets a check-out that the hub refused. When it is not sure that the hub has no lease for it, the record
// stays until its time is over: the same request may come again, or the lease show up in a sync.
func (a *Agent) afterRefusal(rec record, err error) {
	switch keyshift.CodeOf(err) {
	case keyshift.CodeHubUnreachable, keyshift.CodeHubIdentityChanged, keyshift.CodeReplayed, keyshift.CodeInternal, keyshift.CodeUnavailable:
		return
	}
	if l := a.link.Load(); l != nil {
		l.names.forget(strings.TrimSpace(rec.Account))
	}
	if !rec.fresh || a.vault.DropKey(rec.RequestID) != nil { // an earlier run may have stored either half, or the key stays
		a.end(rec.RequestID, keyshift.CauseNotStored)
		return
	}
	if err := a.journal.drop(rec.RequestID); err != nil {
		a.log.Error("forget refused check-out", "request_id", rec.RequestID, "error", err)
	}
}

// fits reports whether an answer is about what was asked.
func (l *link) fits(rec record) error {
	lease := rec.Lease
	if !keyshift.ID(lease.GetId()).Valid() || lease.GetDeviceId() != l.self().DeviceID || lease.GetAccountId() != rec.AccountID ||
		lease.GetEndsAt() == nil || lease.GetEpoch() < 1 {
		return errStrangeAnswer
	}
	return nil
}

func liveState(l *v1.Lease) bool {
	return l.GetState() == v1.LeaseState_LEASE_STATE_PENDING || l.GetState() == v1.LeaseState_LEASE_STATE_ACTIVE
}

// forgetOver is for a repeated request whose lease is over already: there is nothing to keep. What an earlier run did
// with the lease is not known any more, so no more is said of it than that nothing is left.
func (a *Agent) forgetOver(rec record) error {
	_, err := a.journal.advance(rec.RequestID, func(now record) (record, error) {
		now = now.withLease(rec.Lease, rec.Given)
		now.Foreign = true
		return now, nil
	})
	if err == nil {
		a.endByHub(rec.RequestID, rec.Lease)
	}
	return keyshift.ErrLeaseOver
}

// keepAndActivate stores the secret while the hub is told that this device has it, and lets the lease be used when both are
// done. After a crash in between, the record is one whose answer was lost: asking again gives the same lease, and whatever
// was stored is stored anew or wiped. What could not be stored is given back.
func (a *Agent) keepAndActivate(ctx context.Context, l *link, s *line, rec record, sealed []byte) (record, error) {
	secret, err := a.openSealed(l, s, rec, sealed)
	defer seal.Wipe(secret)
	if err != nil {
		return rec, err
	}
	if err := a.journal.learn(rec); err != nil {
		return rec, err
	}
	var word activation
	lent := rec // keeping the secret notes in rec what became of it
	told := a.beside(func() { word = a.activate(ctx, s, lent) })
	err = a.keepSecret(ctx, l, &rec, secret)
	told()
	if err == nil {
		err = word.err
	}
	if err != nil {
		return rec, a.endedOr(rec, err)
	}
	next := rec.withLease(word.lease, word.contact)
	switch {
	case next.Lease.GetId() != rec.Lease.GetId() || l.fits(next) != nil || next.Lease.GetState() == v1.LeaseState_LEASE_STATE_PENDING:
		return rec, errStrangeAnswer
	case !liveState(next.Lease): // revoked after it was active, and before the hub said so
		a.endByHub(rec.RequestID, next.Lease)
		return rec, keyshift.ErrLeaseOver
	}
	return a.move(next, active)
}

// endedOr gives the reason for which a check-out failed: that it was ended meanwhile, which took its key away, or err.
func (a *Agent) endedOr(rec record, err error) error {
	if now, ok := a.journal.get(rec.RequestID); ok && !now.Phase.live() {
		return leaseOver(now.Cause)
	}
	return err
}

// move brings a live check-out into its next phase. It fails when the lease was ended meanwhile.
func (a *Agent) move(rec record, to phase) (record, error) {
	next, err := a.journal.change(rec.RequestID, func(now record) (record, error) {
		if !now.Phase.live() {
			return now, leaseOver(now.Cause)
		}
		rec.Phase = to
		return rec, nil
	})
	if err != nil {
		return rec, err
	}
	return next, nil
}

// activation is the hub's answer to it.
type activation struct {
	lease   *v1.Lease
	contact hubclient.Contact
	err     error
}

func (a *Agent) activate(ctx context.Context, s *line, rec record) (word activation) {
	var answer *v1.ActivateResponse
	err := hubclient.Retry(ctx, attempts, a.patience(), func() (err error) {
		answer, word.contact, err = hubclient.Ask(ctx, s.hub.Activate, &v1.ActivateRequest{
			RequestId: derivedID("activate", rec.RequestID), LeaseId: rec.Lease.GetId(),
		})
		return err
	})
	word.lease, word.err = answer.GetLease(), a.heard(err)
	return word
}

// openSealed opens what the hub sealed to this device; nil where nothing is lent. The caller wipes it.
func (a *Agent) openSealed(l *link, s *line, rec record, sealed []byte) ([]byte, error) {
	if delegated(rec.Lease) {
		return nil, nil
	}
	secret, err := s.keys.Open(l.sealContext(rec.Lease), sealed)
	if err != nil {
		return nil, errStrangeAnswer.Because(fmt.Errorf("open credential: %w", err))
	}
	opened, err := openCredential(secret)
	opened.Wipe()
	if err != nil {
		return secret, errStrangeAnswer.Because(err)
	}
	return secret, nil
}

// keepSecret stores the secret as the lease says.
func (a *Agent) keepSecret(ctx context.Context, l *link, rec *record, secret []byte) error {
	if delegated(rec.Lease) || inMemory(rec.Lease) {
		return a.keepNowhere(*rec, secret)
	}
	if err := a.vault.Keep(ctx, rec.RequestID, l.owner(rec.Lease.GetId(), rec.AccountID), secret); err != nil {
		rec.ItemFree = rec.fresh && errors.Is(err, secretstore.ErrNothingStored)
		return storeError(err)
	}
	return nil
}

// keepNowhere removes the key that was made ready: nothing of the lease is stored.
func (a *Agent) keepNowhere(rec record, secret []byte) error {
	if err := a.vault.DropKey(rec.RequestID); err != nil {
		return storageError(err)
	}
	if inMemory(rec.Lease) {
		a.vault.KeepInMemory(rec.RequestID, secret)
	}
	return nil
}

func (l *link) sealContext(lease *v1.Lease) seal.Context {
	d := l.self()
	return seal.Context{
		Purpose: seal.PurposeCredential, HubID: d.HubID, DeviceID: d.DeviceID, LeaseID: lease.GetId(), AccountID: lease.GetAccountId(),
		Epoch: uint64(lease.GetEpoch()), EndsAtMicros: lease.GetEndsAt().AsTime().UnixMicro(),
	}
}

// giveUp gives a lease back that could not be kept, and returns why.
func (a *Agent) giveUp(ctx context.Context, rec record, why error) error {
	a.log.Warn("give lease back", "request_id", rec.RequestID, "lease_id", rec.Lease.GetId(), "error", why)
	_, err := a.journal.advance(rec.RequestID, func(now record) (record, error) {
		if now.Lease == nil {
			now = now.withLease(rec.Lease, rec.Given)
		}
		if now.Phase.live() { // in one step: a live record that says its keyring is free would be taken up, and filled
			now.Phase, now.Cause = ending, keyshift.CauseNotStored
		}
		now.ItemFree = rec.ItemFree
		return now, nil
	})
	if err == nil {
		a.dropKey(rec.RequestID)
		a.settleTaken(ctx, rec.RequestID)
	}
	return why
}
