package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// eventually waits for what happens soon.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !ok(); runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("%s: did not happen in time", what)
		}
	}
}

// held occupies the writer of a store, so that commands wait and become one batch.
type held struct {
	s    *scene
	gate chan struct{}
	all  sync.WaitGroup
}

func (s *scene) hold() *held {
	h := &held{s: s, gate: make(chan struct{})}
	started := make(chan struct{})
	var once sync.Once
	h.all.Go(func() {
		err := s.Write(context.Background(), hub.Ordinary, func(hub.Tx) error {
			once.Do(func() { close(started) })
			<-h.gate
			return nil
		})
		if err != nil {
			s.Errorf("hold writer: %v", err)
		}
	})
	<-started
	return h
}

// queue starts a write and waits until it waits.
func (h *held) queue(ctx context.Context, kind hub.WriteKind, fn func(hub.Tx) error, ahead ...hub.Ahead) <-chan error {
	h.s.Helper()
	before := len(h.s.Store.queue)
	answer := make(chan error, 1)
	go func() { answer <- h.s.Write(ctx, kind, fn, ahead...) }()
	eventually(h.s, "queue a command", func() bool { return len(h.s.Store.queue) == before+1 })
	return answer
}

// release lets the writer go, which takes all that waits.
func (h *held) release() { close(h.gate) }

func (h *held) done() { h.all.Wait() }

func addUser(name string) func(tx hub.Tx) error {
	return func(tx hub.Tx) error {
		return tx.AddUser(keyshift.User{ID: tx.NewID(), Name: name, Active: true})
	}
}

func (s *scene) hasUser(name string) bool {
	s.Helper()
	_, err := s.reader().UserByName(name)
	if err != nil && !errors.Is(err, keyshift.ErrNotFound) {
		s.Fatal(err)
	}
	return err == nil
}

func TestCommandsThatWaitShareOneCommit(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		h := s.hold()
		before := s.Stats()
		var answers []<-chan error
		for i := range 20 {
			answers = append(answers, h.queue(t.Context(), hub.Ordinary, addUser(fmt.Sprintf("user-%d", i))))
		}
		h.release()
		for _, answer := range answers {
			if err := <-answer; err != nil {
				t.Error(err)
			}
		}
		h.done()
		after := s.Stats()
		if got := after.Commits - before.Commits; got != 1 {
			t.Errorf("20 commands took %d commits, want 1", got)
		}
		if got := after.Commands - before.Commands; got != 20+1 {
			t.Errorf("%d commands were answered", got)
		}
		for i := range 20 {
			if !s.hasUser(fmt.Sprintf("user-%d", i)) {
				t.Errorf("user %d is missing", i)
			}
		}
	})
}

func TestARefusalLeavesItsNeighborsAlone(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		refusal := keyshift.Refuse(keyshift.CodeForbidden, "No.", "")
		h := s.hold()
		before := s.Stats()
		runs := 0
		first := h.queue(t.Context(), hub.Ordinary, addUser("first"))
		refused := h.queue(t.Context(), hub.Ordinary, func(hub.Tx) error { runs++; return fmt.Errorf("ask gates: %w", refusal) })
		exists := h.queue(t.Context(), hub.Ordinary, addUser("first"))
		last := h.queue(t.Context(), hub.Ordinary, addUser("last"))
		h.release()
		for _, answer := range []<-chan error{first, last} {
			if err := <-answer; err != nil {
				t.Error(err)
			}
		}
		wantCode(t, <-refused, keyshift.CodeForbidden)
		wantCode(t, <-exists, keyshift.CodeAlreadyExists)
		h.done()
		if got := s.Stats().Commits - before.Commits; got != 1 || runs != 1 {
			t.Errorf("%d commits, the refused command ran %d times, want 1 and 1", got, runs)
		}
	})
}

// A command that goes wrong costs the others a second run, not their effect, and its own changes are gone.
func TestACommandThatGoesWrongIsUndoneAlone(t *testing.T) {
	refusal := keyshift.Refuse(keyshift.CodeForbidden, "No.", "")
	for _, tt := range []struct {
		name  string
		wrong func(tx hub.Tx) error
		want  string
	}{
		{"an error", func(hub.Tx) error { return errors.New("decode something") }, "decode something"},
		{"a panic", func(hub.Tx) error { panic("index out of range") }, "panic: index out of range"},
		{"a refusal after a change", func(hub.Tx) error { return refusal }, "No."},
		{"a refused statement", func(tx hub.Tx) error {
			return tx.AddGrant(keyshift.Grant{ID: "g", AccountID: "no such account", UserID: "no such user"})
		}, "add grant"},
		{"a swallowed error", func(tx hub.Tx) error {
			_ = tx.AddGrant(keyshift.Grant{ID: "g", AccountID: "no such account", UserID: "no such user"})
			return nil
		}, ""},
		{"a change after Keep", func(tx hub.Tx) error {
			return errors.Join(tx.Keep(refusal), tx.AddUser(keyshift.User{ID: "u", Name: "later"}))
		}, "No."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			onEach(t, func(t *testing.T, s *scene) {
				h := s.hold()
				var runs atomic.Int64
				counted := func(tx hub.Tx) error { runs.Add(1); return addUser("counted")(tx) }
				first := h.queue(t.Context(), hub.Ordinary, counted)
				wrong := h.queue(t.Context(), hub.Ordinary, func(tx hub.Tx) error {
					if err := addUser("undone")(tx); err != nil {
						return err
					}
					return tt.wrong(tx)
				})
				last := h.queue(t.Context(), hub.Ordinary, addUser("last"))
				h.release()
				if err := errors.Join(<-first, <-last); err != nil {
					t.Error(err)
				}
				if err := <-wrong; err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("got %v, want %q", err, tt.want)
				}
				h.done()
				if !s.hasUser("counted") || !s.hasUser("last") || s.hasUser("undone") || s.hasUser("later") {
					t.Error("the wrong changes are there, or the right ones are not")
				}
				if runs.Load() != 2 {
					t.Errorf("the first command ran %d times, want 2", runs.Load())
				}
			})
		})
	}
}

