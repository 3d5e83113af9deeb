package audit

import (
	"bytes"
	"cmp"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/checkpoint"
	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

const testHub keyshift.ID = "0193c2a0-7c00-7abc-8def-0123456789ab"

func testKey(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(seed[:])
}

var (
	hubKey    = testKey("hub")
	hubPublic = hubKey.Public().(ed25519.PublicKey)
)

var errNoHash = errors.New("no such hash")

var errConflict = errors.New("somebody was faster")

// memory is a store of the audit log alone. Like PostgreSQL under read committed, its transactions see what others commit
// while they run, and what must be unique is checked when they commit.
type memory struct {
	mu     sync.Mutex
	row    hub.HubRow
	events map[string]hub.LoggedEvent
	hashes map[int64][]byte
	marks  map[int64]hub.Checkpoint

	// beforeCommit runs in every transaction before it commits; refuse makes conflicts come back instead of being retried.
	beforeCommit func()
	refuse       bool
	failure      error

	reads, writes, conflicts int
	mostEvents, mostHashes   int
}

func newMemory() *memory {
	return &memory{
		row:    hub.HubRow{ID: testHub, SigningPublic: hubPublic},
		events: map[string]hub.LoggedEvent{}, hashes: map[int64][]byte{}, marks: map[int64]hub.Checkpoint{},
	}
}

// commit adds unplaced events.
func (m *memory) commit(events ...keyshift.AuditEvent) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range events {
		m.events[e.ID] = hub.LoggedEvent{AuditEvent: e, LeafIndex: -1}
	}
}

func (m *memory) set(change func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change()
}

func (m *memory) copy() *memory {
	c := newMemory()
	c.events, c.hashes, c.marks = maps.Clone(m.events), maps.Clone(m.hashes), maps.Clone(m.marks)
	return c
}

func (m *memory) Read(context.Context) hub.Reader {
	m.set(func() { m.reads++ })
	return memoryTx{memory: m}
}

func (m *memory) Write(ctx context.Context, kind hub.WriteKind, fn func(hub.Tx) error, _ ...hub.Ahead) error {
	if kind != hub.Upkeep {
		return fmt.Errorf("a write of kind %d, which others would wait for", kind)
	}
	for {
		tx := memoryTx{memory: m, changes: &changes{}}
		if err := errors.Join(ctx.Err(), m.broken()); err != nil {
			return err
		}
		if err := fn(tx); err != nil {
			return err
		}
		if m.beforeCommit != nil {
			m.beforeCommit()
		}
		if err := m.apply(tx.changes); err == nil || m.refuse {
			return err
		}
	}
}

func (m *memory) broken() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.failure
}

// changes are what a transaction wrote.
type changes struct {
	placed map[string]int64
	hashes map[int64][]byte
	marks  []hub.Checkpoint
}

func (m *memory) apply(c *changes) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.writes++
	if m.taken(c) {
		m.conflicts++
		return errConflict
	}
	for id, index := range c.placed {
		e := m.events[id]
		e.LeafIndex = index
		m.events[id] = e
	}
	maps.Copy(m.hashes, c.hashes)
	for _, mark := range c.marks {
		m.marks[mark.Size] = mark
	}
	return nil
}

func (m *memory) taken(c *changes) bool {
	for id := range c.placed {
		if m.events[id].LeafIndex >= 0 {
			return true
		}
	}
	for index := range c.hashes {
		if _, ok := m.hashes[index]; ok {
			return true
		}
	}
	return slices.ContainsFunc(c.marks, func(mark hub.Checkpoint) bool { _, ok := m.marks[mark.Size]; return ok })
}

// memoryTx implements of hub.Tx and hub.Reader what this package uses, and panics for the rest.
type memoryTx struct {
	hub.Tx
	memory  *memory
	changes *changes
}

func (t memoryTx) Now() time.Time { return time.Now() }

func (t memoryTx) Hub() (hub.HubRow, error) { return t.memory.row, nil }

func (t memoryTx) Unsequenced(limit int) ([]keyshift.AuditEvent, error) {
	var list []keyshift.AuditEvent
	for _, e := range t.sorted(func(e hub.LoggedEvent) bool { return e.LeafIndex < 0 }, byID, limit) {
		list = append(list, e.AuditEvent)
	}
	return list, nil
}

func (t memoryTx) EventsFrom(index int64, limit int) ([]hub.LoggedEvent, error) {
	return t.sorted(func(e hub.LoggedEvent) bool { return e.LeafIndex >= index }, byIndex, limit), nil
}

func byID(a, b hub.LoggedEvent) int    { return cmp.Compare(a.ID, b.ID) }
func byIndex(a, b hub.LoggedEvent) int { return cmp.Compare(a.LeafIndex, b.LeafIndex) }

