package hub_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/kek"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

func (w *world) reports() []hub.SelfReportView {
	w.t.Helper()
	list, err := w.hub.ListSelfReports(w.t.Context(), w.byOwner(), hub.Page{})
	w.must(err)
	return list
}

func TestAMistakeIsReportedOnce(t *testing.T) {
	w := newWorld(t)
	w.addUser("dana")
	device, account := w.device("dana"), w.account("acme", "dana")
	lease := w.mustCheckOut(device, account)
	noticed := w.clock.Now().Add(-time.Minute)
	call := w.by(device)
	mistake := hub.Mistake{Text: "I posted from the wrong account.\r\nIt is deleted.", About: "@acme", LeaseID: lease.ID, NoticedAt: noticed}
	w.must(w.hub.ReportMistake(t.Context(), call, mistake))
	w.seq++
	call.Seq = w.seq
	w.must(w.hub.ReportMistake(t.Context(), call, mistake)) // its answer was lost
	got := w.reports()
	if len(got) != 1 {
		t.Fatalf("%d reports, want one", len(got))
	}
	r := got[0]
	if r.Text != "I posted from the wrong account.\nIt is deleted." || r.UserName != "dana" || r.AccountID != account || r.LeaseID != lease.ID || r.Handle != "acme" ||
		r.Network != keyshift.X || r.About != "@acme" || !r.NoticedAt.Equal(noticed) || r.DeviceName != "desk" {
		t.Errorf("the report is %+v", r)
	}
	if n := w.actions()[keyshift.ActSelfReported]; n != 1 {
		t.Errorf("%d audit events, want one", n)
	}
	for _, e := range w.eventsOf(keyshift.ActSelfReported) {
		if len(e.Personal) > 0 || strings.Contains(string(e.Leaf()), "wrong account") || e.LeaseID != lease.ID || e.AccountID != account {
			t.Errorf("the audit event is %+v: it names the lease and not the text", e)
		}
	}
}

func (w *world) eventsOf(action keyshift.AuditAction) (found []hub.LoggedEvent) {
	w.t.Helper()
	events, err := w.hub.Store.Read(w.t.Context()).Events(hub.EventFilter{Limit: 500})
	w.must(err)
	for _, e := range events {
		if e.Action == action {
			found = append(found, e)
		}
	}
	return found
}

func TestAReportIsKeptWhateverItIsAbout(t *testing.T) {
	w := newWorld(t)
	w.addUser("dana")
	w.addUser("lee")
	dana, lee := w.device("dana"), w.device("lee")
	account := w.account("acme", "dana", "lee")
	foreign := w.mustCheckOut(lee, account)
	for _, m := range []hub.Mistake{
		{Text: "one", About: "x/acme"}, {Text: "two", About: "something else"}, {Text: "three", LeaseID: foreign.ID}, {Text: "four", About: "nonsense/acme", LeaseID: "no id"},
	} {
		w.must(w.hub.ReportMistake(t.Context(), w.by(dana), m))
	}
	got := w.reports()
	if len(got) != 4 || got[3].AccountID != account || got[2].AccountID != "" || got[1].LeaseID != "" || got[0].About != "nonsense/acme" {
		t.Errorf("reports are %+v, want four, the first about the account", got)
	}
}

func TestAReportThatSaysNothingIsRefused(t *testing.T) {
	w := newWorld(t)
	w.addUser("dana")
	device := w.device("dana")
	for _, text := range []string{"", " \n ", strings.Repeat("x", keyshift.MaxMistake+1), "beep\a", "\u202eturned"} {
		if err := w.hub.ReportMistake(t.Context(), w.by(device), hub.Mistake{Text: text}); keyshift.CodeOf(err) != keyshift.CodeFieldInvalid {
			t.Errorf("%.20q: %v, want field_invalid", text, err)
		}
	}
	for range 30 {
		if err := w.hub.ReportMistake(t.Context(), w.by(device), hub.Mistake{Text: "again"}); err != nil {
			if keyshift.CodeOf(err) != keyshift.CodeRateLimited {
				t.Errorf("%v, want rate_limited", err)
			}
			return
		}
	}
	t.Error("a device can report without end")
}

// TestAUserHasADailyBound: on all devices together, and a day later there is room again. Others have their own.
func TestAUserHasADailyBound(t *testing.T) {
	w := newWorld(t)
	w.addUser("dana")
	w.addUser("lee")
	desk, laptop, lee := w.device("dana"), w.device("dana"), w.device("lee")
	report := func(device keyshift.ID) error {
		w.clock.Advance(10 * time.Second)
		return w.hub.ReportMistake(t.Context(), w.by(device), hub.Mistake{Text: "again"})
	}
	for i := range keyshift.MaxDailyMistakes {
		w.must(report([]keyshift.ID{desk, laptop}[i%2]))
	}
	for _, device := range []keyshift.ID{desk, laptop} {
		if err := report(device); keyshift.CodeOf(err) != keyshift.CodeRateLimited || !strings.Contains(err.Error(), "50 reports") {
			t.Errorf("one more: %v, want rate_limited with the number", err)
		}
	}
	w.must(report(lee))
	w.clock.Advance(24 * time.Hour)
	w.must(report(desk))
	if n := len(w.reports()); n != keyshift.MaxDailyMistakes+2 {
		t.Errorf("%d reports are kept", n)
	}
}

