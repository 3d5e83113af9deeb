package store

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// guessing is a hub on PostgreSQL that can guess whose a lease is, and who asks for its end.
type guessing struct {
	*scene
	user  keyshift.User
	lease keyshift.Lease
	ahead hub.Ahead
	// runs are those of the command; the last of them was told the rest.
	runs  int
	ended int64
	again bool
}

// newGuessing lends, and has the user ask for something: so the writer knows both.
func newGuessing(t *testing.T, change ...func(*Options)) *guessing {
	t.Helper()
	s := newScene(t, migrated.New(t), change...)
	g := &guessing{scene: s, user: s.user()}
	g.lease = s.lend(s.account(shared), s.device(g.user))
	g.ahead = hub.Ahead{TokenHash: s.token(g.user), LeaseID: g.lease.ID, RequestID: benchRequest(1)}
	g.ask()
	return g
}

// ask is something else that the user asks for.
func (g *guessing) ask() {
	g.Helper()
	if err := g.Write(g.ctx(), hub.Closing, func(hub.Tx) error { return nil }, hub.Ahead{TokenHash: g.ahead.TokenHash}); err != nil {
		g.Fatal(err)
	}
}

// beside is another hub on the same database.
func (g *guessing) beside(t *testing.T) *scene {
	t.Helper()
	return &scene{TB: t, Store: mustOpen(t, Options{Database: g.dsn, Clock: g.clock.now}), dsn: g.dsn, clock: g.clock}
}

// revoke asks what a revocation asks, and ends the lease.
func (g *guessing) revoke() error {
	return g.Write(g.ctx(), hub.Closing, func(tx hub.Tx) error {
		g.runs, g.ended, g.again = g.runs+1, 0, false
		_, u, err := tx.TokenUser(g.ahead.TokenHash, tx.Now())
		if err != nil || !u.Active {
			return keyshift.Refuse(keyshift.CodeTokenInvalid, "Who?", "")
		}
		if _, err := tx.Effect(u.ID, g.ahead.RequestID); !errors.Is(err, keyshift.ErrNotFound) {
			g.again = true
			return err
		}
		g.ended, err = tx.EndLeases(hub.Ending{Batch: tx.NewID(), Target: hub.Target{Kind: hub.TargetLease, ID: g.lease.ID}, Reason: "over", ActorKind: keyshift.ActorUser, ActorID: u.ID})
		return errors.Join(err, tx.AddEffect(g.effect()))
	}, g.ahead)
}

func (g *guessing) effect() hub.Effect {
	return hub.Effect{Actor: g.user.ID, RequestID: g.ahead.RequestID, Procedure: "revoke", BodyHash: []byte{1}, Result: []byte("{}")}
}

func TestALoneRevocationIsOneMessage(t *testing.T) {
	var p *proxy
	g := newGuessing(t, func(o *Options) { p, o.Database = newProxy(t, o.Database) })
	if err := g.revoke(); err != nil || g.runs != 1 || g.ended != 1 { // it also prepares the statements
		t.Fatalf("%v, %d runs, %d ended, want one of each", err, g.runs, g.ended)
	}
	second := g.lend(g.account(shared), g.device(g.user))
	g.lease, g.ahead.LeaseID, g.ahead.RequestID = second, second.ID, benchRequest(2)
	before := p.messages()
	if err := g.revoke(); err != nil || g.ended != 1 {
		t.Fatalf("%v, %d ended, want one", err, g.ended)
	}
	if got := p.messages() - before; got != 1 {
		t.Errorf("%d messages to the server, want 1", got)
	}
	if g.scene.lease(second.ID).State != keyshift.LeaseRevoked {
		t.Error("the lease lives")
	}
}

