package hub

import (
	"time"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// EventFilter chooses audit events for a list, newest first, before the given id. Empty ids do not filter.
type EventFilter struct {
	Before                               string
	Limit                                int
	AccountID, UserID, DeviceID, LeaseID keyshift.ID
}

// LoggedEvent is an audit event with its place in the tree; -1 until it is sequenced.
type LoggedEvent struct {
	keyshift.AuditEvent
	LeafIndex int64
}

// Checkpoint is a signed tree head.
type Checkpoint struct {
	Size int64
	Note string
	At   time.Time
}

// AuditReader reads the audit log and its tree.
type AuditReader interface {
	Events(EventFilter) ([]LoggedEvent, error)
	// EventsFrom gives sequenced events in tree order from an index on.
	EventsFrom(index int64, limit int) ([]LoggedEvent, error)
	// Unsequenced gives committed events that are not in the tree yet, oldest first.
	Unsequenced(limit int) ([]keyshift.AuditEvent, error)
	// TreeHashes gives stored hashes by their tlog index; a missing one is an error.
	TreeHashes(indexes []int64) ([][]byte, error)
	// LatestCheckpoint gives a zero Checkpoint before the first.
	LatestCheckpoint() (Checkpoint, error)
	Checkpoints(afterSize int64, limit int) ([]Checkpoint, error)
}

// AuditWriter writes the audit log and its tree.
type AuditWriter interface {
	// Append adds an event in the transaction of its effect. ID, At, Salt and PersonalHash are filled in.
	Append(keyshift.AuditEvent) error
	// Place puts an event at an index of the tree and stores the tlog hashes that this adds, first at firstHash.
	Place(eventID string, index, firstHash int64, hashes [][]byte) error
	AddCheckpoint(Checkpoint) error
}
