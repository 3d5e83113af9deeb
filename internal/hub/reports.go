package hub

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/keyshift-hq/keyshift/internal/kek"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// SelfReportView is a self-report with what people want to see beside it.
type SelfReportView struct {
	keyshift.SelfReport
	// Sealed is the text as it is stored.
	Sealed     []byte
	UserName   string // as commands take it
	UserShown  string // as people know the user
	DeviceName string
	// Network and Handle are those of the account, if the hub knows it.
	Network keyshift.Network
	Handle  string
}

// SealedReport is the stored text of a self-report.
type SealedReport struct {
	ID     keyshift.ID
	Sealed []byte
}

// ReportReader reads what users report.
type ReportReader interface {
	// SelfReports lists self-reports, the newest first, before an id.
	SelfReports(before keyshift.ID, limit int) ([]SelfReportView, error)
	// CountSelfReports counts those of a user from a moment on.
	CountSelfReports(user keyshift.ID, since time.Time) (int, error)
	// SealedReportsAfter pages through all self-reports for re-wrapping.
	SealedReportsAfter(id keyshift.ID, limit int) ([]SealedReport, error)
	// ReminderCounts sums what devices told since a day by day and kind, the newest day first.
	ReminderCounts(since keyshift.Date) ([]keyshift.ReminderCount, error)
}

// ReportWriter keeps what users report.
type ReportWriter interface {
	AddSelfReport(r keyshift.SelfReport, sealed []byte) error
	// ReplaceReport stores a text that was sealed anew.
	ReplaceReport(SealedReport) error
	// SaveReminderCounts keeps what a device counted. Of two counts of the same day and kind the larger one stays, so that
	// it does not matter in which order they come, or how often.
	SaveReminderCounts(device keyshift.ID, counts []keyshift.ReminderCount) error
	// AddAcknowledgement reports whether it is the user's first of that version.
	AddAcknowledgement(keyshift.Acknowledgement) (bool, error)
}

// Mistake is what a device brings of a user's self-report.
type Mistake struct {
	Text string
	// About names the account as the user did, LeaseID the device's lease; both may be empty.
	About     string
	LeaseID   keyshift.ID
	NoticedAt time.Time
}

// ReportMistake keeps a self-report. What it is about is a help, no condition: a report is kept also when the hub knows no such
// lease or account. The audit event does not have the text.
func (h *Hub) ReportMistake(ctx context.Context, call Call, m Mistake) error {
	text, err := keyshift.ValidateMistake(m.Text)
	if err != nil {
		return err
	}
	if err := h.limits.report(call.DeviceID); err != nil {
		return err
	}
	_, err = effect(ctx, h, call, Ordinary, func(tx Tx, c Caller) (struct{}, error) {
		if err := h.fewMistakes(tx, c.User.ID); err != nil {
			return struct{}{}, err
		}
		report := keyshift.SelfReport{
			ID: tx.NewID(), UserID: c.User.ID, DeviceID: c.Device.ID, About: keyshift.CleanText(strings.TrimSpace(m.About), 100), NoticedAt: m.NoticedAt, ReportedAt: tx.Now(),
		}
		if err := findAbout(tx, c, m, &report); err != nil {
			return struct{}{}, err
		}
		sealed, _, err := h.Vault.Seal(h.placeReport(report.ID), []byte(text))
		if err != nil {
			return struct{}{}, err
		}
		event := c.event(keyshift.ActSelfReported)
		event.AccountID, event.LeaseID, event.Details = report.AccountID, report.LeaseID, map[string]string{"report": string(report.ID)}
		return struct{}{}, errors.Join(tx.AddSelfReport(report, sealed), tx.Append(event))
	})
	return err
}

var errManyMistakes = keyshift.Refuse(keyshift.CodeRateLimited, "Your admins got 50 reports of yours within a day.",
	"This one stays on your computer and comes to them by itself. If it is urgent, call them.")

// fewMistakes bounds what one user can have stored. The device keeps what is refused, and brings it later.
func (h *Hub) fewMistakes(tx Tx, user keyshift.ID) error {
	n, err := tx.CountSelfReports(user, tx.Now().Add(-24*time.Hour))
	if err == nil && n >= keyshift.MaxDailyMistakes {
		return errManyMistakes
	}
	return err
}

// findAbout looks for the lease and the account that a report is about.
func findAbout(tx Tx, c Caller, m Mistake, report *keyshift.SelfReport) error {
	if m.LeaseID.Valid() {
		l, err := ownLease(tx, c, m.LeaseID)
		if err == nil {
			report.LeaseID, report.AccountID = l.ID, l.AccountID
			return nil
		}
		if !errors.Is(err, keyshift.ErrNotFound) {
			return err
		}
	}
	account, err := accountNamed(tx, report.About)
	switch keyshift.CodeOf(err) {
	case "":
		report.AccountID = account.ID
	case keyshift.CodeNotFound, keyshift.CodeFieldInvalid: // the user's own word for it
	default:
		return err
	}
	return nil
}

func (h *Hub) placeReport(id keyshift.ID) kek.Place {
	return kek.Place{HubID: string(h.row.ID), Table: "self_reports", Row: string(id), Column: "sealed"}
}

// ListSelfReports lists what users reported, the newest first.
func (h *Hub) ListSelfReports(ctx context.Context, call Call, page Page) ([]SelfReportView, error) {
	r := h.Store.Read(ctx)
	if _, err := h.Authorize(r, call); err != nil {
		return nil, err
	}
	list, err := r.SelfReports(keyshift.ID(page.After), page.limit())
	if err != nil {
		return nil, fmt.Errorf("read self-reports: %w", err)
	}
	for i := range list {
		text, err := h.Vault.Open(h.placeReport(list[i].ID), list[i].Sealed)
		if err != nil {
			return nil, integrity("A stored self-report does not open.", err)
		}
		list[i].Text = string(text)
	}
	return list, nil
}

// Acknowledge records that the calling device's user has read one version of a text. Saying it again changes nothing.
func (h *Hub) Acknowledge(ctx context.Context, call Call, text, version string) error {
	read := keyshift.Acknowledgement{TextID: text, Version: version}
	if err := read.Validate(); err != nil {
		return err
	}
	_, err := effect(ctx, h, call, Ordinary, func(tx Tx, c Caller) (struct{}, error) {
		read := read
		read.UserID, read.DeviceID, read.At = c.User.ID, c.Device.ID, tx.Now()
		fresh, err := tx.AddAcknowledgement(read)
		if err != nil || !fresh {
			return struct{}{}, err
		}
		event := c.event(keyshift.ActAcknowledged)
		event.Details = map[string]string{"text": text, "version": version}
		return struct{}{}, tx.Append(event)
	})
	return err
}

// takeReminderCounts keeps what a device counted, as far as it can be meant, and reports whether that is on the disk. A hub
// that cannot keep it answers the sync all the same, and hears it again.
func (h *Hub) takeReminderCounts(ctx context.Context, c Caller, counts []keyshift.ReminderCount) bool {
	today := keyshift.DateOf(h.Now().UTC())
	var plausible []keyshift.ReminderCount
	for _, count := range counts[:min(len(counts), keyshift.MaxReminderCounts)] {
		if count.Plausible(today) {
			plausible = append(plausible, count)
		}
	}
	if len(plausible) == 0 {
		return true
	}
	if h.limits.count(c.Device.ID) != nil {
		return false
	}
	err := h.Store.Write(ctx, Ordinary, func(tx Tx) error { return tx.SaveReminderCounts(c.Device.ID, plausible) })
	return err == nil
}
