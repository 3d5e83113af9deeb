package agent

import (
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/presence"
	"github.com/keyshift-hq/keyshift/internal/reminder"
)

func textsOf(list []*v1.LocalReminder) []string {
	var texts []string
	for _, r := range list {
		texts = append(texts, r.GetText())
	}
	return texts
}

func (w *world) reminded(a *Agent, want ...string) {
	w.t.Helper()
	if got := textsOf(a.Reminders().GetShown()); !slices.Equal(got, want) {
		w.t.Errorf("the user was reminded of %q, want %q", got, want)
	}
}

func TestALeaseIsAccompaniedByItsReminders(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, stop := w.enrolled()
		w.reminded(a)
		w.checkedOut(a)
		w.settle(time.Second)
		w.reminded(a, "terms_x")
		if also := a.Reminders().GetShown()[0].GetAlso(); also != "personal_1" {
			t.Errorf("the first check-out of the day says %q too, want a word on personal use", also)
		}
		w.settle(59 * time.Minute)
		stop()
		a, _ = w.boot() // what was said is not said again
		w.settle(10 * time.Minute)
		got := textsOf(a.Reminders().GetShown())
		if want := []string{"terms_x", "ends_soon_early", "ends_soon_late", "ended_last"}; !slices.Equal(slices.DeleteFunc(got, func(s string) bool { return s == "lesson_x_1" }), want) {
			t.Errorf("the user was reminded of %q, want %q besides a lesson", got, want)
		}
		w.wantNothingLeft()
	})
}

func TestTheHubSaysWhenPeopleWork(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		tomorrow := int32((time.Now().UTC().Weekday() + 1) % 7) //nolint:gosec // 0 to 6
		w.hub.with(func() {
			w.hub.hours = &v1.WorkHours{Zone: "UTC", Spans: []*v1.WorkSpan{{Weekday: tomorrow, From: durationpb.New(9 * time.Hour), Until: durationpb.New(17 * time.Hour)}}}
		})
		if err := a.SyncNow(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.checkedOut(a)
		w.settle(time.Second)
		w.reminded(a)
		waiting := a.Reminders().GetWaiting()
		if len(waiting) != 1 || waiting[0].GetText() != "terms_x" || waiting[0].GetHeld() != "work_hours" {
			t.Fatalf("waiting are %v, want the terms, for the work hours", waiting)
		}
		if err := a.DismissReminder(waiting[0].GetId()); err != nil || len(a.Reminders().GetWaiting()) != 0 {
			t.Errorf("after dismissing it %v waits, %v", a.Reminders().GetWaiting(), err)
		}
	})
}

func TestRemindersArePaused(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		if err := a.PauseReminders(0, true); keyshift.CodeOf(err) != keyshift.CodeForbidden {
			t.Errorf("pause for today: %v, want forbidden where the company does not allow it", err)
		}
		if err := a.PauseReminders(5*time.Hour, false); keyshift.CodeOf(err) != keyshift.CodeDurationInvalid {
			t.Errorf("pause for 5 hours: %v, want duration_invalid", err)
		}
		if err := a.PauseReminders(time.Hour, false); err != nil || a.Reminders().GetPausedUntil() == nil {
			t.Errorf("pause for an hour: %v, paused until %v", err, a.Reminders().GetPausedUntil())
		}
		w.checkedOut(a)
		w.settle(time.Second)
		w.reminded(a)
		if err := a.PauseReminders(0, false); err != nil || a.Reminders().GetPausedUntil() != nil {
			t.Errorf("resume: %v, paused until %v", err, a.Reminders().GetPausedUntil())
		}
		w.settle(time.Second)
		w.reminded(a, "terms_x")
	})
}

// A look at the screen takes time, in which the user may have clicked.
func TestAPauseDuringALookCounts(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		var once sync.Once
		w.desk.becomes(func() presence.State {
			once.Do(func() {
				if err := a.PauseReminders(time.Hour, false); err != nil {
					t.Error(err)
				}
			})
			return presence.State{}
		})
		w.checkedOut(a)
		w.settle(5 * time.Second)
		w.reminded(a)
		if a.Reminders().GetPausedUntil() == nil || len(a.Reminders().GetWaiting()) != 1 {
			t.Errorf("paused until %v, waiting %v: the pause is lost", a.Reminders().GetPausedUntil(), a.Reminders().GetWaiting())
		}
	})
}

// Nor does anything of a hub that was left meanwhile come back.
func TestALookThatIsUnderWayDoesNotOutliveTheHub(t *testing.T) {
	files := newMemoryFiles()
	r, err := openReminders(files)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	looked := false
	_, _, err = r.step(reminder.Situation{
		Now: now, Leases: []reminder.Lease{{ID: "1", Network: keyshift.X, Handle: "acme", EndsAt: now.Add(time.Hour)}}, Rules: map[string]string{},
	}, func() bool {
		looked = true
		if err := r.forget(); err != nil {
			t.Error(err)
		}
		return false
	})
	if names, _ := files.Names(); err != nil || !looked || len(names) != 0 {
		t.Errorf("looked %v, %v, the folder has %q, want nothing", looked, err, names)
	}
}

// TestAReminderNamesItsLeases, so that an answer to it is for all of them, and what it says tells an account from another network's of the same handle.
func TestAReminderNamesItsLeases(t *testing.T) {
	m := reminderMessage(reminder.Reminder{Kind: reminder.EndsSoon, Leases: []reminder.Lease{
		{ID: "1", Network: keyshift.X, Handle: "acme"}, {ID: "2", Network: keyshift.Facebook, Handle: "acme"}, {ID: "3", Network: keyshift.Site, Handle: "shop@forum.example.com"},
	}})
	if want := []string{"@acme (X)", "@acme (Facebook)", "@shop (forum.example.com)"}; !slices.Equal(m.GetAccounts(), want) || !slices.Equal(m.GetLeaseIds(), []string{"1", "2", "3"}) {
		t.Errorf("it is about %q, leases %q, want %q", m.GetAccounts(), m.GetLeaseIds(), want)
	}
}
