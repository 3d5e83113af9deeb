package agent

import (
	"context"
	"errors"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/keyshift-hq/keyshift/internal/agent/secretstore"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/seal"
)

// usable gives an active lease whose time is not over, and whether or not the hub was heard lately. It is asked before
// each use, and again after everything that took time.
func (a *Agent) usable(request string) (record, error) {
	rec, ok := a.journal.get(request)
	if !ok || rec.Phase != active {
		return rec, leaseOver(rec.Cause)
	}
	if cause := a.times.judge(rec.term()); cause != "" {
		a.end(request, cause)
		return rec, leaseOver(cause)
	}
	return rec, nil
}

// trusted is usable for what needs a fresh word of the hub. An old word is renewed first if the hub can be reached.
func (a *Agent) trusted(ctx context.Context, name string) (record, error) {
	rec, err := a.find(name)
	if err != nil {
		return rec, err
	}
	if rec, err = a.usable(rec.RequestID); err != nil {
		return rec, err
	}
	if a.times.refusal() != nil {
		_ = a.SyncNow(ctx) // what came of it is judged below
	}
	return a.stillTrusted(rec.RequestID)
}

func (a *Agent) stillTrusted(request string) (record, error) {
	rec, err := a.usable(request)
	if err == nil {
		err = a.times.refusal()
	}
	return rec, err
}

// Reveal gives the secret of a live lease, where the account allows showing it and after the hub has recorded that it
// is about to be shown. The hub is told only of a secret that the keyring gave. The caller wipes it.
func (a *Agent) Reveal(ctx context.Context, name string) (*keyshift.Opened, error) {
	rec, err := a.trusted(ctx, name)
	switch {
	case err != nil:
		return nil, err
	case delegated(rec.Lease):
		return nil, errNoSecret
	case !rec.Lease.GetAllowShow():
		return nil, errShowForbidden
	}
	l, s, err := a.talk(ctx)
	if err != nil {
		return nil, err
	}
	secret, err := a.open(ctx, l, rec)
	defer seal.Wipe(secret)
	if err != nil {
		return nil, err
	}
	_, _, err = hubclient.Ask(ctx, s.hub.NoteReveal, &v1.NoteRevealRequest{RequestId: a.newID(), LeaseId: rec.Lease.GetId()})
	err = a.heard(err)
	if err != nil {
		return nil, err
	}
	return a.handOutSecret(rec, secret, func() error { return a.handOut(rec.RequestID) })
}

// handOut notes, before it happens, that something of the lease is given to the user.
func (a *Agent) handOut(request string) error {
	_, err := a.journal.change(request, func(r record) (record, error) {
		if r.Phase != active {
			return r, leaseOver(r.Cause)
		}
		r.HandedOut = true
		return r, nil
	})
	return err
}

// open reads the encoded secret of an active lease, which the caller wipes. A copy that does not open ends the lease.
func (a *Agent) open(ctx context.Context, l *link, rec record) ([]byte, error) {
	secret, err := a.vault.Open(ctx, rec.RequestID, l.owner(rec.Lease.GetId(), rec.AccountID))
	if _, over := a.stillTrusted(rec.RequestID); over != nil {
		seal.Wipe(secret)
		return nil, over
	}
	if errors.Is(err, secretstore.ErrBroken) {
		return nil, a.tampered(rec, err)
	}
	if err != nil {
		return nil, storeError(err)
	}
	return secret, nil
}

// handOutSecret gives an opened secret after all that took time, if it may still be given; before that, note is called to
// write down that it is. The encoded secret is wiped.
func (a *Agent) handOutSecret(rec record, secret []byte, note func() error) (*keyshift.Opened, error) {
	defer seal.Wipe(secret)
	if err := note(); err != nil {
		return nil, err
	}
	if _, err := a.stillTrusted(rec.RequestID); err != nil {
		return nil, err
	}
	poke(a.forgetSoon)
	opened, err := openCredential(secret)
	if err != nil {
		return nil, a.tampered(rec, err)
	}
	return opened, nil
}

func openCredential(secret []byte) (opened *keyshift.Opened, err error) {
	seal.Quietly(func() { opened, err = keyshift.OpenCredential(secret) })
	return opened, err
}

