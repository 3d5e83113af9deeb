package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

const recordSuffix = ".json"

// journal holds one record for each check-out that is not yet over and told. What it returns is on the disk, but for what it
// was told to learn, and for what was begun and is not settled.
type journal struct {
	files files
	log   *slog.Logger
	// changed is called after each change.
	changed func()
	// foreign says that another user's file lay among the records.
	foreign bool

	writing sync.Mutex // one change at a time, from reading to the disk
	mu      sync.Mutex
	records map[string]record
	turns   map[string]*turn
}

// openJournal reads the records. Those that cannot be read are named in broken; their files are still there.
func openJournal(files files, log *slog.Logger, changed func()) (j *journal, broken []string, err error) {
	j = &journal{files: files, log: log, changed: changed, records: map[string]record{}, turns: map[string]*turn{}}
	names, err := files.Names()
	if err != nil {
		return nil, nil, err
	}
	for _, name := range names {
		request, ok := strings.CutSuffix(name, recordSuffix)
		if !ok {
			continue
		}
		if err := j.read(name, request); err != nil {
			log.Error("read lease record", "request_id", request, "error", err)
			j.foreign = j.foreign || keyshift.CodeOf(err) == keyshift.CodeIntegrityFailed
			broken = append(broken, request)
		}
	}
	return j, broken, nil
}

func (j *journal) read(name, request string) error {
	raw, err := j.files.Read(name)
	if err != nil {
		return err
	}
	rec, err := decodeRecord(raw)
	if err == nil && rec.RequestID != request {
		err = errors.New("the record is of another check-out")
	}
	if err == nil && !rec.Phase.known() {
		err = errors.New("the record is in a phase that this version does not know")
	}
	if err == nil && rec.Lease == nil && rec.Phase == active {
		err = errors.New("the record has no lease")
	}
	if err == nil {
		j.records[request] = rec
	}
	return err
}

// get gives the record of a check-out.
func (j *journal) get(request string) (record, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	rec, ok := j.records[request]
	return rec, ok
}

// all gives every record, in a fixed order.
func (j *journal) all() []record {
	j.mu.Lock()
	defer j.mu.Unlock()
	list := slices.Collect(maps.Values(j.records))
	slices.SortFunc(list, func(a, b record) int { return strings.Compare(a.RequestID, b.RequestID) })
	return list
}

// live gives the records that are not ending.
func (j *journal) live() []record {
	return slices.DeleteFunc(j.all(), func(r record) bool { return !r.Phase.live() })
}

// byLease gives the record of a lease.
func (j *journal) byLease(id string) (record, bool) {
	for _, rec := range j.all() {
		if rec.Lease != nil && rec.Lease.GetId() == id {
			return rec, true
		}
	}
	return record{}, false
}

// begin writes a new record. One that is there already stays, and is an error. The record is known and outlives a crash of
// this program at once, and a power cut when settle has returned nil. After an error of either no start takes up what
// somebody was told did not happen; but after one of settle the memory still has the record, for who undoes what was done
// meanwhile.
func (j *journal) begin(rec record) (settle func() error, err error) {
	j.writing.Lock()
	defer j.writing.Unlock()
	if _, ok := j.get(rec.RequestID); ok {
		return nil, errRequestReused
	}
	file, err := j.put(rec)
	if err != nil {
		return nil, err
	}
	j.set(rec)
	return func() error { return j.settle(rec.RequestID, file) }, nil
}

func (j *journal) settle(request string, file func() error) error {
	err := file()
	if err == nil {
		return nil
	}
	j.writing.Lock()
	defer j.writing.Unlock()
	_ = j.files.Remove(request + recordSuffix) // it may be there, only not synced
	return storageError(err)
}

// settled is for a record that is on the disk already.
func settled() error { return nil }

// replace writes a record whatever was there. Also when the disk refuses it, the memory knows it.
func (j *journal) replace(rec record) error {
	j.writing.Lock()
	defer j.writing.Unlock()
	err := j.save(rec)
	if err != nil {
		j.set(rec)
	}
	return err
}

// errMoved says that a record is not, or not any more, in the state that a change needs.
var errMoved = keyshift.ErrLeaseOver

// change replaces a record by what f makes of it. When f or the disk refuses, everything stays as it was.
func (j *journal) change(request string, f func(record) (record, error)) (record, error) {
	return j.step(request, f, func(_ record, err error) error { return err })
}

