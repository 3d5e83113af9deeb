package audit

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// change rewrites event n of the database.
func (m *memory) change(n int, change func(*hub.LoggedEvent)) {
	e := m.events[testEvent(n).ID]
	change(&e)
	m.events[e.ID] = e
}

func inAnotherAccount(e *hub.LoggedEvent) { e.AccountID = "account-99" }

// rehash writes the tree hashes that an event would have now, as far as asked.
func (m *memory) rehash(t *testing.T, n, levels int) {
	t.Helper()
	index := int64(n)
	e := m.events[testEvent(n).ID]
	added, err := tlog.StoredHashes(index, e.Leaf(), storedTree{m.reader()})
	if err != nil {
		t.Fatal(err)
	}
	for k := range min(levels, len(added)) {
		m.hashes[tlog.StoredHashIndex(0, index)+int64(k)] = added[k][:]
	}
}

// rebuild writes the whole tree anew, as somebody would who has the database but not the key.
func (m *memory) rebuild(t *testing.T) {
	t.Helper()
	for n := range len(m.events) {
		m.rehash(t, n, 64)
	}
}

var storeTamperings = []struct {
	name     string
	tamper   func(t *testing.T, m *memory)
	kind     error
	index    int64
	from, to int64
}{
	{"changed", func(_ *testing.T, m *memory) { m.change(7, inAnotherAccount) }, ErrChanged, 7, 7, 8},
	{"changed name", func(_ *testing.T, m *memory) {
		m.change(9, func(e *hub.LoggedEvent) { e.Personal = map[string]string{"user": "lee"} })
	}, ErrPersonal, 9, 9, 10},
	{"changed with leaf hash", func(t *testing.T, m *memory) { m.change(6, inAnotherAccount); m.rehash(t, 6, 1) }, ErrTree, 6, 6, 8},
	{"changed with leaf hash and a larger subtree", func(t *testing.T, m *memory) {
		m.change(10, inAnotherAccount)
		m.rehash(t, 10, 1)
		m.rehash(t, 11, 2)
	}, ErrTree, 10, 10, 12},
	{"changed with all hashes", func(t *testing.T, m *memory) { m.change(7, inAnotherAccount); m.rebuild(t) }, ErrCheckpoint, 5, 5, 10},
	{"deleted", func(_ *testing.T, m *memory) { delete(m.events, testEvent(7).ID) }, ErrMissing, 7, 7, 8},
	{"deleted around a checkpoint", func(_ *testing.T, m *memory) {
		for n := 8; n < 12; n++ {
			delete(m.events, testEvent(n).ID)
		}
	}, ErrMissing, 8, 8, 9},
	{"newest half deleted", func(_ *testing.T, m *memory) {
		for n := 8; n < 20; n++ {
			delete(m.events, testEvent(n).ID)
		}
	}, ErrTruncated, 8, 8, 20},
	{"newest deleted", func(_ *testing.T, m *memory) { delete(m.events, testEvent(19).ID) }, ErrTruncated, 19, 19, 20},
	{"all deleted", func(_ *testing.T, m *memory) { clear(m.events) }, ErrTruncated, 0, 0, 20},
	{"taken out of the tree", func(_ *testing.T, m *memory) { m.change(7, func(e *hub.LoggedEvent) { e.LeafIndex = -1 }) }, ErrMissing, 7, 7, 8},
	{"swapped", func(_ *testing.T, m *memory) {
		m.change(11, func(e *hub.LoggedEvent) { e.LeafIndex = 13 })
		m.change(13, func(e *hub.LoggedEvent) { e.LeafIndex = 11 })
	}, ErrChanged, 11, 11, 12},
	{"inserted with a taken index", func(_ *testing.T, m *memory) {
		e := hub.LoggedEvent{AuditEvent: testEvent(99), LeafIndex: 7}
		m.events[e.ID] = e
		m.change(7, func(e *hub.LoggedEvent) { e.LeafIndex = 8 })
	}, ErrChanged, 7, 7, 8},
	{"inserted behind the end", func(_ *testing.T, m *memory) {
		e := hub.LoggedEvent{AuditEvent: testEvent(99), LeafIndex: 20}
		m.events[e.ID] = e
	}, ErrOrder, 20, 20, 21},
	{"stored hash changed", func(_ *testing.T, m *memory) { m.hashes[tlog.StoredHashIndex(2, 1)] = make([]byte, 32) }, ErrTree, 5, 5, 8},
	{"stored hash cut", func(_ *testing.T, m *memory) { m.hashes[tlog.StoredHashIndex(2, 1)] = make([]byte, 3) }, ErrTree, 7, 7, 8},
	{"stored hash gone", func(_ *testing.T, m *memory) { delete(m.hashes, tlog.StoredHashIndex(2, 1)) }, ErrTree, 7, 7, 8},
	{"checkpoint of another size", func(_ *testing.T, m *memory) { m.marks[12] = hub.Checkpoint{Size: 12, Note: m.marks[10].Note} }, ErrCheckpoint, 10, 10, 12},
	{"checkpoint unsigned", func(_ *testing.T, m *memory) { m.marks[10] = hub.Checkpoint{Size: 10, Note: "x"} }, ErrSignature, 5, 5, 10},
	{"newest checkpoint unsigned", func(_ *testing.T, m *memory) { m.marks[20] = hub.Checkpoint{Size: 20, Note: "x"} }, ErrSignature, 0, 0, 20},
	{"newest checkpoint of another size", func(_ *testing.T, m *memory) { m.marks[30] = hub.Checkpoint{Size: 30, Note: m.marks[20].Note} }, ErrCheckpoint, 0, 0, 20},
	{"newest checkpoint of another log", func(t *testing.T, m *memory) {
		m.marks[20] = hub.Checkpoint{Size: 20, Note: noteOf(t, forgedLog(t, 20, 17), 20)}
	}, ErrCheckpoint, 15, 15, 20},
	{"newest checkpoint deleted", func(_ *testing.T, m *memory) { delete(m.marks, 20) }, ErrOrder, 15, 15, 16},
	{"all checkpoints deleted", func(_ *testing.T, m *memory) { clear(m.marks) }, ErrOrder, 0, 0, 1},
	{"key of another", func(_ *testing.T, m *memory) { m.row.SigningPublic = testKey("thief")[32:] }, ErrTrust, -1, 0, 0},
	{"id of another", func(_ *testing.T, m *memory) { m.row.ID = "another" }, ErrTrust, -1, 0, 0},
}

