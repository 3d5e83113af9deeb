package audit

import (
	"context"
	"fmt"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/keyshift-hq/keyshift/internal/hub"
)

// visitor is shown the log in tree order.
type visitor interface {
	// event is shown an event with the tree hashes that are stored since it, its leaf hash first.
	event(e hub.LoggedEvent, stored []tlog.Hash) error
	// checkpoint is shown a checkpoint after the last event that it covers.
	checkpoint(note string) error
}

// scan shows a visitor the events from an index up to a size, and the checkpoints between, page by page. It shows what
// is stored, with gaps if there are any: to judge is the visitor's. A checkpoint inside a gap comes after it.
func scan(ctx context.Context, r LogReader, from, size int64, v visitor) error {
	s := &scanner{r: r, v: v, next: from, marked: from}
	for s.next < size {
		page, err := eventPage(ctx, r, s.next, size)
		if err != nil {
			return err
		}
		if len(page) == 0 {
			break
		}
		if err := s.show(page); err != nil {
			return err
		}
	}
	return s.showMarks(min(s.next, size-1))
}

// scanner is a scan under way.
type scanner struct {
	r LogReader
	v visitor
	// next is the index after the last event shown, marked the size of the last checkpoint shown.
	next, marked int64
	// marks are checkpoints that were read and not shown yet; end says that there are no more.
	marks []hub.Checkpoint
	end   bool
}

// eventPage reads the next events below a size.
func eventPage(ctx context.Context, r LogReader, from, size int64) ([]hub.LoggedEvent, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	page, err := r.EventsFrom(from, pageSize)
	if err != nil {
		return nil, fmt.Errorf("read audit events from %d: %w", from, err)
	}
	for i, e := range page {
		if e.LeafIndex >= size {
			return page[:i], nil
		}
	}
	return page, nil
}

func (s *scanner) show(page []hub.LoggedEvent) error {
	hashes, err := storedTree{s.r}.ReadHashes(hashIndexes(page))
	if err != nil {
		return err
	}
	for _, e := range page {
		if err := s.showMarks(s.next); err != nil {
			return err
		}
		n := hashesOf(e.LeafIndex)
		if err := s.v.event(e, hashes[:n]); err != nil {
			return err
		}
		hashes, s.next = hashes[n:], e.LeafIndex+1
	}
	return nil
}

// hashesOf is how many tree hashes an event adds: its own and one for each subtree that it completes.
func hashesOf(index int64) int { return 1 + bits.TrailingZeros64(uint64(index)+1) }

func hashIndexes(page []hub.LoggedEvent) []int64 {
	indexes := make([]int64, 0, 2*len(page))
	for _, e := range page {
		first := tlog.StoredHashIndex(0, e.LeafIndex)
		for i := range hashesOf(e.LeafIndex) {
			indexes = append(indexes, first+int64(i))
		}
	}
	return indexes
}

// showMarks shows the checkpoints of at most a size that were not shown yet.
func (s *scanner) showMarks(size int64) error {
	for {
		if err := s.readMarks(); err != nil {
			return err
		}
		if len(s.marks) == 0 || s.marks[0].Size > size {
			return nil
		}
		if err := s.v.checkpoint(s.marks[0].Note); err != nil {
			return err
		}
		s.marked, s.marks = s.marks[0].Size, s.marks[1:]
	}
}

func (s *scanner) readMarks() error {
	if len(s.marks) > 0 || s.end {
		return nil
	}
	var err error
	if s.marks, err = s.r.Checkpoints(s.marked, pageSize); err != nil {
		return fmt.Errorf("read checkpoints after %d: %w", s.marked, err)
	}
	s.end = len(s.marks) == 0
	return nil
}
