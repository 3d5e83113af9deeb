package store

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// keepReserve makes the reserve for the leases that there are.
func (s *Store) keepReserve(ctx context.Context) error {
	if s.options.ReserveFile != "" && !IsPostgres(s.options.Database) {
		counts, err := s.queries.Counts(ctx)
		if err != nil {
			return fmt.Errorf("count leases: %w", s.engine.classify(err).public(err))
		}
		s.live.Store(counts.LiveLeases)
	}
	var err error
	if s.reserve, err = newReserve(s.options.ReserveFile, s.options.Clock, s.live.Load()); err != nil {
		return storageError(err)
	}
	return nil
}

// lent takes note of new leases, and lets the reserve grow beside the writes before they are more than it is for. For a
// server of its own, it does not.
func (s *Store) lent(n int64) {
	if n == 0 || IsPostgres(s.options.Database) || s.reserve.covers(s.live.Add(n)) || !s.counting.CompareAndSwap(false, true) {
		return
	}
	s.background.Go(func() {
		defer s.counting.Store(false)
		before := s.live.Load()
		counts, err := s.queries.Counts(context.Background())
		if err != nil {
			return // the next lease tries again
		}
		s.live.Add(counts.LiveLeases - before)
		s.reserve.cover(counts.LiveLeases)
	})
}

// freeReserve gives up the reserve of a hub that cannot even be opened for want of room. It reports whether there was any.
func freeReserve(o Options, err error) bool {
	if o.ReserveFile == "" || keyshift.CodeOf(err) != keyshift.CodeStorageFull {
		return false
	}
	return (&reserve{path: o.ReserveFile}).spend()
}

// withFree says in a refusal for want of room how much there is and how much is kept.
func (s *Store) withFree(err error) error {
	if !errors.Is(err, errFull) || s.reserve.path == "" {
		return err
	}
	free, ok := freeSpace(filepath.Dir(s.reserve.path))
	if !ok {
		return err
	}
	e := errFull.Because(errors.Unwrap(err)).With("free", fmt.Sprint(free))
	e.Text = fmt.Sprintf("The hub's storage is full (%s free, %s kept for taking rights away): nothing can be recorded, so nothing is lent. Check-in and revoke still work.",
		mebibytes(free), mebibytes(s.reserve.size.Load()))
	return e
}

func mebibytes(n int64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }
