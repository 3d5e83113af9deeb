package store

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// How much room is kept for taking rights away. Ending all leases in one transaction was measured to take 2.4 KiB of
// write-ahead log for each, 6.2 KiB with the longest reason that is allowed; the receipts of their removal take the rest.
const (
	leastReserve    = 16 << 20
	reservePerLease = 8 << 10
)

// reserveFor is what has to be kept for some live leases: doubled as they become more, so that it seldom changes.
func reserveFor(live int64) int64 {
	size := int64(leastReserve)
	for size < live*reservePerLease {
		size *= 2
	}
	return size
}

// reserve is room on the database's disk that is kept by a file without meaning. When the disk is full, the file is
// given up so that closing and releasing writes can still be recorded; until it is back, there are no others.
type reserve struct {
	// path is empty when nothing is kept.
	path  string
	clock func() time.Time
	// size is what is to be kept; spent is whether less is.
	size  atomic.Int64
	spent atomic.Bool

	mu    sync.Mutex
	tried time.Time
}

// retryReserve is how long the reserve waits between two attempts to come back.
const retryReserve = time.Second

// newReserve keeps room for some live leases, or knows that there is none.
func newReserve(path string, clock func() time.Time, live int64) (*reserve, error) {
	r := &reserve{path: path, clock: clock}
	r.size.Store(reserveFor(live))
	if path == "" {
		return r, nil
	}
	err := r.fill()
	if isFull(err) {
		r.spent.Store(true)
		return r, nil
	}
	return r, err
}

// covers reports whether some more leases than were counted last are far from more than the room is for.
func (r *reserve) covers(live int64) bool {
	return r.path == "" || live*reservePerLease <= r.size.Load()*3/4
}

// cover keeps room for some live leases from now on. What is kept does not become less before the next start.
func (r *reserve) cover(live int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	// Half as much again, so that the room is there before the leases are.
	size := reserveFor(live + live/2)
	if size <= r.size.Load() {
		return
	}
	r.size.Store(size)
	if !r.spent.Load() {
		r.spent.Store(r.fill() != nil)
	}
}

// fill makes the file as large as it is to be. Without room for all of it, what was there before stays.
func (r *reserve) fill() error {
	size := r.size.Load()
	var have int64
	if info, err := os.Stat(r.path); err == nil {
		have = info.Size()
	}
	if have == size {
		return nil
	}
	if have > size {
		have = 0
	}
	err := room(r.path, size-have)
	if err == nil {
		err = writeReserve(r.path, have, size)
	}
	if err == nil {
		return nil
	}
	return errors.Join(fmt.Errorf("reserve storage: %w", err), r.shrink(have))
}

// shrink takes a file back to what it was.
func (r *reserve) shrink(size int64) error {
	if size > 0 {
		return os.Truncate(r.path, size)
	}
	return ignoreMissing(os.Remove(r.path))
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// room is an error when a disk has less than some bytes free: to find that out by writing would leave no room for others
// meanwhile.
func room(path string, size int64) error {
	if free, ok := freeSpace(filepath.Dir(path)); ok && free < size {
		return fmt.Errorf("%d bytes are free, %d are needed: %w", free, size, errNoSpace)
	}
	return nil
}

// reservePiece is how much is written before it is synced: commits beside it wait for a piece, not for all.
const reservePiece = 1 << 20

// writeReserve adds to a file until it has a size. It is random, because a disk that packs or shares what is alike would
// keep no room otherwise.
func writeReserve(path string, have, size int64) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	err = f.Truncate(have)
	for at := have; at < size && err == nil; at += reservePiece {
		if _, err = io.CopyN(io.NewOffsetWriter(f, at), rand.Reader, min(reservePiece, size-at)); err == nil {
			err = f.Sync()
		}
	}
	return errors.Join(err, f.Close(), syncDir(path))
}

// spend gives the room up. It reports false when there is none to give.
func (r *reserve) spend() bool {
	if r.path == "" {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := os.Remove(r.path); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			r.spent.Store(true)
		}
		return false
	}
	r.spent.Store(true)
	return true
}

// restored reports whether the room is kept, after trying to get it back.
func (r *reserve) restored() bool {
	if !r.spent.Load() {
		return true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if now := r.clock(); now.Sub(r.tried) >= retryReserve || now.Before(r.tried) {
		r.tried = now
		r.spent.Store(r.fill() != nil)
	}
	return !r.spent.Load()
}
