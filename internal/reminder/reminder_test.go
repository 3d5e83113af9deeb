package reminder

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// desk is a user whose days are played through, step by step as Step asks for it.
type desk struct {
	t        *testing.T
	settings Settings
	state    State
	now      Situation
	wake     time.Time
	// log has what was shown: "15:04 text".
	log []string
}

// newDesk is a desk in Berlin on Monday at 9:00, without anything held.
func newDesk(t *testing.T) *desk {
	t.Helper()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, now: Situation{Now: time.Date(2026, time.March, 23, 9, 0, 0, 0, berlin)}}
	d.settings.Hours.Zone = berlin
	for day := time.Monday; day <= time.Friday; day++ {
		d.settings.Hours.Week[day] = []keyshift.Span{{From: 9 * time.Hour, Until: 17 * time.Hour}}
	}
	d.step()
	return d
}

func (d *desk) step() {
	var shown []Reminder
	d.state, shown, d.wake = Step(d.state, d.settings, d.now)
	for _, r := range shown {
		d.log = append(d.log, d.now.Now.In(d.settings.Hours.Zone).Format("15:04 ")+strings.TrimSuffix(r.Text+" "+r.Also, " "))
	}
}

// until lets time pass, with a step whenever the one before asked for it; leases end on their own.
func (d *desk) until(end time.Time) {
	for steps := 0; ; steps++ {
		if steps > 10_000 {
			d.t.Fatal("Step asks for steps without end")
		}
		if d.wake.IsZero() || d.wake.After(end) {
			d.now.Now = end
			d.expire()
			return
		}
		d.now.Now = d.wake
		d.expire()
	}
}

func (d *desk) wait(t time.Duration) { d.until(d.now.Now.Add(t)) }

func (d *desk) expire() {
	d.now.Leases = slices.DeleteFunc(slices.Clone(d.now.Leases), func(l Lease) bool { return !d.now.Now.Before(l.EndsAt) })
	d.step()
}

func (d *desk) checkOut(id string, network keyshift.Network, length time.Duration) {
	d.now.Leases = append(slices.Clone(d.now.Leases), Lease{ID: keyshift.ID(id), Network: network, Handle: "acme", EndsAt: d.now.Now.Add(length)})
	d.step()
}

func (d *desk) checkIn(id string) {
	d.now.Leases = slices.DeleteFunc(slices.Clone(d.now.Leases), func(l Lease) bool { return l.ID == keyshift.ID(id) })
	d.step()
}

func (d *desk) said(want ...string) {
	d.t.Helper()
	if !slices.Equal(d.log, want) {
		d.t.Errorf("said\n %q\nwant\n %q", d.log, want)
	}
	d.log = nil
}

func (d *desk) waiting(want ...string) {
	d.t.Helper()
	var got []string
	for _, r := range d.state.Waiting {
		got = append(got, fmt.Sprintf("%s for %s", r.Text, r.Held))
	}
	if !slices.Equal(got, want) {
		d.t.Errorf("waiting are %q, want %q", got, want)
	}
}

func TestAMorningWithOneLease(t *testing.T) {
	d := newDesk(t)
	d.checkOut("1", keyshift.X, 30*time.Minute)
	d.said("09:00 terms_x personal_1")
	d.wait(40 * time.Minute)
	d.said("09:20 ends_soon_early", "09:28 ends_soon_late", "09:30 ended_last")
	d.waiting()
}

func TestPersonalUseIsRemindedOfOnceADayAndByInterval(t *testing.T) {
	d := newDesk(t)
	d.settings.Cap = 100
	d.checkOut("1", keyshift.Instagram, 8*time.Hour)
	d.wait(3 * time.Hour)
	d.said("09:00 terms_instagram personal_1", "09:45 lesson_instagram_1", "10:30 personal_2", "11:15 lesson_instagram_2", "12:00 personal_3")
	d.checkIn("1")
	d.checkOut("2", keyshift.Instagram, time.Hour)
	d.wait(6 * time.Minute)
	d.said("12:00 ended_last", "12:05 terms_instagram")
}

func TestNothingHeldNothingSaidNothingToWakeFor(t *testing.T) {
	d := newDesk(t)
	d.wait(24 * time.Hour)
	d.said()
	if !d.wake.IsZero() {
		t.Errorf("asked to be woken at %v, want never", d.wake)
	}
}

