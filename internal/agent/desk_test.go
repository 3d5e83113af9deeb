package agent

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/presence"
)

// fakeDesk is a screen at which somebody sits until they leave.
type fakeDesk struct {
	mu      sync.Mutex
	now     func() presence.State
	looks   int
	changes chan struct{}
}

func newFakeDesk() *fakeDesk {
	return &fakeDesk{now: func() presence.State { return presence.State{} }, changes: make(chan struct{}, 1)}
}

func (d *fakeDesk) Look(context.Context) presence.State {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.looks++
	return d.now()
}

func (d *fakeDesk) Changes() <-chan struct{} { return d.changes }

// is changes what is so, and does not tell.
func (d *fakeDesk) is(s presence.State) { d.becomes(func() presence.State { return s }) }

func (d *fakeDesk) becomes(now func() presence.State) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.now = now
}

// left is a user who touches nothing from now on.
func (d *fakeDesk) left() {
	since := time.Now()
	d.becomes(func() presence.State { return presence.State{Idle: time.Since(since)} })
}

func (d *fakeDesk) looked() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.looks
}

func TestNobodyIsRemindedWhoIsAway(t *testing.T) {
	for _, tells := range []bool{true, false} {
		inWorld(t, func(t *testing.T, w *world) {
			a, _ := w.enrolled()
			w.desk.is(presence.State{Locked: true})
			w.checkedOut(a)
			w.settle(time.Second)
			w.reminded(a)
			if waiting := a.Reminders().GetWaiting(); len(waiting) != 1 || waiting[0].GetHeld() != "user" {
				t.Fatalf("waiting are %v, want the terms, for the user", waiting)
			}
			w.settle(55 * time.Minute) // the early warning came meanwhile
			w.desk.is(presence.State{})
			if tells {
				poke(w.desk.changes)
				w.settle(time.Second)
			} else {
				w.settle(lookAgain + time.Second)
			}
			if got := textsOf(a.Reminders().GetShown()); !slices.Contains(got, "terms_x") || !slices.Contains(got, "ends_soon_early") {
				t.Errorf("a user who is back (told: %v) sees %q, want the terms and the warning", tells, got)
			}
		})
	}
}

func TestTheDeskIsLookedAtOnlyForAReminder(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		w.settle(24 * time.Hour)
		if got := w.desk.looked(); got != 0 {
			t.Errorf("while nothing is held the desk is looked at %d times a day", got)
		}
		w.checkedOut(a)
		w.settle(30 * time.Minute)
		if got := w.desk.looked(); got != 1 {
			t.Errorf("for one reminder the desk is looked at %d times", got)
		}
	})
}
