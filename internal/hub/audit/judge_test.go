package audit

import (
	"errors"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/keyshift-hq/keyshift/internal/checkpoint"
	"github.com/keyshift-hq/keyshift/internal/hub"
)

// headOf is the head that the log has, or had, at a size.
func headOf(t testing.TB, m *memory, size int64) checkpoint.Head {
	t.Helper()
	_, root, err := loadFrontier(size, storedTree{m.reader()})
	if err != nil {
		t.Fatal(err)
	}
	return checkpoint.Head{HubID: string(testHub), Size: size, Root: root}
}

func noteOf(t testing.TB, m *memory, size int64) string { return signed(t, headOf(t, m, size), hubKey) }

// forgedLog is what a hub signs that has changed an event of the past.
func forgedLog(t testing.TB, n, changed int) *memory {
	t.Helper()
	m := newMemory()
	events := testEvents(n)
	events[changed].AccountID = "another account"
	m.commit(events...)
	sequence(t, m, 5)
	return m
}

func TestConsistencyOfAllSizes(t *testing.T) {
	m := newLog(t, 17)
	for next := range int64(18) {
		for old := range next + 1 {
			proof, err := ProveConsistency(m.reader(), old, next)
			if err == nil {
				err = checkpoint.VerifyConsistency(headOf(t, m, old), headOf(t, m, next), proof)
			}
			if err != nil {
				t.Errorf("%d to %d: %v", old, next, err)
			}
		}
	}
}

func TestInclusionOfAllEvents(t *testing.T) {
	m := newLog(t, 17)
	for size := range int64(18) {
		for i := range size {
			proof, err := ProveInclusion(m.reader(), size, i)
			if err == nil {
				err = checkpoint.VerifyInclusion(headOf(t, m, size), i, testEvent(int(i)).Leaf(), proof)
			}
			if err != nil {
				t.Errorf("event %d of %d: %v", i, size, err)
			}
		}
	}
}

func TestProofsOfSizesThatAreNone(t *testing.T) {
	m := newLog(t, 9)
	for _, s := range [][2]int64{{5, 4}, {-1, 5}, {0, -1}, {5, 10}, {10, 20}} {
		if proof, err := ProveConsistency(m.reader(), s[0], s[1]); err == nil {
			t.Errorf("consistency of %v = %x", s, proof)
		}
	}
	for _, s := range [][2]int64{{5, 5}, {5, -1}, {0, 0}, {10, 3}} {
		if proof, err := ProveInclusion(m.reader(), s[0], s[1]); err == nil {
			t.Errorf("inclusion of %v = %x", s, proof)
		}
	}
}

func TestJudge(t *testing.T) {
	m := newLog(t, 12)
	forged := forgedLog(t, 12, 6)
	stranger := headOf(t, m, 5)
	stranger.HubID = "another"
	for _, tt := range []struct {
		name, presented string
		want            Standing
		rollback        bool
	}{
		{"nothing", "", First, false},
		{"newest", noteOf(t, m, 12), Fits, false},
		{"older", noteOf(t, m, 5), Fits, false},
		{"between two checkpoints", noteOf(t, m, 7), Fits, false},
		{"empty tree", noteOf(t, m, 0), Fits, false},
		{"before the fork", noteOf(t, forged, 6), Fits, false},
		{"after the fork", noteOf(t, forged, 7), Forked, true},
		{"fork of the same size", noteOf(t, forged, 12), Forked, true},
		{"newer than ours", noteOf(t, newLog(t, 13), 13), Ahead, true},
		{"not signed by us", signed(t, headOf(t, newLog(t, 13), 13), testKey("thief")), Unreadable, false},
		{"of another hub", signed(t, stranger, hubKey), Unreadable, false},
		{"garbage", "garbage", Unreadable, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v, err := Judge(m.reader(), testHub, hubPublic, tt.presented)
			if err != nil || v.Standing != tt.want || v.Rollback() != tt.rollback || v.Latest != m.marks[12] {
				t.Fatalf("Judge = %+v, %v, want %s", v, err, tt.want)
			}
			if tt.want != Fits {
				return
			}
			if _, err := checkpoint.Follow(tt.presented, v.Latest.Note, v.Proof, string(testHub), hubPublic); err != nil {
				t.Errorf("the device does not follow: %v", err)
			}
		})
	}
}

func TestJudgeOfALogWithoutEvents(t *testing.T) {
	for presented, want := range map[string]Standing{"": First, noteOf(t, newLog(t, 1), 1): Ahead, "x": Unreadable} {
		v, err := Judge(newMemory().reader(), testHub, hubPublic, presented)
		if err != nil || v.Standing != want || v.Latest != (hub.Checkpoint{}) {
			t.Errorf("Judge(%q) = %+v, %v, want %s", presented, v, err, want)
		}
	}
}

// A hub whose own tree is broken must not take that for a device's evidence.
func TestJudgeOfADamagedTreeAccusesNobody(t *testing.T) {
	presented := noteOf(t, newLog(t, 12), 5)
	for index := range newLog(t, 12).hashes {
		m := newLog(t, 12)
		m.hashes[index] = make([]byte, 32)
		v, err := Judge(m.reader(), testHub, hubPublic, presented)
		if v.Rollback() || err != nil && !errors.Is(err, ErrDamaged) {
			t.Errorf("hash %d: Judge = %s, %v", index, v.Standing, err)
		}
	}
	m := newLog(t, 12)
	delete(m.hashes, tlog.StoredHashIndex(2, 0))
	if _, err := Judge(m.reader(), testHub, hubPublic, presented); !errors.Is(err, errNoHash) {
		t.Errorf("Judge without a hash = %v", err)
	}
}

func TestSequencerJudgesForTheHub(t *testing.T) {
	m := newLog(t, 12)
	s := newSequencer(m, 5)
	got, err := s.Judge(m.reader(), noteOf(t, m, 5))
	if err != nil || got.Rollback || got.PresentedSize != 5 || got.Latest != m.marks[12] || len(got.Proof) == 0 {
		t.Errorf("Judge = %+v, %v", got, err)
	}
	got, err = s.Judge(m.reader(), noteOf(t, newLog(t, 13), 13))
	if err != nil || !got.Rollback || got.PresentedSize != 13 || got.Proof != nil {
		t.Errorf("Judge of a newer one = %+v, %v", got, err)
	}
	m.marks[12] = hub.Checkpoint{Size: 12, Note: "x"}
	if _, err := s.Judge(m.reader(), ""); !errors.Is(err, ErrDamaged) {
		t.Errorf("Judge with a broken checkpoint = %v, want ErrDamaged", err)
	}
}