func TestAWorkWeekKeepsTheCap(t *testing.T) {
	d := newDesk(t)
	var shown []time.Time
	for day := range 7 {
		d.until(time.Date(2026, time.March, 23+day, 9, 30, 0, 0, d.settings.Hours.Zone))
		for i := range 12 {
			d.checkOut(fmt.Sprintf("%d-%d", day, i), keyshift.Networks()[i%4], time.Duration(20+5*i)*time.Minute)
			before := len(d.log)
			d.wait(30 * time.Minute)
			for _, line := range d.log[before:] {
				at, err := time.ParseInLocation("15:04", line[:5], time.UTC)
				if err != nil {
					t.Fatal(err)
				}
				shown = append(shown, at.AddDate(0, 0, day))
			}
		}
	}
	for i := DefaultCap; i < len(shown); i++ {
		if shown[i].Sub(shown[i-DefaultCap]) < time.Hour {
			t.Fatalf("%d reminders between %v and %v, want at most %d an hour", DefaultCap+1, shown[i-DefaultCap], shown[i], DefaultCap)
		}
	}
	if len(shown) < 100 {
		t.Errorf("only %d reminders in a busy week", len(shown))
	}
}

func TestNoAdviceOutsideOfWorkHours(t *testing.T) {
	d := newDesk(t)
	d.until(time.Date(2026, time.March, 23, 18, 0, 0, 0, d.settings.Hours.Zone))
	d.checkOut("1", keyshift.X, time.Hour)
	d.wait(2 * time.Hour)
	d.said("18:50 ends_soon_early", "18:58 ends_soon_late", "19:00 ended_last")
	d.wait(24 * time.Hour)
	d.said()
}

func TestTwoTextsInARowDiffer(t *testing.T) {
	d := newDesk(t)
	d.settings.Cap = 100
	for i := range 20 {
		d.checkOut(fmt.Sprint(i), keyshift.X, 4*time.Minute)
		d.wait(7 * time.Minute)
	}
	for i := 1; i < len(d.log); i++ {
		if d.log[i][6:] == d.log[i-1][6:] {
			t.Errorf("%q comes right after %q", d.log[i], d.log[i-1])
		}
	}
}

func TestAwayHoldsEverythingAndLosesNothing(t *testing.T) {
	d := newDesk(t)
	d.now.Away = true
	d.checkOut("1", keyshift.X, time.Hour)
	d.wait(52 * time.Minute)
	d.said()
	d.waiting("ends_soon_early for user", "terms_x for user", "lesson_x_1 for user")
	d.now.Away = false
	d.step()
	d.said("09:52 ends_soon_early", "09:52 terms_x personal_1")
}

func TestWhatWaitsDoesNotPileUpWhileNobodyIsThere(t *testing.T) {
	d := newDesk(t)
	d.now.Away = true
	d.now.Rules = map[string]string{"x": "1"}
	for i := range 50 {
		d.now.Rules["x"] = fmt.Sprint(i)
		d.checkOut(fmt.Sprint(i), keyshift.Networks()[i%2], time.Hour)
		d.checkIn(fmt.Sprint(i))
	}
	d.waiting("ended_last for user", "changed_x for user")
	ended := d.state.Waiting[0].Leases
	if len(ended) != 2 || ended[0].ID != "48" || ended[1].ID != "49" {
		t.Errorf("the ends that wait are of %v, want the last of each account", ended)
	}
	d.now.Away = false
	d.wait(time.Hour)
	d.said("10:00 ended_last", "10:00 changed_x")
}

func TestAWarningOfALeaseThatIsOverIsDropped(t *testing.T) {
	d := newDesk(t)
	d.now.Away = true
	d.checkOut("1", keyshift.X, 15*time.Minute)
	d.wait(30 * time.Minute)
	d.waiting("ended_last for user")
}

func TestAPauseHoldsAdviceAndNotNotices(t *testing.T) {
	d := newDesk(t)
	d.state = d.state.PauseFor(time.Hour, d.now.Now)
	d.checkOut("1", keyshift.X, 30*time.Minute)
	d.wait(35 * time.Minute)
	d.said("09:20 ends_soon_early", "09:28 ends_soon_late", "09:30 ended_last")
	d.checkOut("2", keyshift.Pinterest, 8*time.Hour)
	d.wait(30 * time.Minute)
	if len(d.log) == 0 || d.log[0][:5] != "10:00" {
		t.Errorf("said %q, want the first advice when the pause is over at 10:00", d.log)
	}
}