// advance is change for what must happen even when the disk is full: then only the memory knows, and the files that
// are removed afterwards say enough after a crash.
func (j *journal) advance(request string, f func(record) (record, error)) (record, error) {
	return j.step(request, f, func(next record, err error) error {
		j.log.Error("write lease record", "request_id", request, "phase", next.Phase, "error", err)
		j.set(next)
		return nil
	})
}

func (j *journal) step(request string, f func(record) (record, error), unsaved func(record, error) error) (record, error) {
	j.writing.Lock()
	defer j.writing.Unlock()
	rec, ok := j.get(request)
	if !ok {
		return record{}, errMoved
	}
	next, err := f(rec)
	if err != nil {
		return rec, err
	}
	save := j.save
	if rec.Phase == requested && next.Phase == active {
		save = j.saveActive
	}
	if err := save(next); err != nil {
		if err := unsaved(next, err); err != nil {
			return rec, err
		}
	}
	return next, nil
}

// saveActive saves a record that becomes active, with one commit of the file system instead of two. Nobody was told of the
// lease yet: a power cut may leave neither the old record nor the new one, and then both halves are wiped at the start.
func (j *journal) saveActive(rec record) error {
	settle, err := j.put(rec)
	if err != nil {
		return err
	}
	if err := settle(); err != nil {
		return storageError(err)
	}
	j.set(rec)
	return nil
}

// put begins to write a record.
func (j *journal) put(rec record) (settle func() error, err error) {
	raw, err := rec.encode()
	if err != nil {
		return nil, err
	}
	settle, err = j.files.Begin(rec.RequestID+recordSuffix, raw)
	if err != nil {
		return nil, storageError(err)
	}
	return settle, nil
}

// learn keeps in memory what the hub said of a live check-out. It need not outlive a crash: the same request gives it again.
func (j *journal) learn(rec record) error {
	j.writing.Lock()
	defer j.writing.Unlock()
	now, ok := j.get(rec.RequestID)
	if !ok {
		return errMoved
	}
	if !now.Phase.live() {
		return leaseOver(now.Cause)
	}
	j.set(now.withLease(rec.Lease, rec.Given))
	return nil
}

func (j *journal) save(rec record) error {
	raw, err := rec.encode()
	if err != nil {
		return err
	}
	if err := j.files.Write(rec.RequestID+recordSuffix, raw); err != nil {
		return storageError(err)
	}
	j.set(rec)
	return nil
}

func (j *journal) set(rec record) {
	j.mu.Lock()
	j.records[rec.RequestID] = rec
	j.mu.Unlock()
	j.changed()
}

// drop forgets a check-out.
func (j *journal) drop(request string) error {
	j.writing.Lock()
	defer j.writing.Unlock()
	if err := j.files.Remove(request + recordSuffix); err != nil {
		return fmt.Errorf("remove lease record: %w", err)
	}
	j.mu.Lock()
	delete(j.records, request)
	j.mu.Unlock()
	j.changed()
	return nil
}

// turn is the right to work on one check-out.
type turn struct {
	taken chan struct{}
	users int // who have it or wait for it
}

// take waits until nobody else works on a check-out, and keeps others from it until done is called.
func (j *journal) take(ctx context.Context, request string) (done func(), err error) {
	t := j.queue(request)
	done = func() { <-t.taken; j.leave(request, t) }
	select {
	case t.taken <- struct{}{}: // first, so that what happens does not hang on chance when ctx has ended too
		return done, nil
	default:
	}
	select {
	case t.taken <- struct{}{}:
		return done, nil
	case <-ctx.Done():
		j.leave(request, t)
		return nil, ctx.Err()
	}
}

// idle reports whether nobody works on a check-out.
func (j *journal) idle(request string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.turns[request] == nil
}

func (j *journal) queue(request string) *turn {
	j.mu.Lock()
	defer j.mu.Unlock()
	t, ok := j.turns[request]
	if !ok {
		t = &turn{taken: make(chan struct{}, 1)}
		j.turns[request] = t
	}
	t.users++
	return t
}

func (j *journal) leave(request string, t *turn) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if t.users--; t.users == 0 {
		delete(j.turns, request)
	}
}
