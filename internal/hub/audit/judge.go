package audit

import (
	"crypto/ed25519"
	"fmt"

	"github.com/keyshift-hq/keyshift/internal/checkpoint"
	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// Standing is how a presented checkpoint stands to the log.
type Standing string

// The standings.
const (
	// First: the device presents none yet.
	First Standing = "first"
	// Fits: the log continues what the device has seen.
	Fits Standing = "fits"
	// Unreadable: the text is not a checkpoint that this hub signed. It says nothing about the log.
	Unreadable Standing = "unreadable"
	// Ahead: this hub signed a head of more events than the log has.
	Ahead Standing = "ahead"
	// Forked: this hub signed a head that is not on the way to the log's newest one.
	Forked Standing = "forked"
)

// Verdict is what a sync learns from the checkpoint that a device presents.
type Verdict struct {
	Standing Standing
	// Presented is what the device has seen; zero unless this hub signed it.
	Presented checkpoint.Head
	// Latest is the newest checkpoint, zero before the first.
	Latest hub.Checkpoint
	// Proof leads from Presented to Latest if it fits.
	Proof [][]byte
}

// Rollback reports whether the device has seen a log that this hub does not have: a backup was restored, or the history
// rewritten.
func (v Verdict) Rollback() bool { return v.Standing == Ahead || v.Standing == Forked }

// Judge holds a presented note ("" for none) against the log. It reads one checkpoint and O(log n) hashes. ErrDamaged when
// the stored log contradicts itself, so that nothing can be said of the device's.
func Judge(r TreeReader, hubID keyshift.ID, key ed25519.PublicKey, presented string) (Verdict, error) {
	newest, latest, err := newestHead(r, hubID, key)
	if err != nil {
		return Verdict{}, err
	}
	v := Verdict{Standing: First, Latest: latest}
	if presented == "" {
		return v, nil
	}
	if v.Presented, err = checkpoint.Open(presented, string(hubID), key); err != nil {
		v.Standing = Unreadable
		return v, nil
	}
	switch {
	case v.Presented.Size > latest.Size:
		v.Standing = Ahead
		return v, nil
	case v.Presented.Size == 0: // every log begins with nothing
		v.Standing = Fits
		return v, nil
	}
	return v.compare(r, newest)
}

// compare decides by the proof out of our tree. Where it does not fit, the device is believed only if the proof does lead
// from our own root of that size to our newest one: otherwise it is our stored tree that is broken.
func (v Verdict) compare(r TreeReader, newest checkpoint.Head) (Verdict, error) {
	proof, err := ProveConsistency(r, v.Presented.Size, newest.Size)
	if err != nil {
		return Verdict{}, err
	}
	if checkpoint.VerifyConsistency(v.Presented, newest, proof) == nil {
		v.Standing, v.Proof = Fits, proof
		return v, nil
	}
	ours := v.Presented
	if _, ours.Root, err = loadFrontier(ours.Size, storedTree{r}); err != nil {
		return Verdict{}, err
	}
	if err := checkpoint.VerifyConsistency(ours, newest, proof); err != nil || ours.Root == v.Presented.Root {
		return Verdict{}, ErrDamaged.Because(fmt.Errorf("the stored tree of %d events does not lead to the newest checkpoint", ours.Size))
	}
	v.Standing = Forked
	return v, nil
}
