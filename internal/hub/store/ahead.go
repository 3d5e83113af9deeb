package store

import (
	"bytes"
	"context"
	"database/sql"
	"reflect"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/hub/store/db"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// foreseen is what was read ahead for one command, by the names under which it will ask. What is not there, or not any more, is
// read when it is asked for.
type foreseen struct {
	asked hub.Ahead
	known bool
	// token is that of a user who asks, lease what is known of the lease that it is about.
	token hub.Token
	lease foreseenLease
	// device, and the lease or the account that it asks for, are there for a device that asks.
	device  keyshift.Device
	view    hub.LeaseView
	user    keyshift.User
	account keyshift.Account // without an id if there is none
	sealed  hub.SealedCredential
	risk    *keyshift.RiskAcceptance
	granted bool
	// anyTime: no work hours are set for the user.
	anyTime bool
	// fresh: the request was not answered before. free: nobody can hold the account.
	fresh, free bool
}

// foreseenLease is whose a lease is, without an id if there is none. It lives while it is due.
type foreseenLease struct {
	id, user, device, account keyshift.ID
	live                      bool
}

// question is a query of what is read ahead. take is told of each row.
type question struct {
	statement
	take func(scanner) error
}

// scanner is a row of an answer.
type scanner interface{ Scan(values ...any) error }

// lookAhead gives the queries for what commands say that they will ask, and keeps the answers.
func (b *batch) lookAhead(commands []*command) []question {
	var byDevices, byLeases, byUsers [][]any
	for i, c := range commands {
		switch a := c.ahead; {
		case a.DeviceID != "":
			byDevices = append(byDevices, []any{int64(i), string(a.DeviceID), string(a.AccountID), a.RequestID, micros(b.asked)})
			if a.LeaseID != "" {
				byLeases = append(byLeases, []any{int64(i), string(a.LeaseID)})
			}
		case a.TokenHash != nil:
			byUsers = append(byUsers, []any{int64(i), a.RequestID, string(a.LeaseID), a.TokenHash})
		}
	}
	b.facts = make([]foreseen, len(commands))
	questions := b.joinedQuestions(nil, aheadText, byDevices, taking(func(r db.AheadRow) { b.facts[r.Place] = foreseenOf(r, commands[r.Place].ahead) }))
	questions = b.joinedQuestions(questions, aheadOfLeaseText, byLeases, taking(func(r db.AheadOfLeaseRow) { b.facts[r.Place].view = viewOf(r.LeaseView) }))
	return b.joinedQuestions(questions, aheadOfUserText, byUsers, taking(func(r db.AheadOfUserRow) { b.facts[r.Place] = foreseenOfUser(r, commands[r.Place].ahead) }))
}

// taking makes a row of what was scanned.
func taking[R any](keep func(R)) func(scanner) error {
	return func(row scanner) error {
		var r R
		err := row.Scan(fields(make([]any, 0, mostColumns), reflect.ValueOf(&r).Elem())...)
		if err == nil {
			keep(r)
		}
		return err
	}
}

// joinedQuestions adds a question for each of some rows, as few as the engine takes.
func (b *batch) joinedQuestions(questions []question, text string, rows [][]any, take func(scanner) error) []question {
	for len(rows) > 0 {
		s, n := b.store.engine.join(text, rows)
		questions, rows = append(questions, question{s, take}), rows[n:]
	}
	return questions
}

// mostColumns is about how many columns a row has.
const mostColumns = 64

// fields adds where the columns of a row belong: to the fields of its type, in their order.
func fields(all []any, row reflect.Value) []any {
	for i := range row.NumField() {
		if f := row.Field(i); f.Kind() == reflect.Struct {
			all = fields(all, f)
		} else {
			all = append(all, f.Addr().Interface())
		}
	}
	return all
}

// The queries for one request.
var (
	aheadText        = textOf(func(q *db.Queries) { _, _ = q.Ahead(context.Background(), db.AheadParams{}) })
	aheadOfLeaseText = textOf(func(q *db.Queries) { _, _ = q.AheadOfLease(context.Background(), db.AheadOfLeaseParams{}) })
	aheadOfUserText  = textOf(func(q *db.Queries) { _, _ = q.AheadOfUser(context.Background(), db.AheadOfUserParams{}) })
)

// textOf gives the text of the query that ask asks.
func textOf(ask func(*db.Queries)) string {
	var heard hearing
	ask(db.New(&heard))
	return heard.text
}

// hearing stands for the database to hear a query.
type hearing struct {
	db.DBTX
	text string
}

func (h *hearing) QueryContext(_ context.Context, text string, _ ...any) (*sql.Rows, error) {
	h.text = text
	return nil, errNotRecorded
}

func foreseenOf(row db.AheadRow, asked hub.Ahead) foreseen {
	f := foreseen{asked: asked, known: true, device: deviceOf(row.Device), user: userOf(row.User), granted: row.Granted == 1, anyTime: row.HasHours == 0,
		fresh: row.Repeated == 0, free: row.Held == 0}
	f.account = accountOf(db.Account{
		ID: row.AccountID, Network: row.Network, Handle: row.Handle, AccessMode: row.AccessMode, Exclusive: row.Exclusive, Enabled: row.Enabled,
		MaxDuration: row.MaxDuration, OfflineGrace: row.OfflineGrace, LeaseStorage: row.LeaseStorage, AllowShow: row.AllowShow,
		CredentialVersion: row.CredentialVersion, HasCodeSeed: row.HasCodeSeed, RotationDue: row.RotationDue, CreatedAt: row.CreatedAt,
	})
	f.sealed = credentialOf(db.Credential{AccountID: row.AccountID, Version: row.SealedVersion, Sealed: row.Sealed, Seed: row.Seed, KekVersion: row.KekVersion})
	if row.AcceptedAt > 0 {
		f.risk = riskOf(db.RiskAcceptance{AccountID: row.AccountID, Clause: row.Clause, TextHash: row.TextHash, AcceptedBy: row.AcceptedBy,
			AcceptedAt: row.AcceptedAt, ValidUntil: row.ValidUntil})
	}
	return f
}

func foreseenOfUser(row db.AheadOfUserRow, asked hub.Ahead) foreseen {
	return foreseen{
		asked: asked, known: true, user: userOf(row.User), fresh: row.Repeated == 0,
		token: hub.Token{ID: keyshift.ID(row.TokenID), Hash: row.Hash, UserID: keyshift.ID(row.User.ID), Label: row.Label, CreatedAt: moment(row.CreatedAt), ExpiresAt: moment(row.ExpiresAt)},
		lease: foreseenLease{keyshift.ID(row.LeaseID), keyshift.ID(row.LeaseUser), keyshift.ID(row.LeaseDevice), keyshift.ID(row.LeaseAccount), row.LeaseDue > 0},
	}
}

// actor is in whose name the request is remembered.
func (f *foreseen) actor() keyshift.ID {
	if f.asked.DeviceID != "" {
		return f.device.ID
	}
	return f.user.ID
}

// known gives what was read ahead for the command, unless somebody changed something since that is not kept track of, or one of
// the things it is asked about.
func (t *tx) known(about ...keyshift.ID) *foreseen {
	if t.batch == nil || t.place >= len(t.batch.facts) {
		return nil
	}
	f := &t.batch.facts[t.place]
	for _, id := range about {
		if t.batch.changed[id] {
			return nil
		}
	}
	if !f.known {
		return nil
	}
	return f
}

func (t *tx) DeviceAndUser(id keyshift.ID) (keyshift.Device, keyshift.User, error) {
	if f := t.known(id); f != nil && f.device.ID == id {
		return f.device, f.user, nil
	}
	return t.reader.DeviceAndUser(id)
}

func (t *tx) TokenUser(hash []byte, now time.Time) (hub.Token, keyshift.User, error) {
	if f := t.known(); f != nil && bytes.Equal(f.token.Hash, hash) && f.token.ExpiresAt.After(now) {
		return f.token, f.user, nil
	}
	return t.reader.TokenUser(hash, now)
}

func (t *tx) LeaseDevice(id keyshift.ID) (keyshift.ID, error) {
	if f := t.known(); f != nil && f.lease.id == id { // whose a lease is never changes
		return f.lease.device, nil
	}
	return t.reader.LeaseDevice(id)
}

func (t *tx) Account(id keyshift.ID) (keyshift.Account, error) {
	if f := t.known(); f != nil && f.account.ID == id {
		return f.account, nil
	}
	return t.reader.Account(id)
}

func (t *tx) Credential(account keyshift.ID) (hub.SealedCredential, error) {
	if f := t.known(); f != nil && f.account.ID == account {
		return f.sealed, found(f.sealed.Version > 0)
	}
	return t.reader.Credential(account)
}

// found is for what may not be there.
func found(there bool) error {
	if there {
		return nil
	}
	return keyshift.ErrNotFound
}

func (t *tx) RiskAcceptance(account keyshift.ID) (*keyshift.RiskAcceptance, error) {
	if f := t.known(); f != nil && f.account.ID == account {
		return f.risk, nil
	}
	return t.reader.RiskAcceptance(account)
}

func (t *tx) HasGrant(user, account keyshift.ID) (bool, error) {
	if f := t.known(); f != nil && f.user.ID == user && f.account.ID == account {
		return f.granted, nil
	}
	return t.reader.HasGrant(user, account)
}

func (t *tx) WorkHoursFor(user keyshift.ID) (hub.Hours, error) {
	if f := t.known(); f != nil && f.user.ID == user && f.anyTime {
		return hub.Hours{}, nil
	}
	return t.reader.WorkHoursFor(user)
}

func (t *tx) Effect(actor keyshift.ID, requestID string) (hub.Effect, error) {
	if f := t.known(effectKey(actor, requestID)); f != nil && f.fresh && f.actor() == actor && f.asked.RequestID == requestID {
		return hub.Effect{}, keyshift.ErrNotFound
	}
	if t.batch != nil && !t.batch.changed[effectKey(actor, requestID)] {
		return t.effect(t.aside(), actor, requestID)
	}
	return t.reader.Effect(actor, requestID)
}

// Holder knows ahead only that nobody can be it, at the moment of the question and after it. An earlier one is asked for.
func (t *tx) Holder(account keyshift.ID, now time.Time) (hub.LeaseView, error) {
	if f := t.known(account); f != nil && f.free && f.account.ID == account && !now.Before(t.batch.asked) {
		return hub.LeaseView{}, keyshift.ErrNotFound
	}
	return t.reader.Holder(account, now)
}

func effectKey(actor keyshift.ID, requestID string) keyshift.ID {
	return actor + "/" + keyshift.ID(requestID)
}
