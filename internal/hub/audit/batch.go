package audit

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/keyshift-hq/keyshift/internal/checkpoint"
	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// batchTx is what one batch needs of [hub.Tx].
type batchTx interface {
	TreeReader
	Now() time.Time
	Unsequenced(limit int) ([]keyshift.AuditEvent, error)
	Place(eventID string, index, firstHash int64, hashes [][]byte) error
	AddCheckpoint(hub.Checkpoint) error
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
		waiting, err := s.store.Read(ctx).Unsequenced(1)
		if err != nil {
			return placed, fmt.Errorf("look for unplaced events: %w", err)
		}
		if len(waiting) == 0 {
			return placed, nil
		}
		n, err := s.write(ctx)
		placed += n
		if err != nil || n < s.batch {
			return placed, err
		}
	}
}

// write runs one batch as one write of the store.
func (s *Sequencer) write(ctx context.Context) (int, error) {
	placed := 0
	err := s.store.Write(ctx, hub.Ordinary, func(tx hub.Tx) error {
		n, err := s.place(tx)
		placed = n
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("place audit events: %w", err)
	}
	return placed, nil
}

// place appends the oldest unplaced events to the tree. The checkpoint is read before the events: see the package comment.
func (s *Sequencer) place(tx batchTx) (int, error) {
	tree, err := openTree(tx, s.hubID, s.public())
	if err != nil {
		return 0, err
	}
	events, err := tx.Unsequenced(s.batch)
	if err != nil || len(events) == 0 {
		return 0, err
	}
	for _, e := range events {
		index := tree.size
		added := tree.add(tlog.RecordHash(e.Leaf()))
		if err := tx.Place(e.ID, index, tlog.StoredHashIndex(0, index), toBytes(added)); err != nil {
			return 0, fmt.Errorf("place event %s at %d: %w", e.ID, index, err)
		}
	}
	return len(events), s.seal(tx, tree)
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
