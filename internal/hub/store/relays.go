package store

import (
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/hub/store/db"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

func relayOf(row db.CodeRelay) keyshift.CodeRelay {
	return keyshift.CodeRelay{
		ID: keyshift.ID(row.ID), LeaseID: keyshift.ID(row.LeaseID), AccountID: keyshift.ID(row.AccountID), DeviceID: keyshift.ID(row.DeviceID), UserID: keyshift.ID(row.UserID),
		AskedAt: moment(row.AskedAt), ExpiresAt: moment(row.ExpiresAt), AnsweredAt: moment(row.AnsweredAt), TakenAt: moment(row.TakenAt), Sealed: bytesOf(row.Sealed),
	}
}

func (r *reader) Relay(id keyshift.ID) (keyshift.CodeRelay, error) {
	row, err := r.q().Relay(r.ctx, string(id))
	return one(r, "code relay", relayOf, row, err)
}

func (r *reader) OpenRelay(lease keyshift.ID, now time.Time) (keyshift.CodeRelay, error) {
	row, err := r.q().OpenRelay(r.ctx, db.OpenRelayParams{LeaseID: string(lease), Now: micros(now)})
	return one(r, "code relay", relayOf, row, err)
}

func (r *reader) RelaysAsked(custodian keyshift.ID, now time.Time, limit int) ([]hub.RelayView, error) {
	rows, err := r.q().RelaysAsked(r.ctx, db.RelaysAskedParams{UserID: string(custodian), Now: micros(now), Most: most(limit)})
	return list(r, "code relays", func(row db.RelaysAskedRow) hub.RelayView {
		return hub.RelayView{
			CodeRelay: relayOf(db.CodeRelay{
				ID: row.ID, LeaseID: row.LeaseID, AccountID: row.AccountID, DeviceID: row.DeviceID, UserID: row.UserID,
				AskedAt: row.AskedAt, ExpiresAt: row.ExpiresAt, AnsweredAt: row.AnsweredAt, Sealed: row.Sealed, TakenAt: row.TakenAt,
			}),
			Account:   keyshift.Account{Network: keyshift.Network(row.Network), Handle: row.Handle}.Name(),
			UserShown: keyshift.User{Name: row.UserName, DisplayName: row.UserDisplayName}.Shown(), DeviceName: row.DeviceName, SealingKey: bytesOf(row.SealingKey),
		}
	}, rows, err)
}

func (r *reader) RelaysAnswered(device keyshift.ID, now time.Time, limit int) ([]hub.AnsweredRelay, error) {
	rows, err := r.q().RelaysAnswered(r.ctx, db.RelaysAnsweredParams{DeviceID: string(device), Now: micros(now), Most: most(limit)})
	return list(r, "answered code relays", func(row db.RelaysAnsweredRow) hub.AnsweredRelay {
		return hub.AnsweredRelay{ID: keyshift.ID(row.ID), LeaseID: keyshift.ID(row.LeaseID)}
	}, rows, err)
}

func (t *tx) AddRelay(c keyshift.CodeRelay) error {
	n, err := t.q().AddRelay(t.ctx, db.AddRelayParams{
		ID: string(c.ID), LeaseID: string(c.LeaseID), AccountID: string(c.AccountID), DeviceID: string(c.DeviceID), UserID: string(c.UserID),
		AskedAt: micros(c.AskedAt), ExpiresAt: micros(c.ExpiresAt), Sealed: blob(nil),
	})
	return t.added("code relay", n, err)
}

func (t *tx) AnswerRelay(id keyshift.ID, sealed []byte, at time.Time) (bool, error) {
	n, err := t.q().AnswerRelay(t.ctx, db.AnswerRelayParams{ID: string(id), Sealed: blob(sealed), At: micros(at)})
	return t.changed("answer code relay", n, err)
}

func (t *tx) TakeRelay(id keyshift.ID, at time.Time) (bool, error) {
	n, err := t.q().TakeRelay(t.ctx, db.TakeRelayParams{ID: string(id), At: micros(at)})
	return t.changed("take code relay", n, err)
}
