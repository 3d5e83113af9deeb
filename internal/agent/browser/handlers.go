package browser

import (
	"context"
	"errors"
	"time"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/native"
)

// handler answers one kind of request.
type handler struct {
	// slow ones may wait for keyring or hub, and do not keep others waiting.
	slow bool
	// unpaired ones may be asked by a profile that nobody said yes to.
	unpaired bool
	do       func(ctx context.Context, c *conn, e native.Envelope) (*body, error)
}

// handlers has all of native.Requests.
var handlers map[string]handler

func init() { // the table and its functions know each other
	handlers = map[string]handler{
		native.TypeHello:          {unpaired: true, do: with(hello)},
		native.TypePairBegin:      {unpaired: true, do: with(pairBegin)},
		native.TypeStateGet:       {do: with(stateGet)},
		native.TypePackGet:        {do: with(packGet)},
		native.TypeWordsGet:       {do: with(wordsGet)},
		native.TypeFillGet:        {slow: true, do: fillGet},
		native.TypeFillReport:     {do: with(fillReport)},
		native.TypeSessionBegan:   {do: with(sessionBegan)},
		native.TypeIdentitySeen:   {do: with(identitySeen)},
		native.TypeDraftChecked:   {do: with(draftChecked)},
		native.TypeGuardHit:       {do: with(guardHit)},
		native.TypeRelayAsk:       {slow: true, do: with(relayAsk)},
		native.TypeCleanupDone:    {do: with(cleanupDone)},
		native.TypeLeaseRenew:     {slow: true, do: with(leaseRenew)},
		native.TypeLeaseCheckIn:   {slow: true, do: with(leaseCheckIn)},
		native.TypeMistakeOpen:    {do: with(mistakeOpen)},
		native.TypeReminderAnswer: {do: with(reminderAnswer)},
		native.TypeSentList:       {do: with(sentList)},
		native.TypeFocus:          {do: with(focus)},
	}
}

// with reads the body of a request before it is answered.
func with[Q any](do func(ctx context.Context, c *conn, q Q) (any, error)) func(context.Context, *conn, native.Envelope) (*body, error) {
	return func(ctx context.Context, c *conn, e native.Envelope) (*body, error) {
		var q Q
		if err := native.Decode(e.Body, &q); err != nil {
			return nil, err
		}
		answer, err := do(ctx, c, q)
		if err != nil {
			return nil, err
		}
		return plain(answer)
	}
}

var done = native.Empty{}

func hello(_ context.Context, c *conn, q native.Hello) (any, error) {
	if _, err := readKey(q.ProfileKey); err != nil {
		return nil, native.Refuse(native.CodeBadMessage, "profile_key is no point on P-256")
	}
	mode := c.modeOf(q.Mode)
	who := profile{Key: q.ProfileKey, Browser: q.Browser, BrowserVersion: q.BrowserVersion, ExtensionVersion: q.ExtensionVersion, Mode: mode}
	c.mu.Lock()
	c.who, c.mode, c.greeted = who, mode, true
	c.mu.Unlock()
	c.s.Engine.BrowserConnected(c.profileID(), true)
	if err := c.s.profiles.meet(who); err != nil {
		c.s.Log.Error("write browser profiles", "error", err)
	}
	c.s.Engine.Ring()
	return native.Welcome{
		AgentVersion: c.s.Version, Paired: c.paired(), Mode: mode, Versions: []int64{native.Version}, Challenge: c.challenge,
		Packs: c.s.Packs.Versions(),
	}, nil
}

func pairBegin(_ context.Context, c *conn, _ native.Empty) (any, error) {
	if c.paired() {
		return nil, native.Refuse(native.CodeRefused, "this browser profile is paired already")
	}
	asked, err := c.s.pairings.begin(c.profile(), c.s.Now())
	if err != nil {
		return nil, err
	}
	time.AfterFunc(pairLimit, c.s.Engine.Ring) // then the tray asks no more
	c.s.Engine.Ring()
	return native.PairCode{Code: asked.code, TTLMS: pairLimit.Milliseconds()}, nil
}

func stateGet(_ context.Context, c *conn, _ native.Empty) (any, error) {
	return c.s.state(c.profileID()), nil
}

func packGet(_ context.Context, c *conn, q native.PackGet) (any, error) {
	p, raw, ok := c.s.Packs.Pack(q.Network)
	if !ok {
		return nil, native.Refuse(native.CodeRefused, "there is no site pack of this network")
	}
	return native.Pack{Network: q.Network, Version: p.Version, Pack: raw}, nil
}

func wordsGet(_ context.Context, c *conn, _ native.Empty) (any, error) {
	return c.s.Packs.Words(), nil
}