// I7: what people quote in a report is nowhere in the files, also after the key was changed.
func TestTheTextOfAReportIsSealed(t *testing.T) {
	w := newWorld(t)
	w.addUser("dana")
	w.must(w.hub.ReportMistake(t.Context(), w.by(w.device("dana")), hub.Mistake{Text: "I posted the password " + canary}))
	if _, err := kek.Rotate(w.kek); err != nil {
		t.Fatal(err)
	}
	if _, err := w.hub.Rewrap(t.Context()); err != nil {
		t.Fatal(err)
	}
	if only, err := w.hub.OnlyPrimary(t.Context()); err != nil || !only {
		t.Errorf("only the primary version is %v, %v", only, err)
	}
	if got := w.reports(); len(got) != 1 || !strings.HasSuffix(got[0].Text, canary) {
		t.Errorf("reports are %+v", got)
	}
	files, err := filepath.Glob(filepath.Join(filepath.Dir(filepath.Dir(w.kek)), "data", "*"))
	w.must(err)
	for _, file := range files {
		raw, err := os.ReadFile(file)
		w.must(err)
		if bytes.Contains(raw, []byte(canary)) {
			t.Errorf("%s holds the text", file)
		}
	}
	if len(files) == 0 {
		t.Error("there are no files")
	}
}

func TestAnAcknowledgementCountsOnce(t *testing.T) {
	w := newWorld(t)
	w.addUser("dana")
	first, second := w.device("dana"), w.device("dana")
	for _, device := range []keyshift.ID{first, first, second} {
		w.must(w.hub.Acknowledge(t.Context(), w.by(device), "terms_x", "2026-08-22"))
	}
	if n := w.actions()[keyshift.ActAcknowledged]; n != 1 {
		t.Errorf("%d audit events, want one", n)
	}
	w.must(w.hub.Acknowledge(t.Context(), w.by(second), "terms_x", "2026-11-01"))
	events := w.eventsOf(keyshift.ActAcknowledged)
	if len(events) != 2 || events[0].Details["version"] != "2026-11-01" || events[0].Details["text"] != "terms_x" {
		t.Errorf("events are %+v, want one for each version", events)
	}
	for _, tt := range [][2]string{{"", "1"}, {"terms_x", ""}, {"Terms", "1"}, {"terms_x", "a b"}} {
		if err := w.hub.Acknowledge(t.Context(), w.by(first), tt[0], tt[1]); keyshift.CodeOf(err) != keyshift.CodeFieldInvalid {
			t.Errorf("%q: %v, want field_invalid", tt, err)
		}
	}
}

func TestReminderCountsMayComeTwiceAndLate(t *testing.T) {
	w := newWorld(t)
	w.addUser("dana")
	w.addUser("lee")
	dana, lee := w.device("dana"), w.device("lee")
	today := keyshift.DateOf(w.clock.Now())
	tell := func(device keyshift.ID, counts ...keyshift.ReminderCount) {
		t.Helper()
		news, err := w.hub.Sync(t.Context(), w.by(device), hub.SyncRequest{ReminderCounts: counts})
		w.must(err)
		if !news.CountsTaken {
			t.Error("the counts are not taken")
		}
	}
	older := keyshift.ReminderCount{Day: today, Kind: "terms", Shown: 1}
	newer := keyshift.ReminderCount{Day: today, Kind: "terms", Shown: 3, Answered: 2}
	tell(dana, older)
	tell(dana, newer, keyshift.ReminderCount{Day: today.Add(-1), Kind: "lesson", Shown: 4})
	tell(dana, newer)
	tell(dana, older) // overtaken on the way
	tell(lee, keyshift.ReminderCount{Day: today, Kind: "terms", Shown: 2, Answered: 1})
	tell(lee, // what nobody can have counted
		keyshift.ReminderCount{Day: today.Add(5), Kind: "terms", Shown: 1}, keyshift.ReminderCount{Day: today.Add(-100), Kind: "terms", Shown: 1},
		keyshift.ReminderCount{Day: today, Kind: "Ω", Shown: 1}, keyshift.ReminderCount{Day: today, Kind: "made_up", Shown: 1}, keyshift.ReminderCount{Day: today, Kind: "ended", Shown: 1 << 40},
	)
	view, err := w.hub.GetReminders(t.Context(), w.byOwner())
	w.must(err)
	want := []keyshift.ReminderCount{{Day: today, Kind: "terms", Shown: 5, Answered: 3}, {Day: today.Add(-1), Kind: "lesson", Shown: 4}}
	if len(view.Counts) != 2 || view.Counts[0] != want[0] || view.Counts[1] != want[1] {
		t.Errorf("counts are %v, want %v", view.Counts, want)
	}
}

func TestADeviceThatCountsWithoutEndIsNotHeard(t *testing.T) {
	w := newWorld(t)
	w.addUser("dana")
	device, today := w.device("dana"), keyshift.DateOf(w.clock.Now())
	for n := int64(1); ; n++ {
		news, err := w.hub.Sync(t.Context(), w.by(device), hub.SyncRequest{ReminderCounts: []keyshift.ReminderCount{{Day: today, Kind: "terms", Shown: n}}})
		w.must(err)
		if !news.CountsTaken {
			break
		}
		if n > 100 {
			t.Fatal("a device can make the hub write without end")
		}
	}
	w.clock.Advance(time.Minute)
	news, err := w.hub.Sync(t.Context(), w.by(device), hub.SyncRequest{ReminderCounts: []keyshift.ReminderCount{{Day: today, Kind: "terms", Shown: 200}}})
	w.must(err)
	if !news.CountsTaken {
		t.Error("a minute later it is still not heard")
	}
}
