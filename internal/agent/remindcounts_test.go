package agent

import (
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/reminder"
)

func TestTheHubHearsHowOftenAndNothingElse(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, stop := w.enrolled()
		w.hub.told.with(func() { w.hub.told.untaken = true })
		w.checkedOut(a)
		w.settle(time.Minute)
		if len(a.reminders.untold()) != 1 {
			t.Fatalf("untold are %v, want the terms", a.reminders.untold())
		}
		stop()
		a, _ = w.boot() // the count waits for a hub that keeps it
		w.hub.told.with(func() { w.hub.told.untaken = false })
		w.settle(time.Minute)
		want := func(shown, answered int64) {
			t.Helper()
			w.hub.told.with(func() {
				if got := w.hub.told.counts; got["terms shown"] != shown || got["terms answered"] != answered {
					t.Errorf("the hub counts %v, want %d shown and %d answered", got, shown, answered)
				}
			})
			if left := a.reminders.untold(); len(left) != 0 {
				t.Errorf("untold are %v", left)
			}
		}
		want(1, 0)
		id := a.Reminders().GetShown()[0].GetId()
		for range 2 { // the second time there is nothing to answer
			if err := a.DismissReminder(id); err != nil {
				t.Fatal(err)
			}
		}
		w.settle(time.Minute)
		want(1, 1)
	})
}

func TestCountsOfLongAgoAreForgotten(t *testing.T) {
	today := keyshift.Date{Year: 2026, Month: time.November, Day: 22}
	k := remindersKeptState{}
	for day := -30; day <= 0; day++ {
		k.count(today.Add(day), reminder.Terms).Shown++
	}
	if len(k.Days) != keyshift.ReminderCountDays+1 || k.Days[0].Day != today.Add(-keyshift.ReminderCountDays) {
		t.Errorf("%d days from %v on, want %d", len(k.Days), k.Days[0].Day, keyshift.ReminderCountDays+1)
	}
}

// The hub takes every kind of reminder that there is.
func TestEveryKindIsPlausible(t *testing.T) {
	today := keyshift.Date{Year: 2026, Month: time.November, Day: 22}
	for _, kind := range reminder.Kinds() {
		if !(keyshift.ReminderCount{Day: today, Kind: string(kind), Shown: 1}).Plausible(today) {
			t.Errorf("%s is not counted", kind)
		}
	}
}
