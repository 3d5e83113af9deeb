package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// exportFormat names the format of an export, of which this is the first edition.
const exportFormat = "keyshift-audit/1"

// headerLine is the first line of an export. Head covers all that follows.
type headerLine struct {
	Format    string      `json:"format"`
	HubID     keyshift.ID `json:"hub_id"`
	PublicKey []byte      `json:"public_key"`
	Head      string      `json:"head"`
}

// eventLine is an event with its place and leaf hash. Personal and Salt are left out when they are erased.
type eventLine struct {
	Index        int64                `json:"index"`
	ID           string               `json:"id"`
	At           string               `json:"at"`
	Action       keyshift.AuditAction `json:"action"`
	ActorKind    keyshift.ActorKind   `json:"actor_kind"`
	ActorID      keyshift.ID          `json:"actor_id"`
	UserID       keyshift.ID          `json:"user_id"`
	DeviceID     keyshift.ID          `json:"device_id"`
	AccountID    keyshift.ID          `json:"account_id"`
	LeaseID      keyshift.ID          `json:"lease_id"`
	Details      map[string]string    `json:"details"`
	Personal     map[string]string    `json:"personal,omitempty"`
	Salt         []byte               `json:"salt,omitempty"`
	PersonalHash string               `json:"personal_hash"`
	Hash         tlog.Hash            `json:"hash"`
}

// checkpointLine stands after the last event that the checkpoint covers.
type checkpointLine struct {
	Checkpoint string `json:"checkpoint"`
}

const checkpointStart = `{"checkpoint":`

// exportTime is RFC 3339 in UTC with microseconds, which is all that a leaf has.
const exportTime = "2006-01-02T15:04:05.000000Z"

func lineOf(e hub.LoggedEvent, leafHash tlog.Hash) eventLine {
	l := eventLine{
		Index: e.LeafIndex, ID: e.ID, At: e.At.UTC().Format(exportTime), Action: e.Action,
		ActorKind: e.ActorKind, ActorID: e.ActorID, UserID: e.UserID, DeviceID: e.DeviceID, AccountID: e.AccountID, LeaseID: e.LeaseID,
		Details: e.Details, PersonalHash: e.PersonalHash, Hash: leafHash,
	}
	if l.Details == nil {
		l.Details = map[string]string{}
	}
	if len(e.Personal) > 0 {
		l.Personal, l.Salt = e.Personal, e.Salt
	}
	return l
}

var errNotOurs = errors.New("line is not written as an export writes it")

// event gives the event back.
func (l eventLine) event() (hub.LoggedEvent, error) {
	at, err := time.Parse(exportTime, l.At)
	if err != nil || at.Format(exportTime) != l.At { // Parse takes a bit more than Format writes
		return hub.LoggedEvent{}, errNotOurs
	}
	return hub.LoggedEvent{LeafIndex: l.Index, AuditEvent: keyshift.AuditEvent{
		ID: l.ID, At: at, Action: l.Action, ActorKind: l.ActorKind, ActorID: l.ActorID,
		UserID: l.UserID, DeviceID: l.DeviceID, AccountID: l.AccountID, LeaseID: l.LeaseID,
		Details: l.Details, Personal: l.Personal, Salt: l.Salt, PersonalHash: l.PersonalHash,
	}}, nil
}

// encodeLine writes a line with its newline.
func encodeLine(v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode export line: %w", err)
	}
	return append(b, '\n'), nil
}

// decodeLine reads a line, and refuses whatever encodeLine would write differently: fields that nothing proves, fields
// that stand there twice, another order. So no two readers can see different things in a verified export.
func decodeLine[T headerLine | eventLine | checkpointLine](line []byte) (T, error) {
	var v T
	if err := json.Unmarshal(line, &v); err != nil {
		return v, errNotOurs
	}
	again, err := encodeLine(v)
	if err != nil {
		return v, err
	}
	if !bytes.Equal(again, line) {
		return v, errNotOurs
	}
	return v, nil
}
