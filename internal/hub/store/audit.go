package store

import (
	"database/sql"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/hub/store/db"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// Events reads along the index of the narrowest id of the filter.
func (r *reader) Events(f hub.EventFilter) ([]hub.LoggedEvent, error) {
	lease, device, user, account := string(f.LeaseID), string(f.DeviceID), string(f.UserID), string(f.AccountID)
	from, limit := before(f.Before), most(f.Limit)
	var rows []db.AuditEvent
	var err error
	switch {
	case lease != "":
		rows, err = r.q().EventsOfLease(r.ctx, db.EventsOfLeaseParams{LeaseID: lease, DeviceID: device, UserID: user, AccountID: account, Before: from, Most: limit})
	case device != "":
		rows, err = r.q().EventsOfDevice(r.ctx, db.EventsOfDeviceParams{DeviceID: device, UserID: user, AccountID: account, Before: from, Most: limit})
	case user != "":
		rows, err = r.q().EventsOfUser(r.ctx, db.EventsOfUserParams{UserID: user, AccountID: account, Before: from, Most: limit})
	case account != "":
		rows, err = r.q().EventsOfAccount(r.ctx, db.EventsOfAccountParams{AccountID: account, Before: from, Most: limit})
	default:
		rows, err = r.q().Events(r.ctx, db.EventsParams{Before: from, Most: limit})
	}
	return list(r, "events", loggedOf, rows, err)
}

func (r *reader) EventsFrom(index int64, limit int) ([]hub.LoggedEvent, error) {
	rows, err := r.q().EventsFrom(r.ctx, db.EventsFromParams{First: index, Most: most(limit)})
	return list(r, "events", loggedOf, rows, err)
}

func (r *reader) Unsequenced(limit int) ([]keyshift.AuditEvent, error) {
	rows, err := r.q().Unsequenced(r.ctx, most(limit))
	return list(r, "unsequenced events", eventOf, rows, err)
}

// chunk is how many values the IN lists of the queries take.
const chunk = 16

func (r *reader) TreeHashes(indexes []int64) ([][]byte, error) {
	found := make(map[int64][]byte, len(indexes))
	for start := 0; start < len(indexes); start += chunk {
		p := padded(indexes[start:])
		rows, err := r.q().TreeHashes(r.ctx, db.TreeHashesParams{P1: p[0], P2: p[1], P3: p[2], P4: p[3], P5: p[4], P6: p[5], P7: p[6], P8: p[7],
			P9: p[8], P10: p[9], P11: p[10], P12: p[11], P13: p[12], P14: p[13], P15: p[14], P16: p[15]})
		if err != nil {
			return nil, r.failed("read tree hashes", err)
		}
		for _, row := range rows {
			found[row.Position] = row.Hash
		}
	}
	hashes := make([][]byte, len(indexes))
	for i, index := range indexes {
		if hashes[i] = found[index]; hashes[i] == nil {
			return nil, fmt.Errorf("read tree hashes: there is none at %d", index)
		}
	}
	return hashes, nil
}

// padded takes up to a chunk of values and repeats the first to fill it.
func padded[T any](values []T) (p [chunk]T) {
	for i := range p {
		p[i] = values[0]
	}
	copy(p[:], values)
	return p
}

func (r *reader) LatestCheckpoint() (hub.Checkpoint, error) {
	row, err := r.q().LatestCheckpoint(r.ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return hub.Checkpoint{}, nil
	}
	return one(r, "checkpoint", checkpointOf, row, err)
}

func (r *reader) Checkpoints(afterSize int64, limit int) ([]hub.Checkpoint, error) {
	rows, err := r.q().Checkpoints(r.ctx, db.CheckpointsParams{After: afterSize, Most: most(limit)})
	return list(r, "checkpoints", checkpointOf, rows, err)
}

// Append never half succeeds: an event that cannot be written undoes its effect.
func (t *tx) Append(e keyshift.AuditEvent) error {
	salt := []byte{}
	if len(e.Personal) > 0 {
		e.Personal = validFacts(e.Personal)
		salt = make([]byte, 16)
		if _, err := io.ReadFull(t.ids.random, salt); err != nil {
			return t.failed("append event", fmt.Errorf("make salt: %w", err))
		}
	}
	e.ID, e.Details = string(t.NewID()), validFacts(e.Details)
	return t.append(e, salt)
}

// append writes an event that has an id and holds nothing but valid text.
func (t *tx) append(e keyshift.AuditEvent, salt []byte) error {
	personal := ""
	if len(e.Personal) > 0 {
		personal = keyshift.FactsText(e.Personal)
	}
	_, err := t.later().AppendEvent(t.ctx, db.AppendEventParams{
		ID: e.ID, At: micros(t.now), Action: string(e.Action), ActorKind: string(e.ActorKind), ActorID: string(e.ActorID),
		UserID: string(e.UserID), DeviceID: string(e.DeviceID), AccountID: string(e.AccountID), LeaseID: string(e.LeaseID),
		Details: keyshift.FactsText(e.Details), Personal: personal, Salt: salt, PersonalHash: keyshift.HashPersonal(salt, e.Personal),
	})
	t.batch.last().event = true
	return err
}

func (t *tx) Place(eventID string, index, firstHash int64, hashes [][]byte) error {
	_, err := t.later().PlaceEvent(t.ctx, db.PlaceEventParams{ID: eventID, LeafIndex: index})
	for i := 0; err == nil && i < len(hashes); i++ {
		_, err = t.later().AddTreeHash(t.ctx, db.AddTreeHashParams{Position: firstHash + int64(i), Hash: blob(hashes[i])})
	}
	return err
}

func (t *tx) AddCheckpoint(c hub.Checkpoint) error {
	_, err := t.later().AddCheckpoint(t.ctx, db.AddCheckpointParams{Size: c.Size, Note: c.Note, At: micros(c.At)})
	return err
}

// validFacts replaces what is not UTF-8, so that the facts read back are the facts that were hashed.
func validFacts(facts map[string]string) map[string]string {
	valid := make(map[string]string, len(facts))
	for name, value := range facts {
		valid[strings.ToValidUTF8(name, "\ufffd")] = strings.ToValidUTF8(value, "\ufffd")
	}
	return valid
}

// factsOf reads stored facts; nothing is nil. Text that is not JSON would be a changed row: it is shown as it is, and the tree tells.
func factsOf(text string) map[string]string {
	facts, err := keyshift.ParseFacts(text)
	if err != nil {
		return map[string]string{"unreadable": text}
	}
	return facts
}

func eventOf(row db.AuditEvent) keyshift.AuditEvent {
	return keyshift.AuditEvent{
		ID: row.ID, At: moment(row.At), Action: keyshift.AuditAction(row.Action), ActorKind: keyshift.ActorKind(row.ActorKind),
		ActorID: keyshift.ID(row.ActorID), UserID: keyshift.ID(row.UserID), DeviceID: keyshift.ID(row.DeviceID),
		AccountID: keyshift.ID(row.AccountID), LeaseID: keyshift.ID(row.LeaseID), Details: factsOf(row.Details),
		Personal: factsOf(row.Personal), Salt: bytesOf(row.Salt), PersonalHash: row.PersonalHash,
	}
}

func loggedOf(row db.AuditEvent) hub.LoggedEvent {
	logged := hub.LoggedEvent{AuditEvent: eventOf(row), LeafIndex: -1}
	if row.LeafIndex.Valid {
		logged.LeafIndex = row.LeafIndex.Int64
	}
	return logged
}

func checkpointOf(row db.Checkpoint) hub.Checkpoint {
	return hub.Checkpoint{Size: row.Size, Note: row.Note, At: moment(row.At)}
}
