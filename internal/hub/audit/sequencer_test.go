package audit

import (
	"context"
	"errors"
	"math/bits"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"github.com/keyshift-hq/keyshift/internal/checkpoint"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// running starts a Sequencer inside a synctest bubble and ends it with the test.
func running(t *testing.T, m *memory) *Sequencer {
	s := newSequencer(m, pageSize)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run = %v", err)
		}
	})
	synctest.Wait()
	return s
}

// pass lets time pass in the bubble, which costs none.
func pass(d time.Duration) { <-time.After(d) }

func size(t testing.TB, m *memory) int64 {
	t.Helper()
	latest, err := m.reader().LatestCheckpoint()
	if err != nil {
		t.Fatal(err)
	}
	return latest.Size
}

func wantSize(t testing.TB, m *memory, want int64) {
	t.Helper()
	if got := size(t, m); got != want {
		t.Errorf("the log has %d events, want %d", got, want)
	}
}

func wantWhole(t testing.TB, m *memory) {
	t.Helper()
	if r, err := VerifyStore(t.Context(), m.reader(), Trust{HubID: testHub, PublicKey: hubPublic}); err != nil {
		t.Errorf("VerifyStore: %v\n%s", err, r.Text())
	}
}

func TestEventIsInTheTreeWithinASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		s := running(t, m)
		for n := range 5 {
			m.commit(testEvent(n))
			s.Poke()
			pass(time.Second)
			synctest.Wait()
			wantSize(t, m, int64(n+1))
		}
		wantWhole(t, m)
	})
}

func TestManyPokesMakeFewCheckpoints(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		s := running(t, m)
		for n := range 1000 {
			m.commit(testEvent(n))
			s.Poke()
			pass(time.Millisecond)
		}
		pass(time.Second)
		synctest.Wait()
		wantSize(t, m, 1000)
		if got := len(m.marks); got > 6 {
			t.Errorf("%d checkpoints for one second of pokes", got)
		}
	})
}

func TestWhatAnEarlierRunLeftIsPlacedAtStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.commit(testEvents(3)...)
		running(t, m)
		wantSize(t, m, 3)
	})
}

func TestEventWithoutPokeIsFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		running(t, m)
		m.commit(testEvent(0))
		pass(lazyCheck)
		synctest.Wait()
		wantSize(t, m, 1)
	})
}

func TestIdleHubSleeps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		running(t, m)
		pass(time.Hour)
		synctest.Wait()
		if m.writes != 0 || m.reads > 122 {
			t.Errorf("%d writes and %d reads in an idle hour", m.writes, m.reads)
		}
	})
}

func TestRunWaitsForTheKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.commit(testEvent(0))
		s := NewSequencer(m, nil)
		if _, err := s.Sequence(t.Context()); keyshift.CodeOf(err) != keyshift.CodeUnavailable {
			t.Errorf("Sequence without key = %v", err)
		}
		if _, err := s.Judge(m.reader(), ""); keyshift.CodeOf(err) != keyshift.CodeUnavailable {
			t.Errorf("Judge without key = %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() { _ = s.Run(ctx) }()
		synctest.Wait()
		wantSize(t, m, 0)
		s.Use(testHub, hubKey)
		synctest.Wait()
		wantSize(t, m, 1)
	})
}

func TestRunEndsWithoutKey(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := NewSequencer(newMemory(), nil).Run(ctx); err != nil {
		t.Errorf("Run = %v", err)
	}
}

func TestLastingFailureIsAFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.commit(testEvent(0))
		m.failure = errors.New("disk full")
		s := running(t, m)
		if err := s.Fault(); err != nil {
			t.Errorf("Fault after one failure = %v, which may be a conflict", err)
		}
		pass(time.Second)
		synctest.Wait()
		if err := s.Fault(); !errors.Is(err, m.failure) {
			t.Errorf("Fault after a second of failures = %v, want %v", err, m.failure)
		}
		m.set(func() { m.failure = nil })
		pass(lazyCheck)
		synctest.Wait()
		if err := s.Fault(); err != nil {
			t.Errorf("Fault after success = %v", err)
		}
		wantSize(t, m, 1)
	})
}

func TestNothingIsSignedOnADamagedTree(t *testing.T) {
	for _, tt := range []struct {
		name   string
		damage func(*memory)
	}{
		{"changed hash", func(m *memory) { m.hashes[tlog.StoredHashIndex(2, 0)] = make([]byte, 32) }},
		{"short hash", func(m *memory) { m.hashes[tlog.StoredHashIndex(2, 0)] = make([]byte, 31) }},
		{"older checkpoint under the newest size", func(m *memory) {
			mark := m.marks[5]
			mark.Size = 7
			m.marks[7] = mark
		}},
		{"forged checkpoint", func(m *memory) {
			mark := m.marks[7]
			mark.Note = signed(t, checkpoint.Head{HubID: string(testHub), Size: 7}, testKey("thief"))
			m.marks[7] = mark
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newLog(t, 7)
				tt.damage(m)
				m.commit(testEvent(7))
				s := running(t, m)
				wantSize(t, m, 7)
				if err := s.Fault(); !errors.Is(err, ErrDamaged) {
					t.Errorf("Fault = %v, want ErrDamaged", err)
				}
			})
		})
	}
}

