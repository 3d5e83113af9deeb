package agent

import (
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/network"
	"github.com/keyshift-hq/keyshift/internal/presence"
)

// Whoever listens hears of everything that a tray shows, and of nothing else.
func TestListenersAreToldWhatATrayShows(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		changes, end := a.Subscribe()
		defer end()
		told := func() bool {
			select {
			case <-changes:
				return true
			default:
				return false
			}
		}
		w.settle(time.Minute)
		told()
		w.settle(12 * time.Hour)
		if told() {
			t.Error("while nothing happens somebody is told of it")
		}
		shown := func() string { return a.Reminders().GetShown()[0].GetId() }
		for _, tt := range []struct {
			what string
			do   func() error
		}{
			{"a check-out", func() error { w.checkedOut(a); return nil }},
			{"a reminder that is read", func() error { return a.DismissReminder(shown()) }},
			{"a pause", func() error { return a.PauseReminders(time.Hour, false) }},
			{"the end of a pause", func() error { return a.PauseReminders(0, false) }},
			{"a setting", func() error {
				_, err := a.SetSettings(&v1.LocalSettings{CheckInWhenIdle: durationpb.New(time.Hour)})
				return err
			}},
			{"an acknowledgement", func() error {
				_, err := a.Acknowledge(t.Context(), "terms_x", network.TermsOf(keyshift.X).ArchivedAt)
				return err
			}},
			{"news of the hub", func() error { w.hub.push(); return nil }},
			{"a reminder that waits for the user", func() error {
				w.desk.is(presence.State{Locked: true})
				w.settle(45 * time.Minute)
				told()
				w.settle(6 * time.Minute) // the warning becomes due
				return nil
			}},
			{"a reminder that is shown to the user who is back", func() error {
				w.desk.is(presence.State{})
				poke(w.desk.changes)
				return nil
			}},
		} {
			if err := tt.do(); err != nil {
				t.Fatalf("%s: %v", tt.what, err)
			}
			w.settle(time.Second)
			if !told() {
				t.Errorf("nobody is told of %s", tt.what)
			}
		}
	})
}
