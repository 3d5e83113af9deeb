package agent

import (
	"crypto"
	"encoding/json"
	"errors"
	"io/fs"
	"sync"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/checkpoint"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

const (
	witnessFile = "checkpoints.json"
	// maxKept is how many older checkpoints are kept besides the newest, as evidence.
	maxKept = 10
)

// witness keeps the newest checkpoint of the hub's audit log that this device has seen, and accepts only what continues
// it. So a hub that loses or rewrites its log has to explain it to every device.
type witness struct {
	files files
	hub   device

	// damaged is why the file cannot be read. Then nothing is presented or accepted: to begin anew would forget what the
	// hub's log has to continue.
	damaged error

	mu   sync.Mutex
	head checkpoint.Head
	kept keptCheckpoints
}

type keptCheckpoints struct {
	Newest string   `json:"newest"`
	Older  []string `json:"older,omitempty"`
	// RollbackKnown is the newest rollback that the hub's admins accepted, as far as the hub has told this device.
	RollbackKnown time.Time `json:"rollback_known,omitzero"`
}

// openWitness reads the kept checkpoints.
func openWitness(files files, hub device) *witness {
	w := &witness{files: files, hub: hub}
	raw, err := files.Read(witnessFile)
	if errors.Is(err, fs.ErrNotExist) {
		return w
	}
	if err == nil {
		err = json.Unmarshal(raw, &w.kept)
	}
	if err == nil && w.kept.Newest != "" {
		w.head, err = checkpoint.Open(w.kept.Newest, hub.HubID, hub.HubKey)
	}
	if err != nil {
		w.damaged, w.kept = err, keptCheckpoints{}
	}
	return w
}

// size is how many events of the log this device has witnessed.
func (w *witness) size() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.head.Size
}

// present fills in what a sync shows to the hub.
func (w *witness) present(q *v1.SyncRequest, key crypto.Signer, now time.Time) error {
	w.mu.Lock()
	note, head, known := w.kept.Newest, w.head, w.kept.RollbackKnown
	w.mu.Unlock()
	if !known.IsZero() {
		q.RollbackKnown = timestamppb.New(known)
	}
	if note == "" {
		return nil
	}
	signature, err := checkpoint.Countersign(head, key, now)
	q.Checkpoint, q.Countersignature = note, signature
	return err
}

// follow takes in the checkpoint of an answer. sent is the one that the request showed. What does not continue it is
// refused, and the kept one stays: unless the hub says that its admins accepted that, which this device believes once for
// each time they do. The one that it had then stays among the older ones, as evidence.
func (w *witness) follow(sent string, answer *v1.SyncResponse) error {
	if w.damaged != nil {
		return errCheckpoint.Because(w.damaged)
	}
	head, err := checkpoint.Follow(sent, answer.GetCheckpoint(), answer.GetConsistency(), w.hub.HubID, w.hub.HubKey)
	broken := errors.Is(err, checkpoint.ErrShrunk) || errors.Is(err, checkpoint.ErrRewritten)
	w.mu.Lock()
	defer w.mu.Unlock()
	known := w.kept.RollbackKnown
	if at := answer.GetRollbackAccepted(); at.IsValid() && at.AsTime().After(known) {
		known = at.AsTime()
	}
	if broken && known.After(w.kept.RollbackKnown) {
		head, err = checkpoint.Open(answer.GetCheckpoint(), w.hub.HubID, w.hub.HubKey)
		broken = false
	}
	switch {
	case broken:
		return errRollback.Because(err)
	case err != nil:
		return errCheckpoint.Because(err)
	case w.kept.Newest != sent, head == w.head && known.Equal(w.kept.RollbackKnown):
		return nil // another sync was faster, or nothing is new
	}
	return w.keep(head, answer.GetCheckpoint(), known)
}

func (w *witness) keep(head checkpoint.Head, note string, known time.Time) error {
	next := keptCheckpoints{Newest: note, Older: w.kept.Older, RollbackKnown: known}
	if w.kept.Newest != "" && w.kept.Newest != note {
		next.Older = append([]string{w.kept.Newest}, w.kept.Older...)
	}
	next.Older = next.Older[:min(len(next.Older), maxKept)]
	raw, err := json.Marshal(next)
	if err != nil {
		return err
	}
	if err := w.files.Write(witnessFile, raw); err != nil {
		return storageError(err)
	}
	w.head, w.kept = head, next
	return nil
}

var (
	errRollback = keyshift.Refuse(keyshift.CodeRollbackDetected, "The hub's audit log lost or changed entries that this device has seen.",
		"Tell your admin: an old backup was restored, or somebody rewrote the log.")
	errCheckpoint = keyshift.Refuse(keyshift.CodeIntegrityFailed, "The hub's audit log cannot be checked.",
		"Tell your admin; keep this computer as it is until then.")
)
