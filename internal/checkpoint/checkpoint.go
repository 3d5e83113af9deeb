// Package checkpoint is what a device needs to be a witness of its hub's audit log: it reads the hub's signed
// checkpoints, checks that each continues the one before, and countersigns. The hub makes them with the same functions.
//
// A checkpoint is a tree head (how many events the log has, and the root of the RFC 6962 Merkle tree over them) as the
// text of a signed note (C2SP tlog-checkpoint and signed-note). It has exactly three lines:
//
//	keyshift/0193c2a0-7c00-7abc-8def-0123456789ab
//	2085
//	CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
//
// the origin that names the hub, the size, and the root. The hub signs with its Ed25519 key under the origin as the key's
// name. Extension lines are refused, so that a [Head] and its text stand for each other. Signatures of others under the note
// are ignored.
//
// A device keeps one note. At each sync it presents the note, and the hub answers with its newest one and the proof
// between them. [Follow] is the whole check; what it accepts the device keeps instead of the old one:
//
//	head, err := checkpoint.Follow(sent, answer.Checkpoint, answer.Consistency, hubID, hubKey)
//	switch {
//	case errors.Is(err, checkpoint.ErrShrunk), errors.Is(err, checkpoint.ErrRewritten):
//		// the hub's log lost or changed what this device has seen: keep the old note, it is the evidence
//	case err != nil:
//		// not an answer of this hub
//	case head.Size > kept.Size:
//		kept = answer.Checkpoint
//		signature, err = checkpoint.Countersign(head, deviceKey, now)
//	}
//
// The proof belongs to the note that the request carried: when syncs overlap, sent is that one and not a newer one that
// another sync has brought meanwhile.
package checkpoint

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// Errors that callers tell apart with errors.Is.
var (
	// ErrMalformed: the text is not a checkpoint, or not one of this kind of log.
	ErrMalformed = errors.New("checkpoint is malformed")
	// ErrSignature: the key did not sign this checkpoint.
	ErrSignature = errors.New("checkpoint is not signed by the hub's key")
	// ErrOtherHub: the checkpoint names another hub.
	ErrOtherHub = errors.New("checkpoint is of another hub")
	// ErrShrunk: the log is shorter than it was.
	ErrShrunk = errors.New("audit log is shorter than it was")
	// ErrRewritten: the log is not shown to continue the one seen before, because the roots or the proof do not fit.
	ErrRewritten = errors.New("audit log does not continue the one seen before")
	// ErrNotIncluded: the proof does not show that the log holds the event.
	ErrNotIncluded = errors.New("audit log is not shown to hold the event")
	// ErrKey: the key is not an Ed25519 key.
	ErrKey = errors.New("key is not an Ed25519 key")
)

// Head is a tree head: what a checkpoint says. The zero Head stands for "no checkpoint yet"; it has no text. Heads are
// equal when they say the same.
type Head struct {
	HubID string
	// Size is the number of events.
	Size int64
	// Root is the root of the Merkle tree over them, SHA-256 of nothing for size 0.
	Root tlog.Hash
}

const originPrefix = "keyshift/"

// maxSize is far more than a log can have. The proof functions of tlog count powers of two in an int64 and do not come back
// from sizes above 1<<62.
const maxSize = 1 << 60

// Origin is the first line of a hub's checkpoints and the name of its key in notes.
func Origin(hubID string) string { return originPrefix + hubID }

// Text is what gets signed: the three lines, each with its newline.
func (h Head) Text() string {
	return Origin(h.HubID) + "\n" + strconv.FormatInt(h.Size, 10) + "\n" + h.Root.String() + "\n"
}

// parse reads the text of a checkpoint. Only the very text that Text writes is accepted, else ErrMalformed.
func parse(text string) (Head, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 {
		return Head{}, fmt.Errorf("read checkpoint of %d lines: %w", len(lines)-1, ErrMalformed)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || size > maxSize {
		return Head{}, fmt.Errorf("read checkpoint size: %w", ErrMalformed)
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return Head{}, fmt.Errorf("read checkpoint root: %w", ErrMalformed)
	}
	h := Head{strings.TrimPrefix(lines[0], originPrefix), size, root}
	if h.HubID == "" || h.Text() != text || size == 0 && root != emptyRoot() {
		return Head{}, fmt.Errorf("read checkpoint text: %w", ErrMalformed)
	}
	return h, nil
}

func emptyRoot() tlog.Hash {
	root, err := tlog.TreeHash(0, nil)
	if err != nil {
		panic("checkpoint: hash empty tree: " + err.Error()) // it reads nothing
	}
	return root
}