func (t memoryTx) sorted(want func(hub.LoggedEvent) bool, order func(a, b hub.LoggedEvent) int, limit int) []hub.LoggedEvent {
	t.memory.mu.Lock()
	defer t.memory.mu.Unlock()
	var list []hub.LoggedEvent
	for _, e := range t.memory.events {
		if want(e) {
			list = append(list, e)
		}
	}
	slices.SortFunc(list, order)
	list = list[:min(limit, len(list))]
	t.memory.mostEvents = max(t.memory.mostEvents, len(list))
	return list
}

func (t memoryTx) TreeHashes(indexes []int64) ([][]byte, error) {
	t.memory.mu.Lock()
	defer t.memory.mu.Unlock()
	t.memory.mostHashes = max(t.memory.mostHashes, len(indexes))
	var list [][]byte
	for _, i := range indexes {
		h, ok := t.memory.hashes[i]
		if !ok {
			return nil, fmt.Errorf("there is none at %d: %w", i, errNoHash)
		}
		list = append(list, h)
	}
	return list, nil
}

func (t memoryTx) LatestCheckpoint() (hub.Checkpoint, error) {
	t.memory.mu.Lock()
	defer t.memory.mu.Unlock()
	var latest hub.Checkpoint
	for size, mark := range t.memory.marks {
		if size > latest.Size {
			latest = mark
		}
	}
	return latest, nil
}

func (t memoryTx) Checkpoints(after int64, limit int) ([]hub.Checkpoint, error) {
	t.memory.mu.Lock()
	defer t.memory.mu.Unlock()
	var list []hub.Checkpoint
	for _, size := range slices.Sorted(maps.Keys(t.memory.marks)) {
		if size > after && len(list) < limit {
			list = append(list, t.memory.marks[size])
		}
	}
	return list, nil
}

func (t memoryTx) Place(id string, index, first int64, hashes [][]byte) error {
	c := t.changes
	if c.placed == nil {
		c.placed, c.hashes = map[string]int64{}, map[int64][]byte{}
	}
	c.placed[id] = index
	for i, h := range hashes {
		c.hashes[first+int64(i)] = bytes.Clone(h)
	}
	return nil
}

func (t memoryTx) AddCheckpoint(mark hub.Checkpoint) error {
	t.changes.marks = append(t.changes.marks, mark)
	return nil
}

// testEvent is event n: every third has personal facts.
func testEvent(n int) keyshift.AuditEvent {
	e := keyshift.AuditEvent{
		ID: fmt.Sprintf("%08d", n), At: time.UnixMicro(1_795_000_000_000_000 + int64(n)), Action: keyshift.ActLeaseGranted,
		ActorKind: keyshift.ActorUser, ActorID: "actor", AccountID: keyshift.ID(fmt.Sprintf("account-%d", n%7)),
	}
	if n%2 == 0 {
		e.Details = map[string]string{"minutes": fmt.Sprint(n), "b": "<&>"}
	}
	if n%3 == 0 {
		e.Personal = map[string]string{"user": "dana", "reason": fmt.Sprintf("reason %d", n)}
		e.Salt = bytes.Repeat([]byte{byte(n)}, 16)
		e.PersonalHash = keyshift.HashPersonal(e.Salt, e.Personal)
	}
	return e
}

func testEvents(n int) []keyshift.AuditEvent {
	list := make([]keyshift.AuditEvent, n)
	for i := range list {
		list[i] = testEvent(i)
	}
	return list
}

func newSequencer(store hub.Store, batch int) *Sequencer {
	s := NewSequencer(store, nil)
	s.batch = batch
	s.Use(testHub, hubKey)
	return s
}

func sequence(t testing.TB, m *memory, batch int) {
	t.Helper()
	if _, err := newSequencer(m, batch).Sequence(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// newLog is a log of n events in batches of five.
func newLog(t testing.TB, n int) *memory {
	t.Helper()
	m := newMemory()
	m.commit(testEvents(n)...)
	sequence(t, m, 5)
	return m
}

func (m *memory) reader() memoryTx { return memoryTx{memory: m} }

func signed(t testing.TB, h checkpoint.Head, key ed25519.PrivateKey) string {
	t.Helper()
	note, err := checkpoint.Sign(h, key)
	if err != nil {
		t.Fatal(err)
	}
	return note
}

// queue is a store that does little, for measuring.
type queue struct {
	*memory
	waiting []keyshift.AuditEvent
}

type queueTx struct {
	memoryTx
	waiting []keyshift.AuditEvent
}

func (t queueTx) Unsequenced(limit int) ([]keyshift.AuditEvent, error) {
	return t.waiting[:min(limit, len(t.waiting))], nil
}

func (q *queue) tx() queueTx {
	return queueTx{memoryTx{memory: q.memory, changes: &changes{}}, q.waiting}
}

func (q *queue) Read(context.Context) hub.Reader { return q.tx() }

func (q *queue) Write(_ context.Context, _ hub.WriteKind, fn func(hub.Tx) error, _ ...hub.Ahead) error {
	tx := q.tx()
	if err := fn(tx); err != nil {
		return err
	}
	q.waiting = q.waiting[len(tx.changes.placed):]
	tx.changes.placed = nil
	return q.apply(tx.changes)
}
