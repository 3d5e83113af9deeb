package hub_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// mornings are Monday to Friday, 8:00 to 12:00 in Berlin: the clock of the tests starts on a Monday at 10:00 there.
func mornings(t *testing.T) keyshift.WorkHours {
	t.Helper()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	w := keyshift.WorkHours{Zone: berlin}
	for day := time.Monday; day <= time.Friday; day++ {
		w.Week[day] = []keyshift.Span{{From: 8 * time.Hour, Until: 12 * time.Hour}}
	}
	return w
}

func TestOutsideOfTheWorkHoursOnlyAnApproverHelps(t *testing.T) {
	w := newWorld(t)
	w.addUser("dana")
	device, account := w.device("dana"), w.account("acme", "dana")
	_, err := w.hub.AddGroup(t.Context(), w.byOwner(), "social")
	w.must(err)
	_, err = w.hub.AddMember(t.Context(), w.byOwner(), "social", "dana")
	w.must(err)
	_, err = w.hub.SetWorkHours(t.Context(), w.byOwner(), "", "social", mornings(t))
	w.must(err)

	w.clock.Advance(3 * time.Hour)
	var refusal *keyshift.Error
	if _, err := w.checkOut(device, account); !errors.As(err, &refusal) || refusal.Code != keyshift.CodeOutsideHours ||
		!strings.Contains(refusal.Text, "Tuesday at 08:00 (Europe/Berlin)") || refusal.Facts["begin"] != "2026-11-24T07:00:00Z" || !strings.Contains(refusal.Hint, "approver") {
		t.Fatalf("check-out in the afternoon: %v, want outside_hours that says when they begin and who helps", err)
	}
	w.must(w.hub.LiftWorkHours(t.Context(), w.byOwner(), "dana", w.clock.Now().Add(time.Hour), "launch day"))
	lent, err := w.checkOut(device, account)
	w.must(err)
	if lent.Lease.State != keyshift.LeasePending {
		t.Errorf("the lease is %s", lent.Lease.State)
	}
	view, err := w.hub.GetWorkHours(t.Context(), w.byOwner(), "dana", "")
	w.must(err)
	if view.FromGroup != "social" || !view.LiftedUntil.Equal(w.clock.Now().Add(time.Hour)) {
		t.Errorf("hours of dana are %+v, want those of social, lifted for an hour", view)
	}
	w.clock.Advance(time.Hour)
	if _, err := w.checkOut(device, account); keyshift.CodeOf(err) != keyshift.CodeOutsideHours {
		t.Errorf("check-out after the lift: %v, want outside_hours", err)
	}
}

func TestNobodyLiftsTheirOwnHours(t *testing.T) {
	w := newWorld(t)
	for name, tt := range map[string]struct {
		user  string
		ahead time.Duration
		code  keyshift.Code
	}{
		"their own": {"alice", time.Hour, keyshift.CodeForbidden}, "nobody's": {"nobody", time.Hour, keyshift.CodeNotFound},
	} {
		if err := w.hub.LiftWorkHours(t.Context(), w.byOwner(), tt.user, w.clock.Now().Add(tt.ahead), "x"); keyshift.CodeOf(err) != tt.code {
			t.Errorf("lift %s: %v, want %s", name, err, tt.code)
		}
	}
	w.addUser("dana")
	if err := w.hub.LiftWorkHours(t.Context(), w.byOwner(), "dana", w.clock.Now().AddDate(0, 1, 0), "x"); keyshift.CodeOf(err) != keyshift.CodeFieldInvalid {
		t.Errorf("lift for a month: %v, want field_invalid", err)
	}
}

func TestADeviceHearsOfHoursAndReminders(t *testing.T) {
	w := newWorld(t)
	w.addUser("dana")
	device := w.device("dana")
	_, err := w.hub.SetWorkHours(t.Context(), w.byOwner(), "dana", "", mornings(t))
	w.must(err)
	want := keyshift.Reminders{PerHour: 2, Every: time.Hour, MayPauseToday: true}
	_, err = w.hub.SetReminders(t.Context(), w.byOwner(), want)
	w.must(err)
	news, err := w.hub.Sync(t.Context(), w.by(device), hub.SyncRequest{})
	w.must(err)
	if !news.Hours.Contain(w.clock.Now()) || news.Hours.Contain(w.clock.Now().Add(3*time.Hour)) || news.Reminders != want {
		t.Errorf("the device heard %+v and %+v", news.Hours, news.Reminders)
	}
}