func TestThePauseForTodayEndsAtMidnightWhereTheWorkIs(t *testing.T) {
	d := newDesk(t)
	tokyo := time.FixedZone("Tokyo", 9*3600)
	d.state = d.state.PauseForToday(d.settings.Hours, d.now.Now.In(tokyo))
	if want := time.Date(2026, time.March, 24, 0, 0, 0, 0, d.settings.Hours.Zone); !d.state.Pause.Equal(want) {
		t.Errorf("paused until %v, want %v", d.state.Pause, want)
	}
}

func TestLeasesThatEndTogetherShareTheirWarnings(t *testing.T) {
	d := newDesk(t)
	d.settings.Cap = 6
	d.checkOut("1", keyshift.X, 30*time.Minute)
	d.checkOut("2", keyshift.Facebook, 30*time.Minute)
	d.wait(35 * time.Minute)
	d.said("09:00 terms_x personal_1", "09:05 terms_facebook", "09:20 ends_soon_early", "09:28 ends_soon_late", "09:30 ended_last")
}

func TestARenewedLeaseIsWarnedOfAgain(t *testing.T) {
	d := newDesk(t)
	d.settings.Cap = 100
	d.checkOut("1", keyshift.X, 12*time.Minute)
	d.wait(3 * time.Minute)
	d.now.Leases = []Lease{{ID: "1", Network: keyshift.X, Handle: "acme", EndsAt: d.now.Now.Add(20 * time.Minute)}}
	d.step()
	d.log = nil
	d.wait(12 * time.Minute)
	d.said("09:13 ends_soon_early")
}

func TestASuspendedLaptopWarnsOnlyOfWhatIsLeft(t *testing.T) {
	d := newDesk(t)
	d.checkOut("1", keyshift.X, time.Hour)
	d.log = nil
	d.now.Now = d.now.Now.Add(59 * time.Minute)
	d.expire()
	if !slices.Contains(d.log, "09:59 ends_soon_late") || slices.Contains(d.log, "09:59 ends_soon_early") {
		t.Errorf("said %q after the suspend, want the late warning and not the early one", d.log)
	}
}

func TestAClockSetBackStopsNothing(t *testing.T) {
	d := newDesk(t)
	d.checkOut("1", keyshift.X, 8*time.Hour)
	d.wait(50 * time.Minute)
	d.now.Now = d.now.Now.Add(-5 * time.Hour)
	d.settings.Hours = keyshift.WorkHours{Zone: d.settings.Hours.Zone}
	d.log = nil
	d.step()
	d.wait(2 * time.Hour)
	if len(d.log) < 2 {
		t.Errorf("said only %q in the two hours after the clock was set back", d.log)
	}
}

func TestWhatChangesOnFridayEveningIsToldOnMondayInSummerTime(t *testing.T) {
	d := newDesk(t)
	d.now.Rules = map[string]string{"x": "2025-11-01"}
	d.until(time.Date(2026, time.March, 27, 18, 0, 0, 0, d.settings.Hours.Zone))
	d.now.Rules = map[string]string{"x": "2026-03-27"}
	d.step()
	d.waiting("changed_x for work_hours")
	d.until(time.Date(2026, time.March, 30, 8, 59, 0, 0, d.settings.Hours.Zone))
	d.said()
	d.wait(time.Minute)
	d.said("09:00 changed_x")
}

func TestChangedRulesAreToldOnce(t *testing.T) {
	d := newDesk(t)
	d.now.Rules = map[string]string{"x": "2025-11-01", "social": "3"}
	d.step()
	d.said()
	d.now.Rules = map[string]string{"x": "2026-03-20", "social": "3"}
	d.step()
	d.wait(time.Hour)
	d.said("09:00 changed_x")
}

func TestDismissedIsGone(t *testing.T) {
	d := newDesk(t)
	d.now.Away = true
	d.checkOut("1", keyshift.X, time.Hour)
	d.state = d.state.Dismiss(d.state.Waiting[0].ID).Dismiss("of no reminder")
	d.waiting()
}

func TestEveryTextThatRotatesDiffers(t *testing.T) {
	for _, n := range keyshift.Networks() {
		for _, kind := range []Kind{Personal, Lesson} {
			if list := Texts(kind, n); len(list) < 2 || list[0] == list[1] {
				t.Errorf("%s on %s rotates through %q, want at least two texts", kind, n, list)
			}
		}
	}
}