func TestVerifyStoreNamesTheFirstBadEvent(t *testing.T) {
	for _, tt := range storeTamperings {
		t.Run(tt.name, func(t *testing.T) {
			m := newLog(t, 20)
			tt.tamper(t, m)
			r, err := VerifyStore(t.Context(), m.reader(), trusted)
			wantProblem(t, r, err, &Problem{Kind: tt.kind, Index: tt.index, From: tt.from, To: tt.to})
		})
	}
}

// What is wrong in the database shows in its export too, unless only the stored tree was touched, which the export does
// not hold, or what it leaves out.
func TestExportOfATamperedDatabaseDoesNotVerify(t *testing.T) {
	unseen := map[string]bool{
		"inserted behind the end": true, "newest checkpoint deleted": true,
		"stored hash changed": true,
	}
	for _, tt := range storeTamperings {
		t.Run(tt.name, func(t *testing.T) {
			m := newLog(t, 20)
			tt.tamper(t, m)
			var b bytes.Buffer
			err := Export(t.Context(), m.reader(), &b)
			if err == nil {
				_, err = verify(b.Bytes(), trusted)
			}
			if (err == nil) != unseen[tt.name] {
				t.Errorf("exported and verified with %v", err)
			}
		})
	}
}

func TestVerifyStore(t *testing.T) {
	for _, n := range []int{0, 1, 20, 499, 500, 501, 1203} {
		m := newLog(t, n)
		m.commit(testEvent(5000)) // one that has no place yet does not matter
		r, err := VerifyStore(t.Context(), m.reader(), trusted)
		if err != nil || r.Events != int64(n) || r.Proven != int64(n) || r.Checkpoints != int64(n+4)/5 {
			t.Errorf("%d events: %+v, %v", n, r, err)
		}
	}
}

func TestVerifyStoreOfARunningHub(t *testing.T) {
	late := newLog(t, 20)
	late.commit(testEvent(20))
	sequence(t, late, 5)
	if r, err := VerifyStore(t.Context(), &growing{memoryTx: late.reader(), old: newLog(t, 20)}, trusted); err != nil || r.Events != 20 {
		t.Errorf("%+v, %v", r, err)
	}
}

// growing shows an older newest checkpoint the first time.
type growing struct {
	memoryTx
	old  *memory
	seen bool
}

func (g *growing) LatestCheckpoint() (hub.Checkpoint, error) {
	if !g.seen {
		g.seen = true
		return g.old.reader().LatestCheckpoint()
	}
	return g.memoryTx.LatestCheckpoint()
}

func TestVerifyStoreEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if r, err := VerifyStore(ctx, newLog(t, 20).reader(), trusted); !errors.Is(err, context.Canceled) || r.Problem != nil {
		t.Errorf("%+v, %v", r.Problem, err)
	}
}

// failing is a store that cannot be read; that says nothing about the log.
type failing struct {
	memoryTx
	call string
}

func (f failing) fail(call string) error {
	if f.call == call {
		return keyshift.Refuse(keyshift.CodeStorageReadonly, "x", "y")
	}
	return nil
}

func (f failing) Hub() (hub.HubRow, error) { return f.memory.row, f.fail("hub") }
func (f failing) LatestCheckpoint() (hub.Checkpoint, error) {
	c, _ := f.memoryTx.LatestCheckpoint()
	return c, f.fail("latest")
}
func (f failing) EventsFrom(i int64, n int) ([]hub.LoggedEvent, error) {
	e, _ := f.memoryTx.EventsFrom(i, n)
	return e, f.fail("events")
}
func (f failing) TreeHashes(i []int64) ([][]byte, error) {
	h, _ := f.memoryTx.TreeHashes(i)
	return h, f.fail("hashes")
}
func (f failing) Checkpoints(after int64, n int) ([]hub.Checkpoint, error) {
	c, _ := f.memoryTx.Checkpoints(after, n)
	return c, f.fail("checkpoints")
}

func TestErrorsOfTheStoreAreNotProblemsOfTheLog(t *testing.T) {
	for _, call := range []string{"hub", "latest", "events", "hashes", "checkpoints"} {
		r, err := VerifyStore(t.Context(), failing{newLog(t, 20).reader(), call}, trusted)
		if keyshift.CodeOf(err) != keyshift.CodeStorageReadonly || r.Problem != nil {
			t.Errorf("%s: %+v, %v", call, r.Problem, err)
		}
	}
}

func TestVerifyNewest(t *testing.T) {
	m := newLog(t, 2003)
	for _, tt := range []struct{ events, from int64 }{{0, 1505}, {10, 1495}, {1000, 505}, {1503, 0}, {1 << 40, 0}} {
		r, err := VerifyNewest(t.Context(), m.reader(), trusted, tt.events)
		if err != nil || r.From != tt.from || r.Events != 2003-tt.from || r.Proven != 2003 {
			t.Errorf("newest %d: %+v, %v, want from %d", tt.events, r, err, tt.from)
		}
	}
	old := Trust{Witness: []string{noteOf(t, m, 100), noteOf(t, m, 2000)}}
	if r, err := VerifyNewest(t.Context(), m.reader(), old, 10); err != nil || r.Witnesses != 1 {
		t.Errorf("%d witnesses, %v, want 1: the other is of the older part", r.Witnesses, err)
	}
}

func TestVerifyNewestFindsWhatACrashCouldLeave(t *testing.T) {
	whole := newLog(t, 2003)
	for _, tt := range []struct {
		name   string
		tamper func(m *memory)
		kind   error
		index  int64
	}{
		{"gap", func(m *memory) { delete(m.events, testEvent(1900).ID) }, ErrMissing, 1900},
		{"no checkpoint", func(m *memory) { delete(m.marks, 2003) }, ErrOrder, 2000},
		{"event gone at the end", func(m *memory) { delete(m.events, testEvent(2002).ID) }, ErrTruncated, 2002},
		{"hash of the older part", func(m *memory) { m.hashes[tlog.StoredHashIndex(10, 0)] = make([]byte, 32) }, ErrCheckpoint, 0},
		{"hash of the older part gone", func(m *memory) { delete(m.hashes, tlog.StoredHashIndex(10, 0)) }, ErrTree, 0},
		{"checkpoint to begin at", func(m *memory) { m.marks[1495] = hub.Checkpoint{Size: 1495, Note: "x"} }, ErrSignature, 0},
		{"checkpoint to begin at of another size", func(m *memory) { m.marks[1495] = hub.Checkpoint{Size: 1495, Note: m.marks[1490].Note} }, ErrCheckpoint, 0},
	} {
		m := whole.copy()
		tt.tamper(m)
		r, err := VerifyNewest(t.Context(), m.reader(), trusted, 10)
		if !errors.Is(err, tt.kind) || r.Problem.Index != tt.index {
			t.Errorf("%s: %+v, %v, want %v at %d", tt.name, r.Problem, err, tt.kind, tt.index)
		}
	}
}