func TestReplicasMakeOneLog(t *testing.T) {
	m := newMemory()
	const replicas, events = 4, 400
	var wg sync.WaitGroup
	for r := range replicas {
		s := newSequencer(m, 7)
		wg.Go(func() {
			for n := r; n < events; n += replicas {
				m.commit(testEvent(n))
				if _, err := s.Sequence(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	wantSize(t, m, events)
	wantWhole(t, m)
}

// The other replica commits a batch between what this one reads and what it commits, three times: the first is a conflict, which
// the store may let run again; from then on this one sees that the tree has grown.
func TestBatchThatComesSecondStartsAnew(t *testing.T) {
	for _, refuse := range []bool{false, true} {
		m := newMemory()
		m.refuse = refuse
		m.commit(testEvents(3)...)
		other, s := newSequencer(m, 2), newSequencer(m, 2)
		turns, inside := 3, false
		m.beforeCommit = func() {
			if inside || turns == 0 {
				return
			}
			inside = true
			if _, err := other.Sequence(t.Context()); err != nil {
				t.Error(err)
			}
			m.commit(testEvent(100 + turns))
			turns, inside = turns-1, false
		}
		if _, err := s.Sequence(t.Context()); refuse != errors.Is(err, errConflict) {
			t.Errorf("store refuses conflicts: %v, Sequence = %v", refuse, err)
		}
		if m.conflicts != 1 {
			t.Errorf("%d conflicts, want 1", m.conflicts)
		}
		turns = 0
		sequence(t, m, 2)
		wantSize(t, m, int64(len(m.events)))
		wantWhole(t, m)
	}
}

func TestBatchIsBounded(t *testing.T) {
	m := newMemory()
	const events = 1000
	m.commit(testEvents(events)...)
	sequence(t, m, 64)
	if m.mostEvents > 64 || m.mostHashes > bits.Len(events) {
		t.Errorf("a batch of 64 read %d events and %d hashes at once", m.mostEvents, m.mostHashes)
	}
	if got, want := m.writes, (events+63)/64; got != want {
		t.Errorf("%d writes, want one per batch, %d", got, want)
	}
}

func TestBatchesDoNotShowInTheTree(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 120).Draw(rt, "events")
		atOnce, bit := newMemory(), newMemory()
		atOnce.commit(testEvents(n)...)
		sequence(t, atOnce, n)
		for placed := 0; placed < n; {
			more := rapid.IntRange(1, n-placed).Draw(rt, "committed")
			bit.commit(testEvents(placed + more)[placed:]...)
			sequence(t, bit, rapid.IntRange(1, 40).Draw(rt, "batch"))
			placed += more
		}
		if diff := cmp.Diff(atOnce.hashes, bit.hashes); diff != "" {
			rt.Fatalf("stored hashes differ:\n%s", diff)
		}
		if a, b := atOnce.marks[int64(n)].Note, bit.marks[int64(n)].Note; a != b {
			rt.Fatalf("heads differ: %q and %q", a, b)
		}
	})
}

// The tree is held against tlog's plain way of building one.
func TestTreeIsThatOfRFC6962(t *testing.T) {
	const n = 70
	m := newLog(t, n)
	stored := storedTree{m.reader()}
	for i := range int64(n) {
		want, err := tlog.StoredHashes(i, testEvent(int(i)).Leaf(), stored)
		if err != nil {
			t.Fatal(err)
		}
		for k, h := range want {
			if got := m.hashes[tlog.StoredHashIndex(0, i)+int64(k)]; tlog.Hash(got) != h {
				t.Errorf("hash %d of event %d is %x, want %x", k, i, got, h)
			}
		}
	}
	if got, want := int64(len(m.hashes)), tlog.StoredHashCount(n); got != want {
		t.Errorf("%d stored hashes, want %d", got, want)
	}
}

// A fake in memory shows what the Sequencer itself costs: hashing, signing, and reading its own tree.
func BenchmarkSequence10000(b *testing.B) {
	events := testEvents(10_000)
	for b.Loop() {
		m := &queue{memory: newMemory(), waiting: events}
		if n, err := newSequencer(m, pageSize).Sequence(b.Context()); err != nil || n != len(events) {
			b.Fatal(n, err)
		}
	}
}
