package hub

import (
	"time"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// HubRow is the hub's own row. Sealed fields are under the key-encryption key.
type HubRow struct {
	ID            keyshift.ID
	Name          string
	CreatedAt     time.Time
	SigningPublic []byte
	SigningSealed []byte
	TLSCert       []byte // DER; empty if never needed
	TLSKeySealed  []byte
	State         HubState
	// RollbackAcceptedAt is when admins last accepted that the audit log goes back; zero if never.
	RollbackAcceptedAt time.Time
}

// HubState is whether the hub lends.
type HubState string

// The states that are stored.
const (
	Serving          HubState = "serving"
	RollbackDetected HubState = "rollback_detected"
)

// Effect is a remembered request: the same request id of the same actor always has the same result.
type Effect struct {
	Actor     keyshift.ID
	RequestID string
	Procedure string
	BodyHash  []byte
	// Result is what is needed to answer again, never anything secret.
	Result []byte
}

// Counts are figures for the status.
type Counts struct {
	LiveLeases         int64
	OpenRemovals       int64
	AuditSize          int64
	RollbackAcceptedBy int64
}

// OutboxRow is a wake-up that is still to be told to the other replicas.
type OutboxRow struct {
	ID    string
	Topic string
	Ref   string
	At    time.Time
}

// The topics of wake-ups.
const (
	// TopicDevice: Ref is a device id.
	TopicDevice = "device"
	// TopicBatch: Ref is the batch of a set-based end; its devices are to be woken.
	TopicBatch = "batch"
	// TopicUser, TopicGroup and TopicAccount: Ref is the id of a user, a group or an account; the devices of the user, of the
	// group's members, or of everybody with a grant on the account are to be woken.
	TopicUser    = "user"
	TopicGroup   = "group"
	TopicAccount = "account"
	// TopicHub: the hub's own row changed; Ref is empty.
	TopicHub = "hub"
	// TopicEverybody: all devices are to be woken; Ref is empty.
	TopicEverybody = "everybody"
)

// HubReader reads what belongs to the hub itself.
type HubReader interface {
	// Hub answers ErrNotFound before the first start.
	Hub() (HubRow, error)
	// KEKChecks gives, by version, a known text sealed under each key-encryption key version in use.
	KEKChecks() (map[uint32][]byte, error)
	// Effect answers ErrNotFound for a new request.
	Effect(actor keyshift.ID, requestID string) (Effect, error)
	Counts() (Counts, error)
	// OutboxBefore gives wake-ups older than a moment.
	OutboxBefore(at time.Time, limit int) ([]OutboxRow, error)
}

// HubWriter changes what belongs to the hub itself.
type HubWriter interface {
	AddHub(HubRow) error
	SaveHub(HubRow) error
	SaveKEKCheck(version uint32, sealed []byte) error
	DropKEKChecksExcept(version uint32) error
	AddEffect(Effect) error
	// AcceptRollback records one user's word and gives how many users have given it; ClearRollback forgets them.
	AcceptRollback(user keyshift.ID) (int64, error)
	ClearRollback() error
	// Notify puts a wake-up into the outbox of this transaction.
	Notify(topic, ref string) error
	RemoveOutbox(ids []string) error
	// Prune deletes remembered requests, used codes and ended tokens from before a moment, a bounded number at a time.
	Prune(before time.Time) error
}
