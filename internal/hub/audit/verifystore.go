package audit

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"

	"github.com/keyshift-hq/keyshift/internal/checkpoint"
	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// VerifyStore checks the log in the database as [Verify] checks an export, and the stored tree hashes too. The hub may
// go on meanwhile: the newest checkpoint at the start is the end. A log without events is in order.
func VerifyStore(ctx context.Context, r LogReader, trust Trust) (Report, error) {
	return verifyStore(ctx, r, trust, func(int64) int64 { return 0 })
}

// VerifyNewest does so for the newest events only, that many or somewhat more, which is what a hub does when it starts
// after an unclean stop. It begins at a checkpoint, which has to fit the stored tree of the older events; neither those
// nor witnesses of that part are looked at.
func VerifyNewest(ctx context.Context, r LogReader, trust Trust, events int64) (Report, error) {
	return verifyStore(ctx, r, trust, func(size int64) int64 { return size - max(events, 1) })
}

func verifyStore(ctx context.Context, r LogReader, trust Trust, first func(size int64) int64) (Report, error) {
	row, err := r.Hub()
	if err != nil {
		return Report{}, fmt.Errorf("read hub: %w", err)
	}
	w, err := trust.start(row.ID, ed25519.PublicKey(row.SigningPublic))
	if err == nil {
		err = w.store(ctx, r, first)
	}
	return w.conclude(err)
}

func (w *walk) store(ctx context.Context, r LogReader, first func(size int64) int64) error {
	latest, err := r.LatestCheckpoint()
	if err != nil {
		return fmt.Errorf("read newest checkpoint: %w", err)
	}
	if latest.Size != 0 || latest.Note != "" {
		if w.report.Head, err = checkpoint.Open(latest.Note, string(w.report.HubID), w.key); err != nil {
			return among(ErrSignature, 0, latest.Size, "The newest checkpoint, of %d events, is not signed by this hub and key.", latest.Size)
		}
	}
	head := w.report.Head
	if head.Size != latest.Size {
		return among(ErrCheckpoint, 0, head.Size, "The newest checkpoint signs %d events, but is stored as one of %d.", head.Size, latest.Size)
	}
	if err := w.startAt(ctx, r, first(head.Size)); err != nil {
		return err
	}
	if err := scan(ctx, r, w.tree.size, head.Size, w); err != nil {
		return w.hashProblem(ctx, r, err)
	}
	if err := w.finish(head, latest.Note); err != nil {
		return err
	}
	return w.checkEnd(r, head.Size)
}

// startAt begins at a checkpoint at or below an index. No batch is larger than a page, so the first one above a
// page earlier is at or below it.
func (w *walk) startAt(ctx context.Context, r LogReader, index int64) error {
	if index <= pageSize {
		return nil
	}
	found, err := r.Checkpoints(index-pageSize, 1)
	if err != nil || len(found) == 0 {
		return err
	}
	size := found[0].Size
	tree, root, err := loadFrontier(size, storedTree{r})
	if hashesGone(ctx, err) {
		return among(ErrTree, 0, size, "The stored tree of the first %d events is missing or damaged.", size)
	}
	if err != nil {
		return err
	}
	head, err := checkpoint.Open(found[0].Note, string(w.report.HubID), w.key)
	switch {
	case err != nil:
		return among(ErrSignature, 0, size, "The checkpoint that stands for %s is not signed by this hub and key.", eventsText(0, size))
	case head.Root != root: // with another size too
		return among(ErrCheckpoint, 0, size, "The stored tree of the first %d events does not fit its checkpoint.", size)
	}
	w.skipTo(tree)
	return nil
}

// hashesGone tells hashes that are not there or none from a store that cannot be read, which says nothing about the log:
// for that, stores have codes.
func hashesGone(ctx context.Context, err error) bool {
	code := keyshift.CodeOf(err)
	return ctx.Err() == nil && (code == keyshift.CodeNotFound || code == keyshift.CodeInternal || errors.Is(err, errHashes))
}

// hashProblem looks for the event whose hashes made a page fail. It gives err back if there is none.
func (w *walk) hashProblem(ctx context.Context, r LogReader, err error) error {
	var p *Problem
	if errors.As(err, &p) || !hashesGone(ctx, err) {
		return err
	}
	for index := w.tree.size; index < min(w.tree.size+pageSize, w.report.Head.Size); index++ {
		if _, err := (storedTree{r}).ReadHashes(hashIndexes([]hub.LoggedEvent{{LeafIndex: index}})); hashesGone(ctx, err) {
			return at(ErrTree, index, "The stored tree hashes of event %d are missing or damaged.", index)
		}
	}
	return err
}

// checkEnd looks for events that have a place behind every checkpoint. The events are read before the checkpoint, so
// that what a running hub adds meanwhile is covered.
func (w *walk) checkEnd(r LogReader, size int64) error {
	more, err := r.EventsFrom(size, 1)
	if err != nil {
		return fmt.Errorf("read audit events from %d: %w", size, err)
	}
	latest, err := r.LatestCheckpoint()
	if err != nil {
		return fmt.Errorf("read newest checkpoint: %w", err)
	}
	if len(more) > 0 && more[0].LeafIndex >= latest.Size {
		return at(ErrOrder, more[0].LeafIndex, "Event %d has a place in the tree, but no checkpoint covers it.", more[0].LeafIndex)
	}
	return nil
}
