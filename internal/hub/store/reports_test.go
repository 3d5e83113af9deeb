package store

import (
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

func TestSelfReportsAreListedAndSealedAnew(t *testing.T) {
	onEach(t, func(_ *testing.T, s *scene) {
		dana := s.user()
		desk := s.device(dana)
		account := s.account()
		var ids []keyshift.ID
		for i := range 3 {
			s.do(func(tx hub.Tx) error {
				r := keyshift.SelfReport{ID: tx.NewID(), UserID: dana.ID, DeviceID: desk.ID, About: "x/acme", NoticedAt: tx.Now().Add(-time.Minute), ReportedAt: tx.Now()}
				if i == 2 {
					r.AccountID = account.ID
				}
				ids = append(ids[:i], r.ID)
				return tx.AddSelfReport(r, []byte{byte(i)})
			})
		}
		page, err := s.reader().SelfReports("", 2)
		if err != nil || len(page) != 2 || page[0].ID != ids[2] || page[1].ID != ids[1] {
			s.Fatalf("first page %+v, %v", page, err)
		}
		same(s, "account", page[0].Handle, account.Handle)
		same(s, "no account", page[1].Handle, "")
		same(s, "user", page[0].UserName, dana.Name)
		same(s, "device", page[0].DeviceName, desk.Name)
		same(s, "noticed", page[0].NoticedAt, page[0].ReportedAt.Add(-time.Minute))
		page, err = s.reader().SelfReports(page[1].ID, 2)
		if err != nil || len(page) != 1 || page[0].ID != ids[0] {
			s.Fatalf("second page %+v, %v", page, err)
		}
		s.do(func(tx hub.Tx) error { return tx.ReplaceReport(hub.SealedReport{ID: ids[1], Sealed: []byte{9}}) })
		sealed, err := s.reader().SealedReportsAfter(ids[0], 10)
		if err != nil {
			s.Fatal(err)
		}
		same(s, "sealed", sealed, []hub.SealedReport{{ID: ids[1], Sealed: []byte{9}}, {ID: ids[2], Sealed: []byte{2}}})
	})
}

func TestSelfReportsAreCountedAndForgotten(t *testing.T) {
	onEach(t, func(_ *testing.T, s *scene) {
		dana, lee := s.user(), s.user()
		desk := s.device(dana)
		start := s.clock.now()
		for _, user := range []keyshift.ID{dana.ID, dana.ID, lee.ID} {
			s.do(func(tx hub.Tx) error {
				return tx.AddSelfReport(keyshift.SelfReport{ID: tx.NewID(), UserID: user, DeviceID: desk.ID, NoticedAt: tx.Now(), ReportedAt: tx.Now()}, []byte{1})
			})
			s.clock.advance(time.Hour)
		}
		count := func(since time.Time) int {
			n, err := s.reader().CountSelfReports(dana.ID, since)
			if err != nil {
				s.Fatal(err)
			}
			return n
		}
		same(s, "all", count(start), 2)
		same(s, "of the last hours", count(start.Add(30*time.Minute)), 1)
		s.clock.advance(keyshift.MistakesKept - 2*time.Hour - time.Minute)
		s.do(func(tx hub.Tx) error { return tx.Prune(time.Time{}) })
		same(s, "once the first is old", count(start), 1)
		page, err := s.reader().SelfReports("", 10)
		if err != nil || len(page) != 2 {
			s.Fatalf("%d are left, %v, want two", len(page), err)
		}
	})
}

func TestTheLargerReminderCountStays(t *testing.T) {
	onEach(t, func(_ *testing.T, s *scene) {
		dana := s.user()
		desk, laptop := s.device(dana), s.device(dana)
		day := keyshift.Date{Year: 2026, Month: time.November, Day: 22}
		save := func(device keyshift.ID, shown, answered int64) {
			s.do(func(tx hub.Tx) error {
				return tx.SaveReminderCounts(device, []keyshift.ReminderCount{{Day: day, Kind: "terms", Shown: shown, Answered: answered}})
			})
		}
		save(desk.ID, 3, 1)
		save(desk.ID, 2, 2)
		save(laptop.ID, 4, 0)
		got, err := s.reader().ReminderCounts(day)
		if err != nil {
			s.Fatal(err)
		}
		same(s, "counts", got, []keyshift.ReminderCount{{Day: day, Kind: "terms", Shown: 7, Answered: 2}})
		got, _ = s.reader().ReminderCounts(day.Add(1))
		same(s, "later", len(got), 0)
		s.clock.advance((countsKept + 2) * 24 * time.Hour)
		s.do(func(tx hub.Tx) error { return tx.Prune(time.Time{}) })
		got, _ = s.reader().ReminderCounts(day)
		same(s, "after a season", len(got), 0)
	})
}

func TestAnAcknowledgementIsKeptOnce(t *testing.T) {
	onEach(t, func(_ *testing.T, s *scene) {
		dana := s.user()
		desk := s.device(dana)
		var fresh []bool
		for _, version := range []string{"1", "1", "2"} {
			var first bool
			s.do(func(tx hub.Tx) (err error) {
				first, err = tx.AddAcknowledgement(keyshift.Acknowledgement{UserID: dana.ID, DeviceID: desk.ID, TextID: "terms_x", Version: version, At: tx.Now()})
				return err
			})
			fresh = append(fresh, first)
		}
		same(s, "fresh", fresh, []bool{true, false, true})
	})
}