func TestAKeptRefusalCommitsWhatCameBefore(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		err := s.Write(t.Context(), hub.Ordinary, func(tx hub.Tx) error {
			if err := tx.Append(keyshift.AuditEvent{Action: keyshift.ActLeaseRefused}); err != nil {
				return err
			}
			return fmt.Errorf("check out: %w", tx.Keep(keyshift.Refuse(keyshift.CodeGrantMissing, "You have no grant.", "")))
		})
		wantCode(t, err, keyshift.CodeGrantMissing)
		events, err := s.reader().Events(hub.EventFilter{Limit: 10})
		if len(events) != 1 || err != nil {
			t.Errorf("%d events, %v, want the refusal's", len(events), err)
		}
	})
}

func TestACallerWhoLeavesInTimeChangesNothing(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		h := s.hold()
		ctx, cancel := context.WithCancel(t.Context())
		answer := h.queue(ctx, hub.Ordinary, addUser("left"))
		cancel()
		if err := <-answer; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want canceled", err)
		}
		h.release()
		h.done()
		if s.hasUser("left") {
			t.Error("the command ran although its caller had left")
		}
		if err := s.Write(ctx, hub.Ordinary, addUser("never")); !errors.Is(err, context.Canceled) || s.hasUser("never") {
			t.Errorf("got %v, want canceled", err)
		}
	})
}

func TestACallerWhoLeavesTooLateGetsTheOutcome(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		ctx, cancel := context.WithCancel(t.Context())
		err := s.Write(ctx, hub.Ordinary, func(tx hub.Tx) error {
			cancel()
			return addUser("late")(tx)
		})
		if err != nil || !s.hasUser("late") {
			t.Errorf("got %v, want the commit", err)
		}
	})
}

func TestClosingWritesGoFirstAndApart(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		h := s.hold()
		var order []string
		var mu sync.Mutex
		mark := func(name string) func(hub.Tx) error {
			return func(tx hub.Tx) error {
				mu.Lock()
				defer mu.Unlock()
				order = append(order, name)
				return addUser(name)(tx)
			}
		}
		before := s.Stats().Commits
		answers := []<-chan error{
			h.queue(t.Context(), hub.Ordinary, mark("ordinary")),
			h.queue(t.Context(), hub.Releasing, mark("releasing")),
			h.queue(t.Context(), hub.Closing, mark("closing")),
		}
		h.release()
		for _, answer := range answers {
			if err := <-answer; err != nil {
				t.Error(err)
			}
		}
		h.all.Wait()
		same(t, "order", order, []string{"closing", "ordinary", "releasing"})
		if got := s.Stats().Commits - before; got < 2 {
			t.Errorf("%d commits, want the closing write apart", got)
		}
	})
}

func TestReadsInsideACommandSeeItsChangesAndOthersDoNot(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		var outside error
		s.do(func(tx hub.Tx) error {
			if err := addUser("dana")(tx); err != nil {
				return err
			}
			_, outside = s.reader().UserByName("dana")
			_, err := tx.UserByName("dana")
			return err
		})
		wantCode(t, outside, keyshift.CodeNotFound)
	})
}

func TestWakeUpsAreToldAfterTheCommitAndOnlyThen(t *testing.T) {
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			told := make(chan []hub.OutboxRow, 10)
			s := newScene(t, d.dsn(t), func(o *Options) { o.OnCommit = func(rows []hub.OutboxRow) { told <- rows } })
			err := s.Write(t.Context(), hub.Ordinary, func(tx hub.Tx) error {
				return errors.Join(tx.Notify(hub.TopicDevice, "never"), errors.New("undo"))
			})
			if err == nil {
				t.Error("an undone command reported success")
			}
			s.do(func(tx hub.Tx) error {
				return errors.Join(tx.Notify(hub.TopicDevice, "one"), tx.Notify(hub.TopicBatch, "two"))
			})
			got := <-told
			stored, err := s.reader().OutboxBefore(s.clock.now().Add(time.Second), 10)
			same(t, "stored", stored, got)
			same(t, "error", err, nil)
			if len(got) != 2 || got[0].Ref != "one" || got[1].Topic != hub.TopicBatch || len(told) != 0 {
				t.Errorf("told %+v", got)
			}
			s.do(func(tx hub.Tx) error { return tx.RemoveOutbox([]string{got[0].ID, got[1].ID}) })
			if stored, _ = s.reader().OutboxBefore(s.clock.now().Add(time.Second), 10); len(stored) != 0 {
				t.Errorf("%d rows are left", len(stored))
			}
		})
	}
}