func (a *Agent) tampered(rec record, err error) error {
	a.log.Error("stored secret was changed", "request_id", rec.RequestID, "error", err)
	a.problems.set(fromKeyring, errTampered.Because(err))
	a.end(rec.RequestID, keyshift.CauseTampered)
	return errTampered
}

// Code gives a one-time code for a live lease. The hub releases each once; the seed never leaves it. validUntil is by
// the hub's clock.
func (a *Agent) Code(ctx context.Context, name string) (code string, validUntil time.Time, err error) {
	rec, err := a.trusted(ctx, name)
	if err != nil {
		return "", time.Time{}, err
	}
	note := func() error { return a.handOut(rec.RequestID) }
	if a.RelayReady(rec.Lease.GetId()) {
		plain, until, err := a.relayedFor(rec, note)
		defer seal.Wipe(plain)
		return string(plain), until, err
	}
	plain, until, err := a.codeFor(ctx, rec, note)
	defer seal.Wipe(plain)
	return string(plain), until, err
}

// codeFor gets a one-time code, which the caller wipes. Before it is opened, note is called to write down that it is given
// out.
func (a *Agent) codeFor(ctx context.Context, rec record, note func() error) (code []byte, validUntil time.Time, err error) {
	l, s, err := a.talk(ctx)
	if err != nil {
		return nil, time.Time{}, err
	}
	answer, _, err := hubclient.Ask(ctx, s.hub.GetCode, &v1.GetCodeRequest{RequestId: a.newID(), LeaseId: rec.Lease.GetId()})
	err = a.heard(err)
	if err != nil {
		return nil, time.Time{}, err
	}
	if err := note(); err != nil {
		return nil, time.Time{}, err
	}
	if _, err := a.stillTrusted(rec.RequestID); err != nil {
		return nil, time.Time{}, err
	}
	until := answer.GetValidUntil().AsTime()
	plain, err := s.keys.Open(l.codeContext(rec.Lease, until), answer.GetSealedCode())
	if err != nil {
		return nil, time.Time{}, errStrangeAnswer.Because(err)
	}
	return plain, until, nil
}

func (l *link) codeContext(lease *v1.Lease, until time.Time) seal.Context {
	c := l.sealContext(lease)
	c.Purpose, c.Epoch, c.EndsAtMicros = seal.PurposeCode, 0, until.UnixMicro()
	return c
}

// Renew asks the hub to prolong a live lease by a duration from now.
func (a *Agent) Renew(ctx context.Context, name string, d time.Duration) (*v1.HeldLease, error) {
	rec, err := a.find(name)
	if err != nil {
		return nil, err
	}
	if rec, err = a.usable(rec.RequestID); err != nil {
		return nil, err
	}
	_, s, err := a.talk(ctx)
	if err != nil {
		return nil, err
	}
	answer, contact, err := hubclient.Ask(ctx, s.hub.Renew, &v1.RenewRequest{RequestId: a.newID(), LeaseId: rec.Lease.GetId(), Duration: durationpb.New(d)})
	err = a.heard(err)
	if err != nil {
		return nil, err
	}
	if rec, err = a.refresh(rec.RequestID, answer.GetLease(), contact); err != nil {
		return nil, err
	}
	a.keepTime()
	return a.view(rec), nil
}

// CheckIn ends a lease, wipes it, and tells the hub. It returns how far that has come: whatever remains, because the
// keyring refuses or the hub is out of reach, goes on by itself.
func (a *Agent) CheckIn(ctx context.Context, name string) (*v1.HeldLease, error) {
	rec, err := a.find(name)
	if err != nil {
		return nil, err
	}
	a.end(rec.RequestID, keyshift.CauseCheckedIn)
	a.wiper.hurry(rec.RequestID)
	settled, done := a.settle(ctx, rec.RequestID)
	if settled.Lease == nil {
		settled = rec // somebody else was faster
		settled.Phase, settled.Cause = ending, keyshift.CauseCheckedIn
	}
	h := a.view(settled)
	if done {
		h.Ending = ""
	}
	return h, nil
}
