package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/testpg"
)

func TestNoErrorHoldsThePasswordOfAnAddress(t *testing.T) {
	const password = "hunter2secret"
	for _, dsn := range []string{
		"postgres://dana:" + password + "@127.0.0.1:1/keyshift?connect_timeout=2",
		"postgres://dana:" + password + "@%zz/keyshift",
		"postgres://dana:" + password + "@localhost:notaport/keyshift",
		"postgres://dana:" + password + "@127.0.0.1:1/keyshift?sslmode=" + password,
		"postgresql://dana@127.0.0.1:1/keyshift?password=" + password + "&connect_timeout=2",
	} {
		_, err := Open(t.Context(), Options{Database: dsn})
		if err == nil || strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), password) {
			t.Errorf("got %v", err)
		}
		for e := err; e != nil; e = errors.Unwrap(e) {
			if strings.Contains(e.Error(), password) {
				t.Errorf("in the chain: %v", e)
			}
		}
	}
}

func TestAServerThatWouldLoseAcknowledgedChangesIsRefused(t *testing.T) {
	_, err := Open(t.Context(), Options{Database: testpg.New(t) + "&synchronous_commit=off", Migrate: true})
	if err == nil || !strings.Contains(err.Error(), "synchronous_commit") {
		t.Errorf("got %v", err)
	}
}

func (s *scene) sql(statement string) {
	s.Helper()
	if _, err := s.engine.(*postgresEngine).pool.ExecContext(s.ctx(), statement); err != nil {
		s.Fatal(err)
	}
}

// sibling makes another database of the same cluster.
func (s *scene) sibling(options string) string {
	s.Helper()
	u, err := url.Parse(s.dsn)
	if err != nil {
		s.Fatal(err)
	}
	u.Path += "_2"
	name := strings.TrimPrefix(u.Path, "/")
	s.sql("CREATE DATABASE " + name + " TEMPLATE template0 " + options)
	s.Cleanup(func() {
		_, err := s.engine.(*postgresEngine).pool.ExecContext(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)")
		if err != nil {
			s.Error(err)
		}
	})
	return u.String()
}

func TestADatabaseInAnotherEncodingIsRefused(t *testing.T) {
	s := newScene(t, migrated.New(t))
	_, err := Open(t.Context(), Options{Database: s.sibling("ENCODING 'SQL_ASCII' LOCALE 'C'"), Migrate: true})
	if err == nil || !strings.Contains(err.Error(), "UTF8") {
		t.Errorf("got %v", err)
	}
}

// The order of ids must not depend on how a country sorts its words.
func TestListsAreTheSameUnderEveryCollation(t *testing.T) {
	outer := newScene(t, migrated.New(t))
	s := newScene(t, outer.sibling("LOCALE_PROVIDER icu ICU_LOCALE 'cs-CZ' LOCALE 'C.UTF-8'"))
	a, d := s.account(shared), s.device(s.user())
	var want []keyshift.ID
	for range 20 {
		want = append(want, s.lend(a, d).ID)
		s.clock.advance(time.Duration(7) * time.Hour)
	}
	s.revoke(hub.Target{Kind: hub.TargetAll})
	views, err := s.reader().Leases(hub.LeaseFilter{Limit: 100})
	if err != nil || len(views) != len(want) {
		t.Fatalf("%d leases, %v", len(views), err)
	}
	for i, v := range views {
		if v.ID != want[len(want)-1-i] {
			t.Fatalf("place %d has %s", i, v.ID)
		}
	}
	events, err := s.reader().Events(hub.EventFilter{Limit: 100})
	if err != nil || len(events) != len(want) {
		t.Fatalf("%d events, %v", len(events), err)
	}
}

