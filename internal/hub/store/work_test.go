package store

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// officeHours are Monday, 9:00 to 17:00, in UTC.
func officeHours() keyshift.WorkHours {
	w := keyshift.WorkHours{Zone: time.UTC, DaysOff: []keyshift.Date{{Year: 2026, Month: time.December, Day: 25}}}
	w.Week[time.Monday] = []keyshift.Span{{From: 9 * time.Hour, Until: 17 * time.Hour}}
	return w
}

func TestOwnHoursComeBeforeThoseOfTheOldestGroup(t *testing.T) {
	onEach(t, func(_ *testing.T, s *scene) {
		dana := s.user()
		var groups [2]keyshift.Group
		s.do(func(tx hub.Tx) error {
			for i, name := range []string{"zebra", "ant"} {
				groups[i] = keyshift.Group{ID: tx.NewID(), Name: name}
				if err := tx.AddGroup(groups[i]); err != nil {
					return err
				}
				if _, err := tx.AddMember(groups[i].ID, dana.ID); err != nil {
					return err
				}
			}
			return nil
		})
		expect := func(want hub.Hours) {
			s.Helper()
			got, err := s.reader().WorkHoursFor(dana.ID)
			if err != nil {
				s.Fatal(err)
			}
			same(s, "hours", got.Subject, want.Subject)
			same(s, "set", got.Set(), want.Subject != "")
			if !got.LiftedUntil.Equal(want.LiftedUntil) {
				s.Errorf("lifted until %v, want %v", got.LiftedUntil, want.LiftedUntil)
			}
		}
		expect(hub.Hours{})
		s.do(func(tx hub.Tx) error { return tx.SaveWorkHours(groups[1].ID, officeHours()) })
		expect(hub.Hours{Subject: groups[1].ID})
		s.do(func(tx hub.Tx) error { return tx.SaveWorkHours(groups[0].ID, officeHours()) })
		expect(hub.Hours{Subject: groups[0].ID})
		s.do(func(tx hub.Tx) error { return tx.SaveWorkHours(dana.ID, officeHours()) })
		until := s.clock.now().Add(time.Hour).Truncate(time.Microsecond)
		s.do(func(tx hub.Tx) error { return tx.LiftWorkHours(dana.ID, until) })
		expect(hub.Hours{Subject: dana.ID, LiftedUntil: until})
		s.do(func(tx hub.Tx) error { return tx.SaveWorkHours(dana.ID, keyshift.WorkHours{}) })
		expect(hub.Hours{Subject: groups[0].ID, LiftedUntil: until})
	})
}

func TestHoursAndRemindersComeBackAsTheyWere(t *testing.T) {
	onEach(t, func(_ *testing.T, s *scene) {
		dana := s.user()
		want := keyshift.Reminders{PerHour: 3, Every: 90 * time.Minute, MayPauseToday: true}
		s.do(func(tx hub.Tx) error { return tx.SaveWorkHours(dana.ID, officeHours()) })
		s.do(func(tx hub.Tx) error { return tx.SaveReminders(want) })
		hours, err := s.reader().WorkHours(dana.ID)
		if err != nil {
			s.Fatal(err)
		}
		if diff := cmp.Diff(officeHours().Week, hours.Week); diff != "" || hours.Zone.String() != "UTC" || len(hours.DaysOff) != 1 {
			s.Errorf("hours are %+v (-want +got):\n%s", hours, diff)
		}
		got, err := s.reader().Reminders()
		if err != nil {
			s.Fatal(err)
		}
		same(s, "reminders", got, want)
	})
}
