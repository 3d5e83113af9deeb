package store

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// reserveSize is how much room is kept for taking rights away.
const reserveSize = 16 << 20

// reserve is room on the database's disk that is kept by a file without meaning. When the disk is full, the file is
// given up so that closing and releasing writes can still be recorded; until it is back, there are no others.
type reserve struct {
	// path is empty when nothing is kept.
	path  string
	clock func() time.Time
	spent atomic.Bool

	mu    sync.Mutex
	tried time.Time
}

// retryReserve is how long the reserve waits between two attempts to come back.
const retryReserve = time.Second

func newReserve(path string, clock func() time.Time) (*reserve, error) {
	r := &reserve{path: path, clock: clock}
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

// would keep no room otherwise.
func (r *reserve) fill() error {
	if info, err := os.Stat(r.path); err == nil && info.Size() == reserveSize {
		return nil
	}
	err := writeReserve(r.path)
	if err != nil {
		err = errors.Join(fmt.Errorf("reserve storage: %w", err), os.Remove(r.path))
	}
	return err
}

func writeReserve(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.CopyN(f, rand.Reader, reserveSize)
	return errors.Join(err, f.Sync(), f.Close(), syncDir(path))
}

// spend gives the room up. It reports false when there is none to give.
func (r *reserve) spend() bool {
	if r.path == "" || r.spent.Load() {
		return false
	}
	if err := os.Remove(r.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
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