func TestSessionsAreSetUp(t *testing.T) {
	s := newScene(t, testpg.New(t)+"&default_query_exec_mode=simple_protocol")
	e := s.engine.(*postgresEngine)
	for _, tt := range []struct{ setting, write, read string }{
		{"application_name", "keyshift-hub", "keyshift-hub"}, {"default_transaction_isolation", "read committed", "read committed"},
		{"statement_timeout", "0", "15s"}, {"idle_in_transaction_session_timeout", "30s", "0"}, {"default_transaction_read_only", "off", "on"},
	} {
		for pool, want := range map[*sql.DB]string{e.pool: tt.write, e.reads: tt.read} {
			var got string
			if err := pool.QueryRow("SHOW " + tt.setting).Scan(&got); err != nil || got != want {
				t.Errorf("%s is %s, %v, want %s", tt.setting, got, err, want)
			}
		}
	}
	s.user() // a value that the simple protocol would put into the text
}

func TestAReadOnlyServerSaysSo(t *testing.T) {
	s := newScene(t, migrated.New(t))
	u, _ := url.Parse(s.dsn)
	s.sql("ALTER DATABASE " + strings.TrimPrefix(u.Path, "/") + " SET default_transaction_read_only = on")
	readonly := mustOpen(t, Options{Database: s.dsn})
	wantCode(t, readonly.Write(t.Context(), hub.Ordinary, addUser("dana")), keyshift.CodeStorageReadonly)
}

func TestSQLStatesAreUnderstood(t *testing.T) {
	for code, want := range map[string]fault{
		"40001": faultConflict, "40P01": faultConflict, "23505": faultConflict, "53100": faultFull, "53300": faultLost, "25006": faultReadonly,
		"57P01": faultLost, "08006": faultLost, "58030": faultDisk, "XX001": faultDamaged, "XX002": faultDamaged, "25P03": faultLost, "42601": faultOther, "23514": faultOther,
	} {
		if got := classifyState(code); got != want {
			t.Errorf("%s: got %v, want %v", code, got, want)
		}
	}
}

// A check-out that began before a deactivation and commits after it would leave a lease that nobody ends. Hubs that
// share a database wait for each other so that it cannot happen.
func TestNoLeaseSlipsPastARevocationOnAnotherHub(t *testing.T) {
	s := newScene(t, migrated.New(t))
	other := mustOpen(t, Options{Database: s.dsn, Clock: s.clock.now})
	a := s.account(shared)
	granted, refused := 0, 0
	for round := range 60 {
		u := s.user()
		d := s.device(u)
		lending, ending := newSignal(), newSignal()
		checkOut := func(tx hub.Tx) error {
			_, user, err := tx.DeviceAndUser(d.ID)
			lending.give()
			if err != nil {
				return err
			}
			if !user.Active {
				return keyshift.Refuse(keyshift.CodeUserInactive, "Inactive.", "")
			}
			return tx.AddLease(keyshift.NewLease(tx.NewID(), a, u, d, "campaign", time.Hour, tx.Now()))
		}
		var all sync.WaitGroup
		errs := make([]error, 6)
		for i := range errs {
			all.Go(func() {
				if i >= len(errs)/2 { // these begin while the deactivation is under way
					<-ending.given
				}
				errs[i] = s.Write(t.Context(), hub.Ordinary, checkOut)
			})
		}
		all.Go(func() {
			<-lending.given // and that begins while a check-out is under way
			err := other.Write(t.Context(), hub.Closing, func(tx hub.Tx) error {
				ending.give()
				user, err := tx.User(u.ID)
				user.Active = false
				_, err2 := tx.EndLeases(hub.Ending{Batch: tx.NewID(), Target: hub.Target{Kind: hub.TargetUser, ID: u.ID}, Reason: "deactivated"})
				return errors.Join(err, err2, tx.SaveUser(user))
			})
			if err != nil {
				t.Error(err)
			}
		})
		all.Wait()
		for _, err := range errs {
			if err == nil {
				granted++
			} else {
				wantCode(t, err, keyshift.CodeUserInactive)
				refused++
			}
		}
		if live, err := s.reader().LiveLeases(d.ID); len(live) != 0 || err != nil {
			t.Fatalf("round %d: %d leases slipped past, %v", round, len(live), err)
		}
	}
	if granted == 0 || refused == 0 {
		t.Errorf("%d granted, %d refused: the race never happened", granted, refused)
	}
}