func TestManyWakeUpsAreRemovedAtOnce(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		s.do(func(tx hub.Tx) error {
			for i := range 50 {
				if err := tx.Notify(hub.TopicDevice, fmt.Sprint(i)); err != nil {
					return err
				}
			}
			return nil
		})
		rows, err := s.reader().OutboxBefore(s.clock.now().Add(time.Second), 100)
		if len(rows) != 50 || err != nil {
			t.Fatalf("%d rows, %v, want 50", len(rows), err)
		}
		var ids []string
		for _, row := range rows[:37] {
			ids = append(ids, row.ID)
		}
		s.do(func(tx hub.Tx) error { return tx.RemoveOutbox(ids) })
		left, _ := s.reader().OutboxBefore(s.clock.now().Add(time.Second), 100)
		same(t, "left", left, rows[37:])
	})
}

func TestACloseStoreRefusesAndAnswersWhoWaits(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		h := s.hold()
		waiting := h.queue(t.Context(), hub.Ordinary, addUser("waiting"))
		closed := make(chan error, 1)
		go func() { closed <- s.Close() }()
		eventually(t, "begin to close", func() bool {
			select {
			case <-s.stop:
				return true
			default:
				return false
			}
		})
		h.release()
		h.done()
		if err := <-closed; err != nil {
			t.Error(err)
		}
		if err := <-waiting; err != nil {
			wantCode(t, err, keyshift.CodeUnavailable)
		}
		wantCode(t, s.Write(t.Context(), hub.Ordinary, addUser("after")), keyshift.CodeUnavailable)
	})
}

func TestTheMomentOfATransactionNeverGoesBack(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		var first, second, third time.Time
		s.do(func(tx hub.Tx) error { first = tx.Now(); return nil })
		s.clock.advance(-time.Hour)
		s.do(func(tx hub.Tx) error { second = tx.Now(); return nil })
		s.clock.advance(time.Hour + 3*time.Microsecond)
		s.do(func(tx hub.Tx) error { third = tx.Now(); return nil })
		if !second.Equal(first) || third.Sub(first) != 3*time.Microsecond {
			t.Errorf("got %v, %v, %v", first, second, third)
		}
	})
}

func TestIDsSortInTheOrderInWhichTheyWereMade(t *testing.T) {
	c := &clock{now: newTestClock().now, random: rand.Reader}
	now := c.next()
	last := c.id(now)
	for range 10_000 {
		next := c.id(now)
		if next <= last || !next.Valid() {
			t.Fatalf("%s after %s", next, last)
		}
		last = next
	}
	if later := c.id(now.Add(time.Millisecond)); later <= last {
		t.Errorf("%s of the next millisecond after %s", later, last)
	}
	c.low = lowMask
	if next := c.id(now.Add(time.Millisecond)); next <= last || !next.Valid() {
		t.Errorf("%s after an overflow of the low part", next)
	}
}

// Whoever asks something does not wait for the audit tree where the database can do both at once, nor the other way round.
func TestUpkeepGoesOnBesideOtherWrites(t *testing.T) {
	s := newScene(t, migrated.New(t))
	d := s.device(s.user())
	for name, kinds := range map[string][2]hub.WriteKind{
		"beside ordinary": {hub.Ordinary, hub.Upkeep}, "ordinary beside": {hub.Upkeep, hub.Ordinary},
		"beside closing": {hub.Closing, hub.Upkeep}, "closing beside": {hub.Upkeep, hub.Closing},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second) // what waits for the first would never end
			defer cancel()
			begun, end, slow := newSignal(), make(chan struct{}), make(chan error, 1)
			go func() {
				slow <- s.Write(t.Context(), kinds[0], func(tx hub.Tx) error { begun.give(); <-end; return refuse(tx, d.ID) })
			}()
			<-begun.given
			err := s.Write(ctx, kinds[1], func(tx hub.Tx) error { return refuse(tx, d.ID) })
			close(end)
			if err := errors.Join(err, <-slow); err != nil {
				t.Error(err)
			}
		})
	}
	if got, err := s.reader().Device(d.ID); err != nil || got.Refusals != 8 {
		t.Errorf("%d of 8 changes were made, %v", got.Refusals, err)
	}
}

// refuse changes a row that all change.
func refuse(tx hub.Tx, device keyshift.ID) error {
	_, err := tx.CountRefusal(device)
	return err
}
