package checkpoint

import (
	"crypto/ed25519"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// Follow is a device's check of what a sync brought: kept is the note that the request carried ("" if the device has
// none yet), offered the note in the answer ("" if the log has none yet), proof the hashes between them. It gives the offered
// head, which may equal the kept one, and the zero Head when both are "". The first note of all is taken on the key alone.
//
// ErrShrunk and ErrRewritten mean that the log lost or changed what the device has seen; kept is then the evidence.
// Errors of [Open] mean that one of the notes is not the hub's.
func Follow(kept, offered string, proof [][]byte, hubID string, pub ed25519.PublicKey) (Head, error) {
	var old Head
	var err error
	if kept != "" {
		if old, err = Open(kept, hubID, pub); err != nil {
			return Head{}, fmt.Errorf("follow from kept note: %w", err)
		}
	}
	if offered == "" {
		if kept != "" {
			return Head{}, fmt.Errorf("follow to no note: %w", ErrShrunk)
		}
		return Head{}, nil
	}
	next, err := Open(offered, hubID, pub)
	if err != nil || kept == "" {
		return next, err
	}
	if err := VerifyConsistency(old, next, proof); err != nil {
		return Head{}, err
	}
	return next, nil
}

// VerifyConsistency checks that the log of the next head begins with the whole log of the old one (RFC 6962, 2.1.2). The
// proof is empty when the sizes are equal or the old one is 0. ErrOtherHub, ErrShrunk or ErrRewritten if not; a
// proof that is damaged on the way is ErrRewritten too. ErrMalformed for sizes that Open would not let pass.
func VerifyConsistency(old, next Head, proof [][]byte) error {
	switch {
	case old.HubID != next.HubID:
		return fmt.Errorf("compare checkpoints: %w", ErrOtherHub)
	case old.Size < 0 || next.Size > maxSize:
		return fmt.Errorf("compare checkpoints of %d and %d events: %w", old.Size, next.Size, ErrMalformed)
	case next.Size < old.Size:
		return fmt.Errorf("compare checkpoints of %d and %d events: %w", old.Size, next.Size, ErrShrunk)
	case next.Size == old.Size || old.Size == 0:
		return compareWithoutProof(old, next, proof)
	}
	hashes, err := toHashes(proof)
	if err == nil {
		err = tlog.CheckTree(hashes, next.Size, next.Root, old.Size, old.Root)
	}
	if err != nil {
		return fmt.Errorf("compare checkpoints of %d and %d events: %w", old.Size, next.Size, ErrRewritten)
	}
	return nil
}

// compareWithoutProof is for the sizes between which RFC 6962 has no proof.
func compareWithoutProof(old, next Head, proof [][]byte) error {
	if len(proof) != 0 || old.Size == next.Size && old.Root != next.Root || old.Size == 0 && old.Root != emptyRoot() {
		return fmt.Errorf("compare checkpoints of %d and %d events: %w", old.Size, next.Size, ErrRewritten)
	}
	return nil
}

// VerifyInclusion checks that the log of a head holds the event with these leaf bytes at an index (RFC 6962, 2.1.1).
// ErrNotIncluded if it is not shown.
func VerifyInclusion(h Head, index int64, leaf []byte, proof [][]byte) error {
	hashes, err := toHashes(proof)
	if err == nil && h.Size > maxSize {
		err = ErrMalformed
	}
	if err == nil {
		err = tlog.CheckRecord(hashes, h.Size, h.Root, index, tlog.RecordHash(leaf))
	}
	if err != nil {
		return fmt.Errorf("look for event %d among %d: %w", index, h.Size, ErrNotIncluded)
	}
	return nil
}

func toHashes(proof [][]byte) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(proof))
	for i, b := range proof {
		if len(b) != tlog.HashSize {
			return nil, fmt.Errorf("read hash of %d bytes: %w", len(b), ErrMalformed)
		}
		hashes[i] = tlog.Hash(b)
	}
	return hashes, nil
}
