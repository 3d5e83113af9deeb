package audit

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/keyshift-hq/keyshift/internal/checkpoint"
	"github.com/keyshift-hq/keyshift/internal/hub"
)

// batchTx is what one batch needs of [hub.Tx].
type batchTx interface {
	TreeReader
	Now() time.Time
	Place(eventID string, index, firstHash int64, hashes [][]byte) error
	AddCheckpoint(hub.Checkpoint) error
}

// leaf is an event that waits for its place.
type leaf struct {
	event string
	hash  tlog.Hash
}

// Sequence places all events that are committed by now and tells how many it placed itself; others may have placed some.
// It may be called beside Run, to have the newest events in an export. It fails with [ErrDamaged] or as the store does.
func (s *Sequencer) Sequence(ctx context.Context) (placed int, err error) {
	if err := s.used(); err != nil {
		return 0, err
	}
	s.working.Lock()
	defer s.working.Unlock()
	for {
		leaves, err := s.waiting(s.store.Read(ctx))
		if err != nil || len(leaves) == 0 {
			return placed, err
		}
		n, err := s.write(ctx, leaves)
		placed += n
		if err != nil || n == len(leaves) && n < s.batch {
			return placed, err
		}
	}
}

// unknown is the size of a tree that nobody looked at.
const unknown = -1

// waiting reads and hashes the oldest unplaced events before the write, which others may wait for. The size of the tree
// is known from before that: see the package comment.
func (s *Sequencer) waiting(r hub.Reader) ([]leaf, error) {
	if s.size == unknown {
		latest, err := r.LatestCheckpoint()
		if err != nil {
			return nil, fmt.Errorf("read newest checkpoint: %w", err)
		}
		s.size = latest.Size
	}
	events, err := r.Unsequenced(s.batch)
	if err != nil {
		return nil, fmt.Errorf("look for unplaced events: %w", err)
	}
	leaves := make([]leaf, len(events))
	for i, e := range events {
		leaves[i] = leaf{e.ID, tlog.RecordHash(e.Leaf())}
	}
	return leaves, nil
}

// write runs one batch as one write of the store. It places nothing when another replica placed some since the events were read.
func (s *Sequencer) write(ctx context.Context, leaves []leaf) (placed int, err error) {
	var size int64
	err = s.store.Write(ctx, hub.Upkeep, func(tx hub.Tx) error {
		size, placed, err = s.place(tx, leaves)
		return err
	})
	if err != nil {
		s.size = unknown
		return 0, fmt.Errorf("place audit events: %w", err)
	}
	s.size = size
	return placed, nil
}

// place appends events to the tree, if that is still as it was before they were read, and gives its size.
func (s *Sequencer) place(tx batchTx, leaves []leaf) (size int64, placed int, err error) {
	tree, err := openTree(tx, s.hubID, s.public())
	if err != nil || tree.size != s.size {
		return tree.size, 0, err
	}
	for _, l := range leaves {
		index := tree.size
		if err := tx.Place(l.event, index, tlog.StoredHashIndex(0, index), toBytes(tree.add(l.hash))); err != nil {
			return 0, 0, fmt.Errorf("place event %s at %d: %w", l.event, index, err)
		}
	}
	return tree.size, len(leaves), s.seal(tx, tree)
}

// seal signs the tree's head and adds it to the log.
func (s *Sequencer) seal(tx batchTx, tree frontier) error {
	head := checkpoint.Head{HubID: string(s.hubID), Size: tree.size, Root: tree.root()}
	note, err := checkpoint.Sign(head, s.key)
	if err != nil {
		return err
	}
	if err := tx.AddCheckpoint(hub.Checkpoint{Size: head.Size, Note: note, At: tx.Now()}); err != nil {
		return fmt.Errorf("add checkpoint of %d events: %w", head.Size, err)
	}
	return nil
}
