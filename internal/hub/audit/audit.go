// Package audit makes the hub's audit log tamper-evident: it puts committed events into a Merkle tree, signs the tree's
// heads, proves one head from another, exports the log and verifies it.
//
// # The tree
//
// The leaves are the bytes of [keyshift.AuditEvent.Leaf], the tree is that of RFC 6962, stored as x/mod's tlog numbers
// its hashes, and the heads are signed notes: see package checkpoint, which devices use too. An event is committed with
// its effect and without a place in the tree; [Sequencer] gives it the next one within a second. From then on no event
// can be changed, removed, inserted or moved without another root, and the devices keep signed roots.
//
// # Several replicas
//
// Every replica runs a Sequencer, and several may be at work in the same moment. What keeps the log in one piece is the
// database. The unplaced events are read and hashed before the write, and the size of the tree is known from before that. A
// batch is one write: it reads the newest checkpoint, gives up if that is of another size, places the events behind it, and
// adds a checkpoint of the new size. So of two batches that start from the same checkpoint both
// claim the same leaf index, the same tree hash and perhaps the same checkpoint size. The store must
//
//   - keep leaf index, hash index and checkpoint size unique,
//   - refuse or run again a write that meets a taken one,
//   - and refuse or run again a Place of an event that has an index already.
//
// Then the second one leaves nothing behind, and starts anew from the checkpoint of the first. A head that was signed
// for a write which did not commit exists nowhere: notes are handed out only as read from committed data. A batch
// computes the root of what is stored before it signs anything on top, so a tree that was tampered with below is never
// signed again: that is [ErrDamaged].
//
// An event whose transaction commits late is placed late. Nothing is skipped, because an event is unplaced as long as it
// has no index, however old its id is.
//
// # Witnesses
//
// [Judge] holds the checkpoint that a device presents against the log. A head which the hub signed and which is ahead of
// the log, or not on the way to its newest head, cannot come from this log: the database was set back or rewritten. Only
// the hub's own signature counts, so no device can claim that falsely. The reader must see every commit: one that lags
// behind would accuse a healthy log.
//
// # Export and verification
//
// [Export] writes the log up to one head as JSON Lines, and [Verify] checks such a file with nothing but the hub's id and
// key. Every line must be byte for byte what Export writes, and everything in it is proven by a hash or a signature,
// signatures of others under a checkpoint aside. The one thing that may be left out is the personal facts of an event,
// with their salt: their hash is in the leaf. [VerifyStore] does the same with the live database, and compares the stored
// tree as well. All of them read page by page and keep one page and O(log n) hashes.
//
// What verification cannot see: that the newest part is missing or all was rewritten by somebody who has the hub's key,
// unless a device's checkpoint is given as a witness; and that an intermediate checkpoint is missing, which
// costs nothing but precision.
package audit

import (
	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// pageSize is how many events or checkpoints are read at once.
const pageSize = 500

// batchSize is how many events one write places. On SQLite whoever else writes waits for all of them.
const batchSize = 500

// TreeReader is what proofs need of [hub.Reader].
type TreeReader interface {
	// TreeHashes gives stored hashes by their tlog index, in the order asked for; a missing one is an error.
	TreeHashes(indexes []int64) ([][]byte, error)
	// LatestCheckpoint gives a zero Checkpoint before the first.
	LatestCheckpoint() (hub.Checkpoint, error)
}

// LogReader is what reading the whole log needs of [hub.Reader].
type LogReader interface {
	TreeReader
	Hub() (hub.HubRow, error)
	// EventsFrom gives placed events in tree order from an index on.
	EventsFrom(index int64, limit int) ([]hub.LoggedEvent, error)
	// Checkpoints gives those above a size, smallest first.
	Checkpoints(afterSize int64, limit int) ([]hub.Checkpoint, error)
}

// ErrDamaged means that the stored tree, checkpoint or hashes do not fit each other. Nothing is signed or proven on top.
var ErrDamaged = &keyshift.Error{
	Code: keyshift.CodeIntegrityFailed,
	Text: "The stored audit log does not fit its newest signed checkpoint: the database was damaged or changed.",
	Hint: "Run keyshift-hub audit verify, which names the place, and restore a backup.",
}

// ErrEmpty means that the log has no checkpoint yet.
var ErrEmpty = keyshift.Refuse(keyshift.CodeUnavailable, "The audit log has no signed checkpoint yet.",
	"Try again in a few seconds; if it stays so, look into the hub's log.")
