package store

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/testpg"
)

// testClock stands still until it is moved.
type testClock struct{ micros atomic.Int64 }

var startOfTests = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

func newTestClock() *testClock {
	c := &testClock{}
	c.micros.Store(startOfTests.UnixMicro())
	return c
}

func (c *testClock) now() time.Time          { return time.UnixMicro(c.micros.Load()).UTC() }
func (c *testClock) advance(d time.Duration) { c.micros.Add(d.Microseconds()) }

// databases are what every story is told on: dsn is empty, ready may have the newest schema already.
var databases = []struct {
	name       string
	dsn, ready func(testing.TB) string
}{
	{"SQLite", newFile, newFile},
	{"PostgreSQL", testpg.New, migrated.New},
}

func newFile(t testing.TB) string { return filepath.Join(t.TempDir(), "data", "hub.db") }

// migrated is PostgreSQL with the newest schema. That an empty one is brought to it is a story of its own.
var migrated = testpg.Template{Prepare: func(dsn string) error {
	s, err := Open(context.Background(), Options{Database: dsn, Migrate: true})
	if err != nil {
		return err
	}
	return s.Close()
}}

func TestMain(m *testing.M) {
	code := m.Run()
	if err := migrated.Drop(); err != nil {
		fmt.Fprintln(os.Stderr, "store:", err)
		code = 1
	}
	os.Exit(code)
}

// onEach tells a story on each engine.
func onEach(t *testing.T, story func(t *testing.T, s *scene)) {
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) { story(t, newScene(t, d.ready(t))) })
	}
}

// scene is an open store with a clock that stands still.
type scene struct {
	testing.TB
	*Store
	dsn   string
	clock *testClock
	names atomic.Int64
}

func newScene(t testing.TB, dsn string, change ...func(*Options)) *scene {
	t.Helper()
	clock := newTestClock()
	o := Options{Database: dsn, Migrate: true, Clock: clock.now}
	for _, c := range change {
		c(&o)
	}
	return &scene{TB: t, Store: mustOpen(t, o), dsn: dsn, clock: clock}
}

func mustOpen(t testing.TB, o Options) *Store {
	t.Helper()
	s, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

// do runs fn in an ordinary write that must succeed.
func (s *scene) do(fn func(tx hub.Tx) error) {
	s.Helper()
	if err := s.Write(s.ctx(), hub.Ordinary, fn); err != nil {
		s.Fatal(err)
	}
}

func (s *scene) ctx() context.Context { return s.Context() }

func (s *scene) reader() hub.Reader { return s.Read(s.ctx()) }

func (s *scene) name(kind string) string { return fmt.Sprintf("%s-%d", kind, s.names.Add(1)) }

func (s *scene) user() keyshift.User {
	s.Helper()
	u := keyshift.User{Name: s.name("user"), Roles: []keyshift.Role{keyshift.Member}, Active: true}
	s.do(func(tx hub.Tx) error {
		u.ID, u.CreatedAt = tx.NewID(), tx.Now()
		return tx.AddUser(u)
	})
	return u
}

func (s *scene) device(u keyshift.User) keyshift.Device {
	s.Helper()
	d := keyshift.Device{UserID: u.ID, Name: s.name("device"), OS: "linux", State: keyshift.DeviceTrusted, SigningKey: []byte{1}, SealingKey: []byte{2}}
	s.do(func(tx hub.Tx) error {
		d.ID, d.EnrolledAt = tx.NewID(), tx.Now()
		return tx.AddDevice(d)
	})
	return d
}

func (s *scene) account(change ...func(*keyshift.Account)) keyshift.Account {
	s.Helper()
	a := keyshift.NewAccount(keyshift.X, s.name("acme"))
	for _, c := range change {
		c(&a)
	}
	s.do(func(tx hub.Tx) error {
		a.ID, a.CreatedAt = tx.NewID(), tx.Now()
		return tx.AddAccount(a)
	})
	return a
}

func shared(a *keyshift.Account) { a.Exclusive = false }

// lend commits a pending lease of an hour; activate makes it active.
func (s *scene) lend(a keyshift.Account, d keyshift.Device) keyshift.Lease {
	s.Helper()
	var l keyshift.Lease
	s.do(func(tx hub.Tx) error {
		l = keyshift.NewLease(tx.NewID(), a, keyshift.User{ID: d.UserID}, d, "campaign", time.Hour, tx.Now())
		return tx.AddLease(l)
	})
	return l
}

func (s *scene) activate(l keyshift.Lease) keyshift.Lease {
	s.Helper()
	l.State, l.Epoch = keyshift.LeaseActive, l.Epoch+1
	s.do(func(tx hub.Tx) error { return tx.SaveLease(l) })
	return l
}

func (s *scene) lease(id keyshift.ID) keyshift.Lease {
	s.Helper()
	l, err := s.reader().Lease(id)
	if err != nil {
		s.Fatal(err)
	}
	return l
}
