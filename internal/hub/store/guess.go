package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/hub/store/db"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// A revocation of one lease, with nobody beside it, need not look before it changes: whose a lease is never changes, that it lives
// and that the request is new the changes themselves find out, and of the user who asks a statement among them does. So it is one way
// to PostgreSQL instead of two. Where the guess was wrong, nothing happened, and the command runs as every other.

// memory is what a writer remembers to guess by. A nil one remembers nothing.
type memory struct {
	leases *simplelru.LRU[keyshift.ID, foreseenLease]
	askers *simplelru.LRU[string, asker]
	// until is the end of a pause: other hubs held the lock, and will go on doing so.
	until time.Time
}

// asker is who asks with a token.
type asker struct {
	token hub.Token
	user  keyshift.User
}

// What a writer remembers stays under 1 MiB, however many leases there are.
const (
	mostLeases = 2000
	mostAskers = 50
	guessPause = time.Second
)

func newMemory() *memory {
	leases, err := simplelru.NewLRU[keyshift.ID, foreseenLease](mostLeases, nil)
	askers, err2 := simplelru.NewLRU[string, asker](mostAskers, nil)
	if err := errors.Join(err, err2); err != nil {
		panic(err) // the sizes are positive
	}
	return &memory{leases: leases, askers: askers}
}

// learn remembers who asks, remember whose a new lease is; whether it comes to be does not matter.
func (m *memory) learn(facts []foreseen) {
	for _, f := range facts {
		if m != nil && f.token.ID != "" {
			m.askers.Add(string(f.token.Hash), asker{f.token, f.user})
		}
	}
}

func (m *memory) remember(l keyshift.Lease) {
	if m != nil {
		m.leases.Add(l.ID, foreseenLease{id: l.ID, user: l.UserID, device: l.DeviceID, account: l.AccountID, live: true})
	}
}

func (m *memory) pause() { m.until = time.Now().Add(guessPause) }

// guess gives what a command that is alone will probably be told.
func (w *writer) guess(commands []*command) (foreseen, bool) {
	c := commands[0]
	if len(commands) > 1 || c.kind != hub.Closing || w.link == nil || w.link.memory == nil || time.Now().Before(w.link.memory.until) {
		return foreseen{}, false
	}
	lease, knownLease := w.link.memory.leases.Get(c.ahead.LeaseID)
	by, knownUser := w.link.memory.askers.Get(string(c.ahead.TokenHash))
	w.link.memory.leases.Remove(c.ahead.LeaseID) // it is no help a second time
	return foreseen{asked: c.ahead, known: true, token: by.token, user: by.user, lease: lease, fresh: true}, knownLease && knownUser
}

// tryGuess runs a command on a guess, and ends in errMissed unless it changed what it should.
func (w *writer) tryGuess(c *command, f foreseen) error {
	ctx, cancel := w.store.engine.limit()
	defer cancel()
	remembered := w.link.memory // the link may be lost
	b := newBatch(ctx, w.store, w.link, 1)
	b.guessed, b.facts, b.now = true, []foreseen{f}, b.asked
	b.recordSame(f)
	if _, err := w.run(b, []*command{c}); err != nil || c.verdict != nil || b.writes == 0 {
		return errMissed // a refusal is for those who looked
	}
	if _, err := w.finish(b); err != nil {
		if errors.Is(err, errNotAtOnce) {
			remembered.pause()
		}
		return w.note(err)
	}
	w.committed([]*command{c}, b.writes, b.outbox)
	return nil
}

// recordSame records the look at the user as the first of what waits.
func (b *batch) recordSame(f foreseen) {
	t, u := f.token, f.user
	_, _ = b.later.SameUser(b.ctx, db.SameUserParams{
		Hash: t.Hash, TokenID: string(t.ID), ExpiresAt: micros(t.ExpiresAt), Label: t.Label, TokenCreatedAt: micros(t.CreatedAt),
		UserID: string(u.ID), Name: u.Name, DisplayName: u.DisplayName, Roles: rolesText(u.Roles), Active: bit(u.Active), UserCreatedAt: micros(u.CreatedAt),
	})
}

// unasked stands for the database while a command runs on a guess: whatever else it asks for, the guess was too short.
type unasked struct{}

func (unasked) ExecContext(context.Context, string, ...any) (sql.Result, error) {
	return nil, errMissed
}

func (unasked) PrepareContext(context.Context, string) (*sql.Stmt, error) { return nil, errMissed }

func (unasked) QueryContext(context.Context, string, ...any) (*sql.Rows, error) {
	return nil, errMissed
}

// QueryRowContext cannot answer an error; [command.call] makes one of a panic.
func (unasked) QueryRowContext(context.Context, string, ...any) *sql.Row { panic(errMissed) }
