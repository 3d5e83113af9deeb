package audit

import (
	"crypto/ed25519"
	"fmt"

	"github.com/keyshift-hq/keyshift/internal/checkpoint"
	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// newestHead opens the newest checkpoint; the zero Head before the first. ErrDamaged if it is not the hub's.
func newestHead(r TreeReader, hubID keyshift.ID, key ed25519.PublicKey) (checkpoint.Head, hub.Checkpoint, error) {
	latest, err := r.LatestCheckpoint()
	if err != nil {
		return checkpoint.Head{}, latest, fmt.Errorf("read newest checkpoint: %w", err)
	}
	if latest.Note == "" && latest.Size == 0 {
		return checkpoint.Head{}, latest, nil
	}
	head, err := checkpoint.Open(latest.Note, string(hubID), key)
	if err == nil && head.Size != latest.Size {
		err = fmt.Errorf("checkpoint of %d events is stored as one of %d", head.Size, latest.Size)
	}
	if err != nil {
		return checkpoint.Head{}, latest, ErrDamaged.Because(err)
	}
	return head, latest, nil
}

// openTree reads the stored tree at its newest head, and checks that it has the root which the head signs.
func openTree(r TreeReader, hubID keyshift.ID, key ed25519.PublicKey) (frontier, error) {
	head, latest, err := newestHead(r, hubID, key)
	if err != nil || latest.Size == 0 {
		return frontier{}, err
	}
	tree, root, err := loadFrontier(head.Size, storedTree{r})
	if err != nil {
		return frontier{}, err
	}
	if root != head.Root {
		return frontier{}, ErrDamaged.Because(fmt.Errorf("the stored tree of %d events has another root than its checkpoint", head.Size))
	}
	return tree, nil
}
