package wakeup

import (
	"context"
	"database/sql"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // to end a listener's connection from outside

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/hub/store"
	"github.com/keyshift-hq/keyshift/internal/testpg"
	"github.com/keyshift-hq/keyshift/internal/until"
)

// ears is a Sink that a test listens to.
type ears struct {
	wakes chan string
	all   chan struct{}
}

func newEars() *ears { return &ears{make(chan string, 10_000), make(chan struct{}, 100)} }

func (e *ears) Wake(topic, ref string) { e.wakes <- topic + " " + ref }
func (e *ears) WakeAll()               { e.all <- struct{}{} }

func hears[T any](t *testing.T, what string, from <-chan T) T {
	t.Helper()
	select {
	case got := <-from:
		return got
	case <-time.After(15 * time.Second):
		t.Fatalf("not heard: %s", what)
		panic("unreachable")
	}
}

// replica is a store with a waker that runs, and what its devices would hear.
func replica(t *testing.T, database string) (*store.Store, *ears) {
	t.Helper()
	heard := newEars()
	var waker Waker
	st, err := store.Open(t.Context(), store.Options{Database: database, Migrate: true, OnCommit: func(rows []hub.OutboxRow) { waker.Committed(rows) }})
	if err != nil {
		t.Fatal(err)
	}
	waker = Memory(st, heard, slog.New(slog.DiscardHandler), time.Now)
	if store.IsPostgres(database) {
		waker = Replicas(store.NewBus(database, "test"), store.MaxPayload, st, heard, slog.New(slog.DiscardHandler), time.Now)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- waker.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	if store.IsPostgres(database) {
		hears(t, "that the listener is there", heard.all)
	}
	return st, heard
}

func tell(t *testing.T, st *store.Store, ref string) {
	t.Helper()
	if err := st.Write(t.Context(), hub.Ordinary, func(tx hub.Tx) error { return tx.Notify(hub.TopicDevice, ref) }); err != nil {
		t.Fatal(err)
	}
}

func emptied(t *testing.T, st *store.Store) {
	t.Helper()
	err := until.True("the outbox is emptied", 15*time.Second, func() bool {
		rows, err := st.Read(t.Context()).OutboxBefore(time.Now().Add(time.Hour), 10)
		if err != nil {
			t.Fatal(err)
		}
		return len(rows) == 0
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestOneProcessHearsItself(t *testing.T) {
	st, heard := replica(t, t.TempDir()+"/hub.db")
	tell(t, st, "d1")
	if got := hears(t, "the wake-up", heard.wakes); got != "device d1" {
		t.Errorf("heard %q", got)
	}
	emptied(t, st)
}

func TestEveryReplicaHearsIt(t *testing.T) {
	database := testpg.New(t)
	here, heardHere := replica(t, database)
	_, heardThere := replica(t, database)
	tell(t, here, "d1")
	for name, heard := range map[string]*ears{"the same replica": heardHere, "the other": heardThere} {
		if got := hears(t, "the wake-up at "+name, heard.wakes); got != "device d1" {
			t.Errorf("%s heard %q", name, got)
		}
	}
	emptied(t, here)
}

func TestALostConnectionWakesEverybodyWhenItIsBack(t *testing.T) {
	database := testpg.New(t)
	st, heard := replica(t, database)
	admin, err := sql.Open("pgx", database)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	if _, err := admin.Exec(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database() AND pid <> pg_backend_pid()`); err != nil {
		t.Fatal(err)
	}
	hears(t, "that wake-ups may have been missed", heard.all)
	tell(t, st, "d2")
	if got := hears(t, "a wake-up on the new connection", heard.wakes); got != "device d2" {
		t.Errorf("heard %q", got)
	}
}

func TestARowThatACrashLeftIsTold(t *testing.T) {
	database := testpg.New(t)
	dead, err := store.Open(t.Context(), store.Options{Database: database, Migrate: true})
	if err != nil {
		t.Fatal(err)
	}
	tell(t, dead, "d3") // nobody takes it: the process died between commit and notification
	if err := dead.Close(); err != nil {
		t.Fatal(err)
	}
	st, heard := replica(t, database)
	if got := hears(t, "the row that was left", heard.wakes); got != "device d3" {
		t.Errorf("heard %q", got)
	}
	emptied(t, st)
}

// The first wake-up is told at once; those that follow close behind wait for each other.
func TestWakeUpsThatComeTogetherAreToldTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOutbox(nil, slog.New(slog.DiscardHandler), time.Now)
		o.remove = time.NewTimer(time.Hour)
		defer o.remove.Stop()
		o.apart = tellEvery
		began, told := time.Now(), 0
		o.tell = func(_ context.Context, rows []hub.OutboxRow) error { told += len(rows); return nil }
		for i, want := range []time.Duration{0, tellEvery, 2 * tellEvery} {
			o.Committed(make([]hub.OutboxRow, 3))
			<-o.ready
			o.gather(t.Context())
			if err := o.pass(t.Context(), o.take()); err != nil {
				t.Fatal(err)
			}
			if got := time.Since(began); got != want || told != 3*(i+1) {
				t.Errorf("%d told after %v, want %d after %v", told, got, 3*(i+1), want)
			}
		}
	})
}

func TestManyWakeUpsFitIntoNotifications(t *testing.T) {
	rows := make([]hub.OutboxRow, 1000)
	for i := range rows {
		rows[i] = hub.OutboxRow{Topic: hub.TopicDevice, Ref: strings.Repeat("x", 36)}
	}
	packed, err := payloads(rows, store.MaxPayload)
	if err != nil || len(packed) < 2 {
		t.Fatalf("packed into %d notifications, %v", len(packed), err)
	}
	told := 0
	for _, payload := range packed {
		if len(payload) >= 8000 {
			t.Errorf("a payload has %d bytes", len(payload))
		}
		told += strings.Count(payload, `"r"`)
	}
	if told != len(rows) {
		t.Errorf("%d of %d wake-ups are in the notifications", told, len(rows))
	}
}
