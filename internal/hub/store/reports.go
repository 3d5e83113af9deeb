package store

import (
	"fmt"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/hub/store/db"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

func (r *reader) SelfReports(id keyshift.ID, limit int) ([]hub.SelfReportView, error) {
	rows, err := r.aside().SelfReports(r.ctx, db.SelfReportsParams{Before: before(string(id)), Most: most(limit)})
	return list(r, "self-reports", selfReportOf, rows, err)
}

func selfReportOf(row db.SelfReportsRow) hub.SelfReportView {
	return hub.SelfReportView{
		SelfReport: keyshift.SelfReport{
			ID: keyshift.ID(row.ID), UserID: keyshift.ID(row.UserID), DeviceID: keyshift.ID(row.DeviceID), AccountID: keyshift.ID(row.AccountID),
			LeaseID: keyshift.ID(row.LeaseID), About: row.About, NoticedAt: moment(row.NoticedAt), ReportedAt: moment(row.ReportedAt),
		},
		Sealed: bytesOf(row.Sealed), UserName: row.UserName, UserShown: keyshift.User{Name: row.UserName, DisplayName: row.UserDisplayName}.Shown(),
		DeviceName: row.DeviceName, Network: keyshift.Network(row.Network), Handle: row.Handle,
	}
}

func (r *reader) CountSelfReports(user keyshift.ID, since time.Time) (int, error) {
	n, err := r.aside().CountSelfReports(r.ctx, db.CountSelfReportsParams{UserID: string(user), ID: string(keyshift.FirstID(since))})
	if err != nil {
		return 0, fmt.Errorf("count self-reports: %w", err)
	}
	return int(n), nil
}

func (r *reader) SealedReportsAfter(id keyshift.ID, limit int) ([]hub.SealedReport, error) {
	rows, err := r.aside().SealedReportsAfter(r.ctx, db.SealedReportsAfterParams{After: string(id), Most: most(limit)})
	return list(r, "self-reports", func(row db.SealedReportsAfterRow) hub.SealedReport {
		return hub.SealedReport{ID: keyshift.ID(row.ID), Sealed: bytesOf(row.Sealed)}
	}, rows, err)
}

func (r *reader) ReminderCounts(since keyshift.Date) ([]keyshift.ReminderCount, error) {
	rows, err := r.aside().ReminderCounts(r.ctx, since.String())
	return list(r, "reminder counts", func(row db.ReminderCountsRow) keyshift.ReminderCount {
		day, _ := keyshift.ParseDate(row.Day) // only days are stored
		return keyshift.ReminderCount{Day: day, Kind: row.Kind, Shown: row.Shown, Answered: row.Answered}
	}, rows, err)
}

func (t *tx) AddSelfReport(s keyshift.SelfReport, sealed []byte) error {
	n, err := t.q().AddSelfReport(t.ctx, db.AddSelfReportParams{
		ID: string(s.ID), UserID: string(s.UserID), DeviceID: string(s.DeviceID), AccountID: string(s.AccountID), LeaseID: string(s.LeaseID),
		About: s.About, NoticedAt: micros(s.NoticedAt), ReportedAt: micros(s.ReportedAt), Sealed: blob(sealed),
	})
	_, err = t.changed("add self-report", n, err)
	return err
}

func (t *tx) ReplaceReport(s hub.SealedReport) error {
	n, err := t.q().ReplaceReport(t.ctx, db.ReplaceReportParams{ID: string(s.ID), Sealed: blob(s.Sealed)})
	_, err = t.changed("replace self-report", n, err)
	return err
}

func (t *tx) SaveReminderCounts(device keyshift.ID, counts []keyshift.ReminderCount) error {
	for _, c := range counts {
		n, err := t.q().PutReminderCount(t.ctx, db.PutReminderCountParams{DeviceID: string(device), Day: c.Day.String(), Kind: c.Kind, Shown: c.Shown, Answered: c.Answered})
		if _, err = t.changed("save reminder counts", n, err); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) AddAcknowledgement(a keyshift.Acknowledgement) (bool, error) {
	n, err := t.q().AddAcknowledgement(t.ctx, db.AddAcknowledgementParams{
		UserID: string(a.UserID), TextID: a.TextID, Version: a.Version, DeviceID: string(a.DeviceID), At: micros(a.At),
	})
	return t.changed("add acknowledgement", n, err)
}
