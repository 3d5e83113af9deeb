package audit

import (
	"crypto/ed25519"
	"errors"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/keyshift-hq/keyshift/internal/checkpoint"
	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// walk is a verification under way: it is shown a log in tree order and stops at the first [Problem].
type walk struct {
	key  ed25519.PublicKey
	tree frontier
	// witnesses are the heads of devices that were not reached yet, smallest first; seen is the size of the last that fitted.
	witnesses []checkpoint.Head
	seen      int64
	report    Report
}

// skipTo begins in the middle, with a stored tree that a checkpoint proves.
func (w *walk) skipTo(tree frontier) {
	w.tree = tree
	w.report.From, w.report.Proven = tree.size, tree.size
	for len(w.witnesses) > 0 && w.witnesses[0].Size < tree.size {
		w.witnesses = w.witnesses[1:]
	}
}

// event checks the next event against the hashes that stand beside it: only the leaf hash in an export, all stored tree
// hashes in the database.
func (w *walk) event(e hub.LoggedEvent, stored []tlog.Hash) error {
	if err := w.checkWitness(); err != nil {
		return err
	}
	index := w.tree.size
	if err := w.checkPlace(e.LeafIndex, index); err != nil {
		return err
	}
	added := w.tree.add(tlog.RecordHash(e.Leaf()))
	if added[0] != stored[0] {
		return at(ErrChanged, index, "Event %d does not give the hash that the tree has for it.", index)
	}
	if len(e.Personal) > 0 && keyshift.HashPersonal(e.Salt, e.Personal) != e.PersonalHash {
		return at(ErrPersonal, index, "The personal facts of event %d do not give the hash that the event has for them.", index)
	}
	if err := w.checkStored(index, added, stored); err != nil {
		return err
	}
	w.report.Events++
	if e.PersonalHash != "" && len(e.Personal) == 0 {
		w.report.Erased++
	}
	return nil
}

func (w *walk) checkPlace(got, want int64) error {
	switch {
	case got > want:
		return at(ErrMissing, want, "Where event %d belongs stands event %d.", want, got)
	case got < want:
		// One of two events with this index is wrong, unless a checkpoint proved the first: then it is only the place.
		return at(ErrOrder, max(got, w.report.Proven), "Where event %d belongs stands an event %d.", want, got)
	}
	return nil
}

// checkStored compares the subtrees that an event completes.
func (w *walk) checkStored(index int64, added, stored []tlog.Hash) error {
	for level := 1; level < len(stored); level++ {
		if from := index + 1 - 1<<level; added[level] != stored[level] {
			from = max(from, w.report.Proven)
			return among(ErrTree, from, index+1, "The stored tree does not fit %s.", eventsText(from, index+1))
		}
	}
	return nil
}

// checkpoint checks a note that stands after the events read so far.
func (w *walk) checkpoint(note string) error {
	size, proven := w.tree.size, w.report.Proven
	head, err := checkpoint.Open(note, string(w.report.HubID), w.key)
	switch {
	case err != nil:
		return among(ErrSignature, proven, size, "The checkpoint that stands for %s is not signed by this hub and key.", eventsText(proven, size))
	case head.Size != size:
		return among(ErrCheckpoint, proven, max(size, head.Size),
			"A checkpoint of %d events stands after %d: from event %d on, something was inserted or left out.", head.Size, size, proven)
	case size == proven:
		return at(ErrOrder, size, "Before event %d stands a checkpoint too many.", size)
	case head.Root != w.tree.root():
		return among(ErrCheckpoint, proven, size, "Of %s at least one is not what the hub signed: changed, inserted, left out or moved.", eventsText(proven, size))
	}
	w.report.Proven = size
	w.report.Checkpoints++
	return nil
}

// checkWitness compares the devices' heads of the size reached. It comes after the checkpoints of that size, so that what
// fails here was signed by the hub in both ways.
func (w *walk) checkWitness() error {
	for len(w.witnesses) > 0 && w.witnesses[0].Size <= w.tree.size {
		head := w.witnesses[0]
		if head.Root != w.tree.root() {
			return among(ErrWitness, w.seen, head.Size, "A device keeps a checkpoint of %d events, signed by this hub, that does not fit: of %s at least one was rewritten.",
				head.Size, eventsText(w.seen, head.Size))
		}
		w.seen, w.witnesses = head.Size, w.witnesses[1:]
		w.report.Witnesses++
	}
	return nil
}

// finish checks the end: all events of the head, the head itself, and the witnesses that are left.
func (w *walk) finish(head checkpoint.Head, note string) error {
	if size := w.tree.size; size < head.Size {
		return among(ErrTruncated, size, head.Size, "The log has %d events, but its newest checkpoint says %d.", size, head.Size)
	}
	if head.Size > w.report.Proven {
		if err := w.checkpoint(note); err != nil {
			return err
		}
	}
	if err := w.checkWitness(); err != nil {
		return err
	}
	if len(w.witnesses) > 0 {
		size := w.witnesses[len(w.witnesses)-1].Size
		return among(ErrWitness, w.tree.size, size, "A device keeps a checkpoint of %d events, signed by this hub, but the log has only %d: its newest part is gone.", size, w.tree.size)
	}
	return nil
}

// conclude makes the report of a walk that ended with err: a Problem goes into it.
func (w *walk) conclude(err error) (Report, error) {
	var p *Problem
	if errors.As(err, &p) {
		w.report.Problem = p
	}
	return w.report, err
}
