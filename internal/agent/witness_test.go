package agent

import (
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

func (h *fakeHub) recordAll(events ...string) {
	for _, e := range events {
		h.record(e)
	}
}

// rewrite replaces the whole audit log.
func (h *fakeHub) rewrite(events ...string) {
	h.log, h.size = nil, 0
	h.recordAll(events...)
}

func TestWitnessFollowsTheLog(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, stop := w.enrolled()
		for i, events := range [][]string{{"a", "b", "c"}, {"d"}, {}, {"e", "f", "g", "h"}} {
			w.hub.with(func() { w.hub.recordAll(events...) })
			w.settle(6 * time.Minute) // two syncs: one to see it, one to stand for it
			w.hub.mu.Lock()
			size, seen := w.hub.size, w.hub.seen
			root, err := tlog.TreeHash(size, w.hub.log)
			w.hub.mu.Unlock()
			if err != nil {
				t.Fatal(err)
			}
			if got := a.Status().GetWitnessedSize(); got != size {
				t.Errorf("round %d: witnessed %d, want %d", i, got, size)
			}
			if seen.Size != size || seen.Root != root {
				t.Errorf("round %d: countersigned %v, want size %d", i, seen, size)
			}
		}
		stop()
		again, _ := w.boot()
		if got := again.Status().GetWitnessedSize(); got != 8 {
			t.Errorf("after a restart: witnessed %d, want 8", got)
		}
	})
}

func TestWitnessKeepsTheEvidence(t *testing.T) {
	for _, tt := range []struct {
		name    string
		rewrite []string
		want    keyshift.Code
	}{
		{"a shorter log", []string{"a", "b"}, keyshift.CodeRollbackDetected},
		{"another log of the same length", []string{"a", "b", "X"}, keyshift.CodeRollbackDetected},
		{"another, longer log", []string{"a", "X", "c", "d", "e"}, keyshift.CodeRollbackDetected},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				a, stop := w.enrolled()
				w.hub.with(func() { w.hub.recordAll("a", "b", "c") })
				w.settle(time.Minute)
				w.checkedOut(a)
				w.hub.with(func() { w.hub.rewrite(tt.rewrite...) })
				w.settle(time.Minute)
				s := a.Status()
				if s.GetProblem().GetCode() != string(tt.want) || s.GetWitnessedSize() != 3 {
					t.Errorf("got %v, witnessed %d, want %s and 3", s.GetProblem(), s.GetWitnessedSize(), tt.want)
				}
				if len(s.GetLeases()) != 1 || s.GetLeases()[0].GetEnding() != "" {
					t.Errorf("got %v, want the lease to go on", s.GetLeases())
				}
				if w.hub.seen.Size != 3 {
					t.Errorf("the hub was shown %d, want the 3 that it has to explain", w.hub.seen.Size)
				}
				stop()
				again, _ := w.boot()
				w.settle(time.Second)
				if got := again.Status().GetProblem().GetCode(); got != string(tt.want) {
					t.Errorf("after a restart: got problem %q, want %q", got, tt.want)
				}
				w.hub.with(func() { w.hub.rewrite("a", "b", "c", "d") })
				w.settle(time.Minute)
				if s := again.Status(); s.GetProblem() != nil || s.GetWitnessedSize() != 4 {
					t.Errorf("the true log again: got %v, witnessed %d, want none and 4", s.GetProblem(), s.GetWitnessedSize())
				}
			})
		})
	}
}

// That admins accept a log which goes back is believed once for each time they do, also after a restart.
func TestAnAcceptedRollbackIsBelievedOnce(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, stop := w.enrolled()
		want := func(a *Agent, when string, problem keyshift.Code, size int64) {
			t.Helper()
			w.settle(6 * time.Minute)
			if s := a.Status(); s.GetProblem().GetCode() != string(problem) || s.GetWitnessedSize() != size {
				t.Errorf("%s: got %v, witnessed %d, want %q and %d", when, s.GetProblem(), s.GetWitnessedSize(), problem, size)
			}
		}
		w.hub.with(func() { w.hub.recordAll("a", "b", "c") })
		want(a, "at first", "", 3)
		w.hub.with(func() { w.hub.rewrite("a", "b"); w.hub.accepted = time.Now() })
		want(a, "accepted", "", 2)
		w.hub.with(func() { w.hub.rewrite("a", "X", "c") })
		want(a, "another one, which nobody accepted", keyshift.CodeRollbackDetected, 2)
		stop()
		again, _ := w.boot()
		want(again, "after a restart", keyshift.CodeRollbackDetected, 2)
		w.hub.with(func() { w.hub.accepted = time.Now() })
		want(again, "accepted too", "", 3)
	})
}

func TestDamagedEvidenceIsNotReplaced(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		_, stop := w.enrolled()
		w.hub.with(func() { w.hub.recordAll("a", "b", "c") })
		w.settle(time.Minute)
		stop()
		_ = w.state.Write(witnessFile, []byte(`{"newest":"keyshift/other"}`))
		a, _ := w.boot()
		w.settle(time.Minute)
		if got := a.Status().GetProblem().GetCode(); got != string(keyshift.CodeIntegrityFailed) {
			t.Errorf("got problem %q, want integrity_failed", got)
		}
		w.checkedOut(a)
	})
}

// Two syncs at once: the answer of the slower one must not bring the older checkpoint back.
func TestOvertakenCheckpointIsDropped(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, stop := w.enrolled()
		w.hub.with(func() { w.hub.recordAll("a", "b") })
		w.settle(time.Minute)
		l, s, err := a.talk(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		stop()
		ask := func() (*v1.SyncRequest, *v1.SyncResponse) {
			q := &v1.SyncRequest{}
			if err := l.witness.present(q, s.keys.Signing(), time.Now()); err != nil {
				t.Fatal(err)
			}
			answer, _, err := hubclient.Ask(t.Context(), s.hub.Sync, q)
			if err != nil {
				t.Fatal(err)
			}
			return q, answer
		}
		w.hub.with(func() { w.hub.recordAll("c") })
		slowQuestion, slowAnswer := ask()
		w.hub.with(func() { w.hub.recordAll("d") })
		question, answer := ask()
		for _, round := range []struct {
			q    *v1.SyncRequest
			a    *v1.SyncResponse
			want int64
		}{{question, answer, 4}, {slowQuestion, slowAnswer, 4}} {
			if err := l.witness.follow(round.q.GetCheckpoint(), round.a); err != nil || l.witness.size() != round.want {
				t.Errorf("got %d, %v, want %d", l.witness.size(), err, round.want)
			}
		}
	})
}