// fillReport stays on this device: a page that changes what was filled in is seen in the log.
func fillReport(_ context.Context, c *conn, q native.FillReport) (any, error) {
	if err := c.s.live(q.LeaseID); err != nil {
		return nil, err
	}
	log := c.s.Log.With("lease_id", q.LeaseID, "field", string(q.Field), "outcome", string(q.Outcome), "ms", q.MS)
	if q.Outcome == native.OutcomeFilled {
		log.Info("field filled")
	} else {
		log.Info("field not filled")
	}
	return done, nil
}

func sessionBegan(_ context.Context, c *conn, q native.SessionBegan) (any, error) {
	if err := c.s.Engine.SessionBegan(c.profileID(), q.LeaseID); err != nil {
		return nil, err
	}
	c.s.Log.Info("session began", "lease_id", q.LeaseID, "verified", q.Verified)
	return done, nil
}

// identitySeen goes nowhere: it would say something about somebody's own accounts.
func identitySeen(_ context.Context, c *conn, q native.IdentitySeen) (any, error) {
	return done, c.s.live(q.LeaseID)
}

func cleanupDone(_ context.Context, c *conn, q native.CleanupDone) (any, error) {
	c.s.Log.Info("browser cleaned", "lease_id", q.LeaseID, "cookies", q.Cookies, "origins", q.Origins, "left_over", q.LeftOver,
		"sign_out", string(q.SignOut), "ms", q.MS)
	if q.LeftOver > 0 {
		return done, nil // it is owed still
	}
	return done, c.s.Engine.SessionClosed(c.profileID(), q.LeaseID, q.SignOut)
}

// Bounds of renewals that a browser can ask for; the hub has its own.
const maxRenewal = 24 * 60

func leaseRenew(ctx context.Context, c *conn, q native.LeaseRenew) (any, error) {
	if err := c.s.live(q.LeaseID); err != nil {
		return nil, err
	}
	if q.Minutes < 1 || q.Minutes > maxRenewal {
		return nil, native.Refuse(native.CodeBadMessage, "a lease is renewed by 1 to %d minutes", maxRenewal)
	}
	_, err := c.s.Engine.Renew(ctx, q.LeaseID, time.Duration(q.Minutes)*time.Minute)
	return done, err
}

func leaseCheckIn(ctx context.Context, c *conn, q native.LeaseRef) (any, error) {
	if err := c.s.live(q.LeaseID); err != nil {
		return nil, err
	}
	_, err := c.s.Engine.CheckIn(ctx, q.LeaseID)
	return done, err
}

func sentList(_ context.Context, c *conn, _ native.Empty) (any, error) {
	sent := c.s.Engine.Sent()
	list := native.SentList{Since: native.Millis(sent.GetSince().AsTime().UnixMilli()), Entries: []native.Sent{}}
	for _, e := range sent.GetSent() {
		if len(list.Entries) == 128 {
			break
		}
		list.Entries = append(list.Entries, native.Sent{
			Text: c.s.Words.Text(e.GetText(), e.GetAccount()), Account: e.GetAccount(), Count: e.GetCount(), Last: native.Millis(e.GetLast().AsTime().UnixMilli()),
		})
	}
	return list, nil
}

func focus(_ context.Context, c *conn, q native.Focus) (any, error) {
	c.mu.Lock()
	c.focused = q.Focused
	c.mu.Unlock()
	return done, nil
}

// live refuses a lease that is not held, whatever was known of it.
func (s *Server) live(lease string) error {
	for _, l := range s.Engine.Browsing("").Leases {
		if l.GetId() == lease {
			return nil
		}
	}
	return native.Refuse(native.CodeNoLease, "there is no such lease")
}

// codes are what an error of the agent means to the extension.
var codes = map[keyshift.Code]native.Code{
	keyshift.CodeLeaseOver: native.CodeNoLease, keyshift.CodeNotFound: native.CodeNoLease, keyshift.CodeNotEnrolled: native.CodeNoLease,
	keyshift.CodeOffline: native.CodeOfflineExpired, keyshift.CodeHubUnreachable: native.CodeOfflineExpired, keyshift.CodeClockSuspect: native.CodeOfflineExpired,
	keyshift.CodeKeyringLocked: native.CodeLocked, keyshift.CodeKeyringUnavailable: native.CodeLocked,
	keyshift.CodeRateLimited: native.CodeRateLimited, keyshift.CodeCodeReleased: native.CodeRateLimited,
}

// refusalOf puts an error into the words of the contract. What was not written for people is not told.
func refusalOf(err error) native.Error {
	if refusal, ok := errors.AsType[*native.Refusal](err); ok {
		return native.Error{Code: refusal.Code, Text: refusal.Text}
	}
	e, ok := errors.AsType[*keyshift.Error](err)
	if !ok {
		return native.Error{Code: native.CodeRefused, Text: "Something went wrong in the agent. Run keyshift-agent doctor."}
	}
	code, ok := codes[e.Code]
	if !ok {
		code = native.CodeRefused
	}
	return native.Error{Code: code, Text: keyshift.CleanText(e.Text+" "+e.Hint, 1000)}
}