// Whatever another hub did meanwhile, the answer is the one of a hub that looked.
func TestAWrongGuessIsNotAnswered(t *testing.T) {
	for _, tt := range []struct {
		name string
		// change comes between the guess and the commit.
		change func(*guessing)
		ended  int64
		again  bool
		code   keyshift.Code
	}{
		{"the token was ended", func(g *guessing) { g.sql("UPDATE api_tokens SET ended_at = 1") }, 0, false, keyshift.CodeTokenInvalid},
		{"the user lost a role", func(g *guessing) { g.sql("UPDATE users SET roles = ''") }, 1, false, ""},
		{"the lease was given back", func(g *guessing) { g.checkIn(g.lease, keyshift.RemovalSecretWiped) }, 0, false, ""},
		{"the request was answered", func(g *guessing) {
			g.do(func(tx hub.Tx) error { return tx.AddEffect(g.effect()) })
		}, 0, true, ""},
		{"the mark was removed", func(g *guessing) { g.sql("DELETE FROM write_marks") }, 1, false, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newGuessing(t)
			tt.change(&guessing{scene: g.beside(t), user: g.user, lease: g.lease, ahead: g.ahead})
			wantCode(t, g.revoke(), tt.code)
			if g.runs < 2 || g.ended != tt.ended || g.again != tt.again {
				t.Errorf("%d runs, %d ended, answered before: %v; want more than one run, %d and %v", g.runs, g.ended, g.again, tt.ended, tt.again)
			}
			if got := g.scene.lease(g.lease.ID).State == keyshift.LeaseRevoked; got != (tt.ended == 1) {
				t.Errorf("revoked: %v", got)
			}
		})
	}
}

func TestNobodyIsRefusedOnAGuess(t *testing.T) {
	g := newGuessing(t)
	g.sql("UPDATE users SET active = 0")
	g.ask()
	g.sql("UPDATE users SET active = 1")
	if err := g.revoke(); err != nil || g.runs != 2 || g.ended != 1 {
		t.Errorf("%v, %d runs, %d ended, want a look, and one", err, g.runs, g.ended)
	}
}

// Every column of a user and of a token counts, also one that is there only from the next version on.
func TestAGuessNoticesEachChangeOfWhoAsks(t *testing.T) {
	rows, err := newScene(t, migrated.New(t)).engine.(*postgresEngine).pool.QueryContext(t.Context(), "SELECT table_name, column_name, data_type "+
		"FROM information_schema.columns WHERE table_schema = current_schema() AND table_name IN ('users', 'api_tokens') AND table_name || column_name <> 'usersid'")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for ; rows.Next(); n++ {
		var table, column, kind string
		if err := rows.Scan(&table, &column, &kind); err != nil {
			t.Fatal(err)
		}
		g := newGuessing(t)
		value := map[string]string{"text": column + " || 'x'", "bigint": "1 - " + column, "bytea": column + ` || '\x00'`}[kind]
		if column == "user_id" {
			value = "'" + string(g.scene.user().ID) + "'"
		}
		g.sql(fmt.Sprintf("UPDATE %s SET %s = %s", table, column, value))
		if _ = g.revoke(); g.runs < 2 {
			t.Errorf("%s.%s changed, and it was not noticed", table, column)
		}
	}
	if err := rows.Err(); err != nil || n < 12 {
		t.Errorf("%d columns, %v", n, err)
	}
}

// A guess that was wrong has to be undone. The writer goes on when the connection is lost just then.
func TestAWrongGuessWhoseConnectionIsLost(t *testing.T) {
	var p *proxy
	g := newGuessing(t, func(o *Options) { p, o.Database = newProxy(t, o.Database) })
	g.sql("UPDATE api_tokens SET ended_at = 1")
	p.set("ROLLBACK", func(client, _ net.Conn, _ []byte) { _ = client.Close() }, false)
	if wantCode(t, g.revoke(), keyshift.CodeTokenInvalid); p.pending() || g.runs != 2 {
		t.Errorf("%d runs, want a guess that is undone and a look", g.runs)
	}
}

