package audit

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/keyshift-hq/keyshift/internal/hub"
)

func export(t testing.TB, m *memory) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Export(t.Context(), m.reader(), &b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

var trusted = Trust{HubID: testHub, PublicKey: hubPublic}

func verify(b []byte, trust Trust) (Report, error) { return Verify(bytes.NewReader(b), trust) }

func TestExportVerifies(t *testing.T) {
	for _, n := range []int{1, 2, 4, 5, 6, 499, 500, 501, 1203} {
		m := newLog(t, n)
		r, err := verify(export(t, m), trusted)
		if err != nil || r.Events != int64(n) || r.Proven != int64(n) || r.Checkpoints != int64(n+4)/5 || r.Head != headOf(t, m, int64(n)) || r.Erased != 0 {
			t.Errorf("%d events: %+v, %v", n, r, err)
		}
	}
}

func TestExportIsOneLineForEachThing(t *testing.T) {
	lines := exportLines(t, newLog(t, 7))
	var kinds []string
	for _, l := range lines {
		kind, _, _ := strings.Cut(strings.TrimPrefix(l, `{"`), `"`)
		kinds = append(kinds, kind)
	}
	want := []string{"format", "index", "index", "index", "index", "index", "checkpoint", "index", "index"}
	if !slices.Equal(kinds, want) {
		t.Errorf("lines are %q, want %q", kinds, want)
	}
}

func TestExportEndsAtTheHeadOfItsStart(t *testing.T) {
	m := newLog(t, 7)
	before := export(t, m)
	// The store shows the old newest checkpoint and goes on beneath.
	late := newLog(t, 7)
	late.commit(testEvents(20)[7:]...)
	sequence(t, late, 5)
	var b bytes.Buffer
	if err := Export(t.Context(), oldHead{late.reader(), m}, &b); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b.Bytes(), before) {
		t.Error("what came after the head shows in the export")
	}
}

// oldHead reads a store whose newest checkpoint was another one when reading began.
type oldHead struct {
	memoryTx
	old *memory
}

func (o oldHead) LatestCheckpoint() (hub.Checkpoint, error) { return o.old.reader().LatestCheckpoint() }

func TestErasedPersonalFactsStillVerify(t *testing.T) {
	m := newLog(t, 12)
	erase(m, 3, 6)
	b := export(t, m)
	if r, err := verify(b, trusted); err != nil || r.Erased != 2 {
		t.Errorf("%d erased, %v, want 2", r.Erased, err)
	}
	if bytes.Contains(b, []byte("reason 6")) || !bytes.Contains(b, []byte("reason 9")) {
		t.Error("the export has what was erased, or not what was kept")
	}
	if r, err := VerifyStore(t.Context(), m.reader(), trusted); err != nil || r.Erased != 2 {
		t.Errorf("in the store: %d erased, %v, want 2", r.Erased, err)
	}
}

func erase(m *memory, indexes ...int) {
	for _, i := range indexes {
		id := testEvent(i).ID
		e := m.events[id]
		e.Personal, e.Salt = nil, nil
		m.events[id] = e
	}
}

// wholeLines notes every write that does not end with a line.
type wholeLines struct{ writes, broken, most int }

func (w *wholeLines) Write(b []byte) (int, error) {
	w.writes++
	w.most = max(w.most, len(b))
	if !bytes.HasSuffix(b, []byte("\n")) {
		w.broken++
	}
	return len(b), nil
}

func TestExportWritesWholeLinesWithBoundedMemory(t *testing.T) {
	m, w := newLog(t, 1200), &wholeLines{}
	m.mostEvents = 0
	if err := Export(t.Context(), m.reader(), w); err != nil {
		t.Fatal(err)
	}
	if w.broken > 0 || w.writes < 3 || w.most > 2*flushAt || m.mostEvents > pageSize {
		t.Errorf("%+v, at most %d events at once", w, m.mostEvents)
	}
}

type fullDisk struct{}

var errFull = errors.New("no space left")

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

func TestExportFails(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	broken := newLog(t, 7)
	mark := broken.marks[7]
	mark.Note = strings.Replace(mark.Note, "\n7\n", "\n8\n", 1)
	broken.marks[7] = mark
	holed := newLog(t, 7)
	delete(holed.hashes, tlog.StoredHashIndex(0, 3))
	for _, tt := range []struct {
		name string
		ctx  context.Context
		m    *memory
		w    io.Writer
		want error
	}{
		{"no events", t.Context(), newMemory(), io.Discard, ErrEmpty},
		{"unplaced events only", t.Context(), unplaced(), io.Discard, ErrEmpty},
		{"ended context", ended, newLog(t, 7), io.Discard, context.Canceled},
		{"full disk", t.Context(), newLog(t, 7), fullDisk{}, errFull},
		{"full disk midway", t.Context(), newLog(t, 1000), fullDisk{}, errFull},
		{"broken checkpoint", t.Context(), broken, io.Discard, ErrDamaged},
		{"missing hash", t.Context(), holed, io.Discard, errNoHash},
	} {
		if err := Export(tt.ctx, tt.m.reader(), tt.w); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}

func unplaced() *memory {
	m := newMemory()
	m.commit(testEvents(3)...)
	return m
}

// exportLines gives the lines of an export, each with its newline.
func exportLines(t testing.TB, m *memory) []string {
	t.Helper()
	return strings.SplitAfter(strings.TrimSuffix(string(export(t, m)), "\n"), "\n")
}
