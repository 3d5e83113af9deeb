package store

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/hub/store/db"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

func (r *reader) WorkHours(subject keyshift.ID) (keyshift.WorkHours, error) {
	row, err := r.q().HoursOf(r.ctx, string(subject))
	if err != nil {
		return keyshift.WorkHours{}, unset(r.failed("read work hours", err))
	}
	return hoursFrom(row.Hours)
}

func (r *reader) WorkHoursFor(user keyshift.ID) (hub.Hours, error) {
	row, err := r.aside().HoursFor(r.ctx, string(user))
	if err != nil {
		return hub.Hours{}, unset(r.failed("read work hours", err))
	}
	h := hub.Hours{Subject: keyshift.ID(row.SubjectID), LiftedUntil: moment(row.LiftedUntil)}
	h.WorkHours, err = hoursFrom(row.Hours)
	return h, err
}

// unset makes what is not there the zero value.
func unset(err error) error {
	if errors.Is(err, keyshift.ErrNotFound) {
		return nil
	}
	return err
}

func hoursFrom(text string) (w keyshift.WorkHours, err error) {
	err = json.Unmarshal([]byte(text), &w)
	return w, err
}

func (r *reader) Reminders() (keyshift.Reminders, error) {
	row, err := r.q().Reminders(r.ctx)
	if err != nil {
		return keyshift.Reminders{}, unset(r.failed("read reminders", err))
	}
	return remindersOf(row.PerHour, row.Every, row.MayPauseToday), nil
}

func remindersOf(perHour, every, mayPauseToday int64) keyshift.Reminders {
	return keyshift.Reminders{PerHour: int(perHour), Every: duration(every), MayPauseToday: mayPauseToday == 1}
}

func (t *tx) SaveWorkHours(subject keyshift.ID, w keyshift.WorkHours) error {
	if !w.Set() {
		n, err := t.q().RemoveHours(t.ctx, string(subject))
		_, err = t.changed("remove work hours", n, err)
		return err
	}
	text, err := json.Marshal(w)
	if err != nil {
		return err
	}
	n, err := t.q().PutHours(t.ctx, db.PutHoursParams{SubjectID: string(subject), Hours: string(text)})
	_, err = t.changed("save work hours", n, err)
	return err
}

func (t *tx) LiftWorkHours(user keyshift.ID, until time.Time) error {
	n, err := t.q().PutHoursLifted(t.ctx, db.PutHoursLiftedParams{UserID: string(user), Until: micros(until)})
	_, err = t.changed("lift work hours", n, err)
	return err
}

func (t *tx) SaveReminders(r keyshift.Reminders) error {
	n, err := t.q().PutReminders(t.ctx, db.PutRemindersParams{PerHour: int64(r.PerHour), Every: r.Every.Microseconds(), MayPauseToday: bit(r.MayPauseToday)})
	_, err = t.changed("save reminders", n, err)
	return err
}