// A revocation waits for what another hub has under way, and is then dated after it.
func TestAGuessDoesNotWait(t *testing.T) {
	g := newGuessing(t)
	h := g.beside(t).hold()
	revoked := make(chan error, 1)
	go func() { revoked <- g.revoke() }()
	eventually(t, "a revocation that waits", func() bool { return advisoryLocks(t, g.Store, "NOT granted") == 1 })
	h.release()
	if err := <-revoked; err != nil || g.runs != 2 || g.ended != 1 {
		t.Errorf("%v, %d runs, %d ended, want it to look and to end one", err, g.runs, g.ended)
	}
	h.done()
}

// The connection is lost before the server has read anything of a transaction that is one message. Whoever asked is told once what
// became of it; the message must not be carried out after that.
func TestAGuessThatComesLateIsNotCommitted(t *testing.T) {
	var p *proxy
	g := newGuessing(t, func(o *Options) { p, o.Database = newProxy(t, o.Database) })
	if err := g.revoke(); err != nil { // it prepares the statements
		t.Fatal(err)
	}
	l := g.lend(g.account(shared), g.device(g.user))
	ahead := hub.Ahead{TokenHash: g.ahead.TokenHash, LeaseID: l.ID, RequestID: benchRequest(2)}
	over := make(chan struct{})
	p.set(commitOnItsWay(), func(client, server net.Conn, message []byte) {
		defer close(over)
		_ = client.Close()
		eventually(t, "a mark that is turned over", func() bool { return marks(t, g.Store, "batch < 0") == 1 })
		deliver(server, message)
	}, false)
	err := g.Write(t.Context(), hub.Closing, func(tx hub.Tx) error {
		return tx.Append(keyshift.AuditEvent{Action: "late", DeviceID: l.DeviceID})
	}, ahead)
	if p.pending() {
		t.Fatal("the commit never came by")
	}
	<-over
	events, readErr := g.reader().Events(hub.EventFilter{DeviceID: l.DeviceID, Limit: 10})
	if err := errors.Join(err, readErr); err != nil || len(events) != 1 {
		t.Errorf("%v, %d events, want 1", err, len(events))
	}
}

// What is dated now must not happen long after it: the server does not take what arrives when nobody waits for it any more.
func TestAWholeTransactionExpires(t *testing.T) {
	s := newScene(t, migrated.New(t))
	p, through := newProxy(t, s.dsn)
	e := mustOpen(t, Options{Database: through}).engine
	l, err := e.connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.drop)
	whole := completion{last: []expecting{{statement{"DELETE FROM write_marks WHERE writer = $1", []any{int64(7)}}, 1}}, alone: true, whole: true}
	deleted := func(ctx context.Context) bool {
		s.sql("INSERT INTO write_marks (writer, batch, at) VALUES (7, 0, 0) ON CONFLICT DO NOTHING")
		_, _ = e.commit(ctx, l, whole)
		return marks(t, s.Store, "writer = 7") == 0
	}
	if !deleted(within(t, time.Minute)) { // it also prepares the statements
		t.Fatal("nothing was done in time")
	}
	short := within(t, 200*time.Millisecond)
	over := make(chan struct{})
	p.set(commitOnItsWay(), func(_, server net.Conn, message []byte) {
		defer close(over)
		<-short.Done()
		deliver(server, message)
	}, false)
	_ = deleted(short)
	if p.pending() {
		t.Fatal("the commit never came by")
	}
	if <-over; marks(t, s.Store, "writer = 7") != 1 {
		t.Error("it was done too late")
	}
}

func within(t *testing.T, limit time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	return ctx
}

// deliver gives a server a message, and waits until it has done all of it.
func deliver(server net.Conn, message []byte) {
	_, err := server.Write(append(message[:len(message):len(message)], 'X', 0, 0, 0, 4)) // X ends the session
	for err == nil {
		_, err = server.Read(make([]byte, 1<<16))
	}
}

// marks counts the marks of writers of which something is so.
func marks(t *testing.T, s *Store, where string) (n int) {
	t.Helper()
	if err := s.engine.(*postgresEngine).reads.QueryRowContext(t.Context(), "SELECT count(*) FROM write_marks WHERE "+where).Scan(&n); err != nil {
		t.Error(err)
	}
	return n
}
