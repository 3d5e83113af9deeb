package audit

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/hub/store"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/testpg"
)

// realStores are the engines, each with as many replicas at once as it allows.
var realStores = []struct {
	name     string
	replicas int
	database func(testing.TB) string
}{
	{"SQLite", 1, func(t testing.TB) string { return filepath.Join(t.TempDir(), "data", "hub.db") }},
	{"PostgreSQL", 3, func(t testing.TB) string { return testpg.New(t) }},
}

func openReplicas(t testing.TB, database string, n int) []*store.Store {
	t.Helper()
	list := make([]*store.Store, n)
	for i := range list {
		s, err := store.Open(t.Context(), store.Options{Database: database, Migrate: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		})
		list[i] = s
	}
	write(t, list[0], func(tx hub.Tx) error {
		return tx.AddHub(hub.HubRow{ID: testHub, Name: "test", CreatedAt: tx.Now(), SigningPublic: hubPublic, SigningSealed: []byte("sealed"), State: hub.Serving})
	})
	return list
}

func write(t testing.TB, s *store.Store, fn func(hub.Tx) error) {
	t.Helper()
	if err := s.Write(context.WithoutCancel(t.Context()), hub.Ordinary, fn); err != nil {
		t.Error(err)
	}
}

// Replicas commit events and place them, all at once; the log is one, with every event in it once.
func TestStoryOfALogInARealDatabase(t *testing.T) {
	const each = 150
	for _, tt := range realStores {
		t.Run(tt.name, func(t *testing.T) {
			replicas := openReplicas(t, tt.database(t), tt.replicas)
			var wg sync.WaitGroup
			for i, s := range replicas {
				wg.Go(func() { work(t, s, i, each) })
			}
			wg.Wait()
			if _, err := newSequencer(replicas[0], 20).Sequence(t.Context()); err != nil {
				t.Fatal(err)
			}
			wantLog(t, replicas[0].Read(t.Context()), int64(each*tt.replicas))
		})
	}
}

// work is one replica: it commits events, and sequences meanwhile.
func work(t testing.TB, s *store.Store, replica, events int) {
	done := make(chan struct{})
	var meanwhile sync.WaitGroup
	meanwhile.Go(func() { sequenceUntil(t, s, replica, done) })
	defer meanwhile.Wait()
	defer close(done)
	for n := range events {
		write(t, s, func(tx hub.Tx) error {
			return tx.Append(keyshift.AuditEvent{
				Action: keyshift.ActLeaseGranted, ActorKind: keyshift.ActorHub, ActorID: testHub,
				Details:  map[string]string{"replica": fmt.Sprint(replica), "event": fmt.Sprint(n)},
				Personal: map[string]string{"user": "dana"},
			})
		})
	}
}

func sequenceUntil(t testing.TB, s *store.Store, replica int, done chan struct{}) {
	for sequencer := newSequencer(s, 20); ; {
		if _, err := sequencer.Sequence(t.Context()); err != nil {
			t.Logf("replica %d: %v", replica, err) // too many conflicts in a row: the next turn places them
		}
		select {
		case <-done:
			return
		default:
		}
	}
}

func wantLog(t *testing.T, r LogReader, events int64) {
	t.Helper()
	if report, err := VerifyStore(t.Context(), r, trusted); err != nil || report.Events != events {
		t.Errorf("VerifyStore: %d events, %v, want %d\n%s", report.Events, err, events, report.Text())
	}
	if report, err := VerifyNewest(t.Context(), r, trusted, 10); err != nil || report.Head.Size != events {
		t.Errorf("VerifyNewest: %v\n%s", err, report.Text())
	}
	var b bytes.Buffer
	if err := Export(t.Context(), r, &b); err != nil {
		t.Fatal(err)
	}
	if report, err := verify(b.Bytes(), trusted); err != nil || report.Events != events || report.Erased != 0 {
		t.Errorf("Verify: %d events, %v, want %d\n%s", report.Events, err, events, report.Text())
	}
}

func BenchmarkSequence10000OnSQLite(b *testing.B) {
	s := openReplicas(b, realStores[0].database(b), 1)[0]
	for b.Loop() {
		b.StopTimer()
		write(b, s, func(tx hub.Tx) error {
			for n := range 10_000 {
				if err := tx.Append(testEvent(n)); err != nil {
					return err
				}
			}
			return nil
		})
		b.StartTimer()
		if n, err := newSequencer(s, pageSize).Sequence(b.Context()); err != nil || n != 10_000 {
			b.Fatal(n, err)
		}
	}
}