// signal is given once, however often.
type signal struct {
	given chan struct{}
	give  func()
}

func newSignal() signal {
	given := make(chan struct{})
	return signal{given, sync.OnceFunc(func() { close(given) })}
}

func TestTwoHubsCountTogether(t *testing.T) {
	s := newScene(t, migrated.New(t))
	stores := []*Store{s.Store, mustOpen(t, Options{Database: s.dsn})}
	d := s.device(s.user())
	var all sync.WaitGroup
	const perWorker, workers = 10, 8
	for i := range workers {
		all.Go(func() {
			for range perWorker {
				err := stores[i%2].Write(t.Context(), hub.Ordinary, func(tx hub.Tx) error {
					device, err := tx.Device(d.ID)
					if err != nil {
						return err
					}
					after := device.Window
					after.Accept(after.High + 1)
					return tx.SaveWindow(d.ID, device.Window, after)
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	got, err := s.reader().Device(d.ID)
	if got.Window.High != perWorker*workers || err != nil {
		t.Errorf("counted to %d, %v, want %d", got.Window.High, err, perWorker*workers)
	}
}

// Between reading and the commit another hub changes the same row. The change goes with the commit, so it is the server that
// has to notice.
func TestAChangeThatComesTooLateIsNotCommitted(t *testing.T) {
	s := newScene(t, migrated.New(t))
	other := mustOpen(t, Options{Database: s.dsn})
	d := s.device(s.user())
	count := func(between func()) func(hub.Tx) error {
		return func(tx hub.Tx) error {
			device, err := tx.Device(d.ID)
			if err != nil {
				return err
			}
			between()
			after := device.Window
			after.Accept(after.High + 1)
			return errors.Join(tx.SaveWindow(d.ID, device.Window, after), tx.Append(keyshift.AuditEvent{Action: "counted", DeviceID: d.ID}))
		}
	}
	runs := 0
	err := s.Write(t.Context(), hub.Ordinary, count(func() {
		if runs++; runs == 1 {
			if err := other.Write(t.Context(), hub.Ordinary, count(func() {})); err != nil {
				t.Error(err)
			}
		}
	}))
	got, readErr := s.reader().Device(d.ID)
	events, eventsErr := s.reader().Events(hub.EventFilter{DeviceID: d.ID, Limit: 10})
	if err := errors.Join(err, readErr, eventsErr); err != nil || runs != 2 || got.Window.High != 2 || len(events) != 2 {
		t.Errorf("%v, ran %d times, counted to %d with %d events, want 2 of each", err, runs, got.Window.High, len(events))
	}
}

func TestALostConnectionIsReplaced(t *testing.T) {
	s := newScene(t, migrated.New(t))
	s.user()
	admin := mustOpen(t, Options{Database: s.dsn})
	for range 3 {
		if _, err := poolOf(admin).ExecContext(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"); err != nil {
			t.Fatal(err)
		}
		s.user()
	}
}

// counting is a write whose effects can be counted.
type counting struct {
	write func(hub.Tx) error
	count func() (int64, error)
}

// commitOnItsWay is how a commit looks on the connection: it names what the driver prepared.
func commitOnItsWay() string {
	name := sha256.Sum256([]byte("COMMIT"))
	return fmt.Sprintf("\x00stmtcache_%x", name[:24])
}

// countings are a commit whose changes were sent before, and one that is sent together with them.
func countings(s *scene, d keyshift.Device) map[string]counting {
	return map[string]counting{
		"after its changes": {func(tx hub.Tx) error { _, err := tx.CountRefusal(d.ID); return err }, func() (int64, error) {
			got, err := s.reader().Device(d.ID)
			return got.Refusals, err
		}},
		"with its changes": {func(tx hub.Tx) error { return tx.Append(keyshift.AuditEvent{Action: "lost", DeviceID: d.ID}) }, func() (int64, error) {
			events, err := s.reader().Events(hub.EventFilter{DeviceID: d.ID, Limit: 100})
			return int64(len(events)), err
		}},
	}
}

func TestACommitWhoseConnectionIsLostHappensOnce(t *testing.T) {
	dsn := testpg.New(t)
	direct := newScene(t, dsn)
	for name, c := range countings(direct, direct.device(direct.user())) {
		t.Run(name, func(t *testing.T) { loseCommits(t, dsn, c) })
	}
}

// advisoryLocks counts those of the database of which something is so.
func advisoryLocks(t *testing.T, s *Store, what string) (n int) {
	t.Helper()
	err := s.engine.(*postgresEngine).reads.QueryRowContext(t.Context(), "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' "+
		"AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND "+what).Scan(&n)
	if err != nil {
		t.Error(err)
	}
	return n
}

func loseCommits(t *testing.T, dsn string, c counting) {
	p, through := newProxy(t, dsn)
	s, commit := mustOpen(t, Options{Database: through}), commitOnItsWay()
	counted := func() int64 {
		got, err := c.count()
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	write := func() error { return s.Write(t.Context(), hub.Ordinary, c.write) }
	before := func(client, _ net.Conn, _ []byte) { _ = client.Close() }
	after := func(client, server net.Conn, message []byte) {
		want := counted() + 1
		_, _ = server.Write(message)
		_ = client.Close()
		eventually(t, "commit", func() bool { return counted() == want })
	}
	// The commit comes to the server only when somebody waits to know what became of it.
	late := func(client, server net.Conn, message []byte) {
		_ = client.Close()
		eventually(t, "a question", func() bool { return advisoryLocks(t, s, "NOT granted") == 1 })
		_, _ = server.Write(message)
	}
	want := int64(0)
	for name, lose := range map[string]func(client, server net.Conn, message []byte){"before it": before, "after it": after, "and found late": late} {
		p.set(commit, lose, false)
		want++
		if err := write(); err != nil || counted() != want {
			t.Errorf("lost %s: %v, counted %d, want %d", name, err, counted(), want)
		}
		if p.pending() {
			t.Errorf("lost %s: the commit never came by", name)
		}
	}

	// When nobody can be asked, the caller is told so, and nothing runs again.
	s.engine.(*postgresEngine).settling = 300 * time.Millisecond
	p.set(commit, func(client, server net.Conn, message []byte) {
		p.set(commit, nil, true)
		after(client, server, message)
	}, false)
	wantCode(t, write(), keyshift.CodeAuditUnavailable)
	want++
	eventually(t, "commit in doubt", func() bool { return counted() == want })
	wantCode(t, write(), keyshift.CodeUnavailable)
	p.set(commit, nil, false)
	want++
	if err := write(); err != nil || counted() != want {
		t.Errorf("afterwards: %v, counted %d, want %d", err, counted(), want)
	}
}

// What became of a commit can be told where nothing can be written any more.
func TestTheOutcomeOfACommitIsOnlyRead(t *testing.T) {
	s := newScene(t, migrated.New(t))
	d := s.device(s.user())
	p, through := newProxy(t, s.dsn)
	hubBeside := mustOpen(t, Options{Database: through})
	write := func() error {
		return hubBeside.Write(t.Context(), hub.Ordinary, func(tx hub.Tx) error { return tx.Append(keyshift.AuditEvent{Action: "lost", DeviceID: d.ID}) })
	}
	if err := write(); err != nil { // it prepares the statements
		t.Fatal(err)
	}
	over := make(chan struct{})
	p.set(commitOnItsWay(), func(client, server net.Conn, message []byte) {
		defer close(over)
		s.sql("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END $$") // for new sessions
		_ = client.Close()
		deliver(server, message)
	}, false)
	if err := write(); err != nil || p.pending() {
		t.Fatalf("%v, want to hear that it was done", err)
	}
	<-over
	events, err := s.reader().Events(hub.EventFilter{DeviceID: d.ID, Limit: 3})
	if err != nil || len(events) != 2 {
		t.Errorf("%v, %d events, want 2", err, len(events))
	}
}
