package hub

import (
	"context"
	"time"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// WriteKind tells the store how a write relates to others that run at the same moment on other replicas.
type WriteKind int

const (
	// Ordinary writes run side by side; unique indexes and compare-and-swap keep them apart.
	Ordinary WriteKind = iota
	// Releasing writes give something back (check-in, receipts). They run like ordinary ones, and may use the space that
	// is reserved for the case that storage is full.
	Releasing
	// Closing writes take rights away (revoke, deactivate, remove a grant, change an account). They wait until the
	// ordinary writes under way anywhere are committed and see all of them, so no lease slips past. They may use the
	// reserved space too.
	Closing
	// Upkeep writes are the hub's own, such as placing events in the audit tree. They run beside all others
	// where the database can do several writes at once, so that nobody waits for them, not even closing ones. They read nothing
	// about rights, and make neither ids nor wake-ups.
	Upkeep
)

// Store is the hub's memory. One of its transactions is durable before Write returns.
type Store interface {
	// Write runs fn in a durable transaction, together with whatever else waits (group commit). fn may run more than
	// once, so it must set what it hands out anew each time. An error that wraps [*keyshift.Error] is a decision: fn
	// has to return it before its first change or through [Tx.Keep]; nothing else of fn is kept. Any other error undoes fn
	// alone. Failures of the store itself come back as storage_full, storage_readonly, audit_unavailable or integrity_failed.
	//
	// ahead, at most one, says what fn will ask for, so that it can be read for many writes at once. It changes nothing
	// else.
	Write(ctx context.Context, kind WriteKind, fn func(Tx) error, ahead ...Ahead) error
	// Read gives a view on committed data, bound to ctx.
	Read(ctx context.Context) Reader
}

// Ahead names what an effect will read. Of a device (DeviceID) that is who it is and whether the request is new, what the
// gates want to know of an account, and a lease; of a user (TokenHash) the same, and whose a lease is. AccountID and LeaseID may be empty.
type Ahead struct {
	DeviceID  keyshift.ID
	TokenHash []byte
	AccountID keyshift.ID
	LeaseID   keyshift.ID
	RequestID string
}

// Reader reads. Look-ups of one thing answer [keyshift.ErrNotFound] when it is not there. Lists are ordered by id and
// start after a given id; "" starts at the first (or, where newest first is said, at the newest).
type Reader interface {
	UserReader
	AccountReader
	DeviceReader
	LeaseReader
	AuditReader
	HubReader
	WorkReader
	ReportReader
	BrowserReader
}

// Tx is one command inside a durable transaction.
type Tx interface {
	Reader
	// Now is the transaction's one moment, to the microsecond.
	Now() time.Time
	// NewID makes an id at Now.
	NewID() keyshift.ID
	// Keep marks a refusal as to be committed: what fn wrote before stays (an audit event about the refusal, a
	// counter), and Write returns the refusal all the same.
	Keep(refusal error) error

	UserWriter
	AccountWriter
	DeviceWriter
	LeaseWriter
	AuditWriter
	HubWriter
	WorkWriter
	ReportWriter
	BrowserWriter
}
