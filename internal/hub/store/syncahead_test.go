package store

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// syncAnswers is all that a sync asks a reader.
type syncAnswers struct {
	Device     keyshift.Device
	User       keyshift.User
	Checkpoint hub.Checkpoint
	Leases     []hub.LeaseView
	Removals   []hub.LeaseView
	Hours      hub.Hours
	Reminders  keyshift.Reminders
	Browser    hub.BrowserNews
}

func (s *scene) askForSync(r hub.Reader, d keyshift.Device) (a syncAnswers) {
	s.Helper()
	var errs [7]error
	a.Device, a.User, errs[0] = r.DeviceAndUser(d.ID)
	a.Checkpoint, errs[1] = r.LatestCheckpoint()
	a.Leases, errs[2] = r.LiveLeases(d.ID)
	a.Removals, errs[3] = r.RemovalsToDo(d.ID, 10)
	a.Hours, errs[4] = r.WorkHoursFor(d.UserID)
	a.Reminders, errs[5] = r.Reminders()
	a.Browser, errs[6] = r.BrowserNews(d.UserID, d.ID, s.clock.now())
	for _, err := range errs {
		if err != nil {
			s.Fatal(err)
		}
	}
	return a
}

func TestWhatASyncReadsAtOnceIsWhatItWouldReadOneByOne(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		u := s.user()
		d, other := s.device(u), s.device(s.user())
		var group keyshift.Group
		for _, step := range []struct {
			name string
			do   func()
			most int64
		}{
			{"nothing", func() {}, 1},
			{"something of another device", func() { s.lend(s.account(), other) }, 1},
			{"reminders", func() {
				s.do(func(tx hub.Tx) error {
					return tx.SaveReminders(keyshift.Reminders{PerHour: 3, Every: time.Hour, MayPauseToday: true})
				})
			}, 1},
			{"a checkpoint", func() {
				s.do(func(tx hub.Tx) error { return tx.AddCheckpoint(hub.Checkpoint{Size: 3, Note: "three", At: tx.Now()}) })
				s.do(func(tx hub.Tx) error { return tx.AddCheckpoint(hub.Checkpoint{Size: 12, Note: "twelve", At: tx.Now()}) })
			}, 1},
			{"hours of a group", func() {
				s.do(func(tx hub.Tx) error {
					group = keyshift.Group{ID: tx.NewID(), Name: s.name("group"), CreatedAt: tx.Now()}
					if err := tx.AddGroup(group); err != nil {
						return err
					}
					if _, err := tx.AddMember(group.ID, u.ID); err != nil {
						return err
					}
					return tx.SaveWorkHours(group.ID, officeHours())
				})
			}, 2},
			{"a lease", func() { s.activate(s.lend(s.account(), d)) }, 4},
			{"a removal to do", func() { s.revoke(hub.Target{Kind: hub.TargetAll}) }, 4},
			{"a removal that only waits for its session", func() {
				removals, err := s.reader().RemovalsToDo(d.ID, 10)
				if err != nil || len(removals) != 1 {
					t.Fatalf("%d removals, %v", len(removals), err)
				}
				l := removals[0].Lease
				l.Removal.Step, l.Removal.SessionUnconfirmed = keyshift.RemovalSecretWiped, true
				s.do(func(tx hub.Tx) error { return tx.SaveRemoval(l) })
			}, 2},
		} {
			step.do()
			want := s.askForSync(s.reader(), d)
			before := s.Stats().Statements
			r, err := s.reader().ForSync(d.ID, s.clock.now())
			if err != nil {
				t.Fatal(err)
			}
			got := s.askForSync(r, d)
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("%s: (- one by one, + at once)\n%s", step.name, diff)
			}
			if asked := s.Stats().Statements - before; asked != step.most {
				t.Errorf("%s: %d questions, want %d", step.name, asked, step.most)
			}
		}
		r, err := s.reader().ForSync(d.ID, s.clock.now())
		if err != nil {
			t.Fatal(err)
		}
		if got, _, err := r.DeviceAndUser(other.ID); err != nil || got.ID != other.ID {
			t.Errorf("another device: %v, %v", got.ID, err)
		}
	})
}

func TestTheSyncOfADeviceThatIsNotThere(t *testing.T) {
	onEach(t, func(t *testing.T, s *scene) {
		r, err := s.reader().ForSync("nobody", s.clock.now())
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = r.DeviceAndUser("nobody")
		wantCode(t, err, keyshift.CodeNotFound)
	})
}
