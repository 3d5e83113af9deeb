package store

import (
	"database/sql"
	"errors"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/hub/store/db"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// syncReader answers what the sync of one device asks out of one row that was read at once: most syncs find nothing new, and
// each look of its own would be a round trip.
type syncReader struct {
	*reader
	row db.AheadOfSyncRow
}

// ForSync implements [hub.DeviceReader]. A device that is not there is looked for again by who asks about it.
func (r *reader) ForSync(device keyshift.ID, now time.Time) (hub.Reader, error) {
	row, err := r.q().AheadOfSync(r.ctx, db.AheadOfSyncParams{ID: string(device), Now: micros(now)})
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return r, nil
	case err != nil:
		return nil, r.failed("read ahead of a sync", err)
	}
	return &syncReader{r, row}, nil
}

func (r *syncReader) about(device keyshift.ID) bool { return r.row.Device.ID == string(device) }

func (r *syncReader) DeviceAndUser(id keyshift.ID) (keyshift.Device, keyshift.User, error) {
	if r.about(id) {
		return deviceOf(r.row.Device), userOf(r.row.User), nil
	}
	return r.reader.DeviceAndUser(id)
}

func (r *syncReader) LatestCheckpoint() (hub.Checkpoint, error) {
	return hub.Checkpoint{Size: r.row.Size, Note: r.row.Note, At: moment(r.row.At)}, nil
}

func (r *syncReader) LiveLeases(device keyshift.ID) ([]hub.LeaseView, error) {
	if r.about(device) && r.row.HasLeases == 0 {
		return nil, nil
	}
	return r.reader.LiveLeases(device)
}

func (r *syncReader) RemovalsToDo(device keyshift.ID, limit int) ([]hub.LeaseView, error) {
	if r.about(device) && r.row.HasLeases == 0 {
		return nil, nil
	}
	return r.reader.RemovalsToDo(device, limit)
}

func (r *syncReader) WorkHoursFor(user keyshift.ID) (hub.Hours, error) {
	if r.row.User.ID == string(user) && r.row.HasHours == 0 {
		return hub.Hours{}, nil
	}
	return r.reader.WorkHoursFor(user)
}

func (r *syncReader) Reminders() (keyshift.Reminders, error) {
	return remindersOf(r.row.PerHour, r.row.Every, r.row.MayPauseToday), nil
}

func (r *syncReader) BrowserNews(user, device keyshift.ID, now time.Time) (hub.BrowserNews, error) {
	if !r.about(device) || r.row.User.ID != string(user) {
		return r.reader.BrowserNews(user, device, now)
	}
	return browserNewsOf(db.BrowserNewsRow{Revision: r.row.Revision, GroupsOn: r.row.GroupsOn, GroupsForbidden: r.row.GroupsForbidden, Asked: r.row.Asked, Answered: r.row.Answered}), nil
}
