// Package hub lends accounts: it knows who may use what, asks the gates, commits leases with their audit events, and
// ends them.
//
// Each use case is one method of [Hub]. It gets a [Call], which says who asks by which right, and does its work in one
// transaction of the [Store]: authorization is asked again there, so nobody who lost a right a moment ago slips
// through. Effects are remembered by their request id and happen once (effect.go). Gates are one list (gates.go).
// Nothing is loaded at start that grows with history, and nothing is held in memory but presence and the streams.
//
// Adapters (store, rpc, audit, wakeup) import this package, never the other way.
package hub

import (
	"context"
	"crypto/ed25519"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/keyshift-hq/keyshift/internal/kek"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/seal"
)

// Options are what a hub is made of. All fields but Limits and Log are needed.
type Options struct {
	Store Store
	// Vault seals what the store keeps.
	Vault Vault
	// Tree answers about the audit log's Merkle tree.
	Tree Tree
	// PublicURL is where devices reach the hub; it travels in codes.
	PublicURL string
	// TLSPin is the SHA-256 of the hub's own certificate key, empty when its certificate is publicly trusted.
	TLSPin []byte
	// Clock never goes back; see [SteadyClock].
	Clock func() time.Time
	// ClockOff says how far Clock is off, by whatever it can be compared with; nil if there is nothing.
	ClockOff func(context.Context) (time.Duration, error)
	Random   io.Reader
	Log      *slog.Logger
	Limits   Limits
	// Version is the program's version, for the status.
	Version string
}

// Vault seals and opens the hub's secrets under the key-encryption key.
type Vault interface {
	// Seal seals for one place and names the key version used.
	Seal(place kek.Place, plaintext []byte) (sealed []byte, version uint32, err error)
	// Open fails for what was sealed for another place, changed, or sealed under a version that is not there.
	Open(place kek.Place, sealed []byte) ([]byte, error)
	// Primary is the version that new seals use, Versions all that can be opened.
	Primary() uint32
	Versions() []uint32
}

// Tree is what the audit package knows of the Merkle tree.
type Tree interface {
	// Judge looks at the checkpoint that a device keeps ("" for none) and gives the newest one with the consistency
	// proof between them. Rollback is true when the device has seen a log that this hub does not have.
	Judge(r AuditReader, presented string) (Judgment, error)
	// Poke tells that events were committed.
	Poke()
	// Fault says why events cannot be put into the tree; nil while they can.
	Fault() error
}

// Judgment is the answer to a presented checkpoint.
type Judgment struct {
	Latest   Checkpoint
	Proof    [][]byte
	Rollback bool
	// PresentedSize is the size of the presented checkpoint, 0 if none was.
	PresentedSize int64
}

// Hub is a running hub. Its methods may be called from many goroutines.
type Hub struct {
	Options
	row      HubRow
	signing  ed25519.PrivateKey
	codeKey  []byte
	broker   *Broker
	presence *presence
	// deviceKeys verify, sealingKeys seal.
	deviceKeys  *keys[deviceKey]
	sealingKeys *keys[seal.DeviceKey]
	// sealingBeside is held while a seal is made beside a commit.
	sealingBeside sync.Mutex
	// admitted are by the hash of their token.
	admitted *keys[admitted]
	limits   *limiter
	// rollback mirrors HubRow.State: what another replica finds is known with its wake-up, or half a minute later.
	rollback atomic.Bool
	// rollbackAccepted is HubRow.RollbackAcceptedAt in microseconds.
	rollbackAccepted atomic.Int64
	// looking is held from reading HubRow to mirroring it, so that no older look hides a newer finding.
	looking sync.Mutex
	// clockOff is what ClockOff said last, in nanoseconds.
	clockOff atomic.Int64
	// reports are the rollbacks that were reported without effect.
	reports reports
}

// ID is the hub's id.
func (h *Hub) ID() keyshift.ID { return h.row.ID }

// Name is the hub's name as people see it.
func (h *Hub) Name() string { return h.row.Name }

// SigningKey signs answers and checkpoints.
func (h *Hub) SigningKey() ed25519.PrivateKey { return h.signing }

// Broker wakes the streams of devices.
func (h *Hub) Broker() *Broker { return h.broker }

// Now is the hub's clock, to the microsecond.
func (h *Hub) Now() time.Time { return h.Clock().Truncate(time.Microsecond) }
