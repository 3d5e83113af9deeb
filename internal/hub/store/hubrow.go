package store

import (
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/hub/store/db"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

func (r *reader) Hub() (hub.HubRow, error) {
	row, err := r.q().Hub(r.ctx)
	return one(r, "hub", hubOf, row, err)
}

func (r *reader) KEKChecks() (map[uint32][]byte, error) {
	rows, err := r.q().KEKChecks(r.ctx)
	if err != nil {
		return nil, r.failed("read key checks", err)
	}
	checks := make(map[uint32][]byte, len(rows))
	for _, row := range rows {
		checks[uint32(row.Version)] = row.Sealed //nolint:gosec // stored from a uint32
	}
	return checks, nil
}

func (r *reader) Effect(actor keyshift.ID, requestID string) (hub.Effect, error) {
	return r.effect(r.q(), actor, requestID)
}

func (r *reader) effect(q *db.Queries, actor keyshift.ID, requestID string) (hub.Effect, error) {
	row, err := q.Effect(r.ctx, db.EffectParams{ActorID: string(actor), RequestID: requestID})
	return one(r, "effect", effectOf, row, err)
}

func (r *reader) Counts() (hub.Counts, error) {
	row, err := r.q().Counts(r.ctx)
	return one(r, "counts", func(row db.CountsRow) hub.Counts { return hub.Counts(row) }, row, err)
}

func (r *reader) OutboxBefore(at time.Time, limit int) ([]hub.OutboxRow, error) {
	rows, err := r.q().OutboxBefore(r.ctx, db.OutboxBeforeParams{Before: micros(at), Most: most(limit)})
	return list(r, "outbox", outboxOf, rows, err)
}

func (t *tx) AddHub(h hub.HubRow) error {
	n, err := t.q().AddHub(t.ctx, db.AddHubParams{
		ID: string(h.ID), Name: h.Name, CreatedAt: micros(h.CreatedAt), SigningPublic: blob(h.SigningPublic), SigningSealed: blob(h.SigningSealed),
		TlsCert: blob(h.TLSCert), TlsKeySealed: blob(h.TLSKeySealed), State: string(h.State), RollbackAcceptedAt: micros(h.RollbackAcceptedAt),
	})
	return t.swapped("add hub", n, err)
}

func (t *tx) SaveHub(h hub.HubRow) error {
	n, err := t.q().SaveHub(t.ctx, db.SaveHubParams{
		ID: string(h.ID), Name: h.Name, SigningPublic: blob(h.SigningPublic), SigningSealed: blob(h.SigningSealed),
		TlsCert: blob(h.TLSCert), TlsKeySealed: blob(h.TLSKeySealed), State: string(h.State), RollbackAcceptedAt: micros(h.RollbackAcceptedAt),
	})
	return t.saved("save hub", n, err)
}

func (t *tx) SaveKEKCheck(version uint32, sealed []byte) error {
	n, err := t.q().PutKEKCheck(t.ctx, db.PutKEKCheckParams{Version: int64(version), Sealed: blob(sealed)})
	_, err = t.changed("save key check", n, err)
	return err
}

func (t *tx) DropKEKChecksExcept(version uint32) error {
	n, err := t.q().DropKEKChecksExcept(t.ctx, int64(version))
	_, err = t.changed("drop key checks", n, err)
	return err
}

func (t *tx) AddEffect(e hub.Effect) error {
	_, err := t.later().AddEffect(t.ctx, db.AddEffectParams{ActorID: string(e.Actor), RequestID: e.RequestID, ProcedureName: e.Procedure,
		BodyHash: blob(e.BodyHash), Result: blob(e.Result), At: micros(t.now)})
	t.batch.change(effectKey(e.Actor, e.RequestID))
	return err
}

func (t *tx) AcceptRollback(user keyshift.ID) (int64, error) {
	n, err := t.q().AcceptRollback(t.ctx, db.AcceptRollbackParams{UserID: string(user), At: micros(t.now)})
	if _, err := t.changed("accept rollback", n, err); err != nil {
		return 0, err
	}
	n, err = t.q().CountRollbackAcceptances(t.ctx)
	return n, t.failed("count rollback acceptances", err)
}

func (t *tx) ClearRollback() error {
	n, err := t.q().ClearRollback(t.ctx)
	_, err = t.changed("clear rollback acceptances", n, err)
	return err
}

func (t *tx) Notify(topic, ref string) error {
	row := hub.OutboxRow{ID: string(t.NewID()), Topic: topic, Ref: ref, At: t.now}
	t.outbox = append(t.outbox, row)
	_, err := t.later().AddOutbox(t.ctx, db.AddOutboxParams{ID: row.ID, Topic: topic, Ref: ref, At: micros(row.At)})
	return err
}

func (t *tx) RemoveOutbox(ids []string) error {
	for start := 0; start < len(ids); start += chunk {
		p := padded(ids[start:])
		_, err := t.later().RemoveOutbox(t.ctx, db.RemoveOutboxParams{P1: p[0], P2: p[1], P3: p[2], P4: p[3], P5: p[4], P6: p[5], P7: p[6], P8: p[7],
			P9: p[8], P10: p[9], P11: p[10], P12: p[11], P13: p[12], P14: p[13], P15: p[14], P16: p[15]})
		if err != nil {
			return err
		}
		t.batch.last().any = true // another hub may have removed them
	}
	return nil
}

// countsKept is for how many days it stays known how often people were reminded.
const countsKept = 90

// pruned is how many rows of each kind one Prune deletes at most.
const pruned = 2000

func (t *tx) Prune(before time.Time) error {
	n, err := t.q().PruneEffects(t.ctx, db.PruneEffectsParams{Before: micros(before), Most: pruned})
	if _, err := t.changed("prune effects", n, err); err != nil {
		return err
	}
	n, err = t.q().PruneCodes(t.ctx, db.PruneCodesParams{Before: micros(before), Most: pruned})
	if _, err := t.changed("prune codes", n, err); err != nil {
		return err
	}
	n, err = t.q().PruneTokens(t.ctx, db.PruneTokensParams{Before: micros(before), Most: pruned})
	if _, err := t.changed("prune tokens", n, err); err != nil {
		return err
	}
	n, err = t.q().PruneReminderCounts(t.ctx, db.PruneReminderCountsParams{Before: keyshift.DateOf(t.Now()).Add(-countsKept).String(), Most: pruned})
	if _, err := t.changed("prune reminder counts", n, err); err != nil {
		return err
	}
	n, err = t.q().PruneSelfReports(t.ctx, db.PruneSelfReportsParams{Before: string(keyshift.FirstID(t.Now().Add(-keyshift.MistakesKept))), Most: pruned})
	if _, err := t.changed("prune self-reports", n, err); err != nil {
		return err
	}
	n, err = t.q().PruneRelays(t.ctx, db.PruneRelaysParams{Now: micros(t.Now()), Most: pruned})
	_, err = t.changed("prune code relays", n, err)
	return err
}

func hubOf(row db.Hub) hub.HubRow {
	return hub.HubRow{
		ID: keyshift.ID(row.ID), Name: row.Name, CreatedAt: moment(row.CreatedAt), SigningPublic: bytesOf(row.SigningPublic),
		SigningSealed: bytesOf(row.SigningSealed), TLSCert: bytesOf(row.TlsCert), TLSKeySealed: bytesOf(row.TlsKeySealed), State: hub.HubState(row.State),
		RollbackAcceptedAt: moment(row.RollbackAcceptedAt),
	}
}

func effectOf(row db.Effect) hub.Effect {
	return hub.Effect{Actor: keyshift.ID(row.ActorID), RequestID: row.RequestID, Procedure: row.ProcedureName,
		BodyHash: bytesOf(row.BodyHash), Result: bytesOf(row.Result)}
}

func outboxOf(row db.Outbox) hub.OutboxRow {
	return hub.OutboxRow{ID: row.ID, Topic: row.Topic, Ref: row.Ref, At: moment(row.At)}
}
