package agent

import (
	"syscall"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/presence"
)

func (w *world) chose(a *Agent, s *v1.LocalSettings) {
	w.t.Helper()
	if _, err := a.SetSettings(s); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) wantCause(want keyshift.EndCause) {
	w.t.Helper()
	w.hub.mu.Lock()
	defer w.hub.mu.Unlock()
	if len(w.hub.causes) != 1 || w.hub.causes[0] != string(want) {
		w.t.Errorf("the hub heard %q, want %q", w.hub.causes, want)
	}
}

func TestEverythingIsCheckedInWhenNobodyIsThere(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		w.chose(a, &v1.LocalSettings{CheckInWhenIdle: durationpb.New(15 * time.Minute)})
		w.checkedOut(a)
		w.settle(20 * time.Minute) // somebody works
		w.desk.left()
		w.settle(14 * time.Minute)
		if len(a.Leases()) != 1 {
			t.Fatal("the lease ended while its user may only have been reading")
		}
		w.settle(time.Minute + lookForIdle + time.Second)
		w.wantNothingLeft()
		w.wantCause(keyshift.CauseIdle)
	})
}

func TestEverythingIsCheckedInWhenTheScreenIsLocked(t *testing.T) {
	for _, tells := range []bool{true, false} {
		inWorld(t, func(t *testing.T, w *world) {
			a, _ := w.enrolled()
			w.checkedOut(a)
			w.chose(a, &v1.LocalSettings{CheckInWhenLocked: true})
			w.settle(10 * time.Minute)
			w.desk.is(presence.State{Locked: true})
			wait := lookForLock + time.Second
			if tells {
				poke(w.desk.changes)
				wait = time.Second
			}
			w.settle(wait)
			w.wantNothingLeft()
			w.wantCause(keyshift.CauseLocked)
		})
	}
}

func TestNobodyIsLookedForWhomNobodyWaits(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, stop := w.enrolled()
		w.checkedOut(a)
		w.settle(time.Second)
		before := w.desk.looked()
		w.desk.is(presence.State{Locked: true, Idle: time.Hour})
		w.settle(5 * time.Minute)
		if len(a.Leases()) != 1 || w.desk.looked() != before {
			t.Errorf("without a wish there are %d leases and %d looks", len(a.Leases()), w.desk.looked()-before)
		}
		w.chose(a, &v1.LocalSettings{CheckInWhenLocked: true})
		w.settle(time.Second)
		w.wantCause(keyshift.CauseLocked)
		stop()
		a, _ = w.boot()
		if !a.Settings().GetCheckInWhenLocked() {
			t.Error("a restart forgot what was chosen")
		}
	})
}

func TestSettingsThatNobodyCanMeanAreRefused(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.boot()
		for _, d := range []time.Duration{-time.Minute, time.Minute, minIdle - 1, maxIdle + 1} {
			_, err := a.SetSettings(&v1.LocalSettings{CheckInWhenIdle: durationpb.New(d)})
			w.wantCode(err, keyshift.CodeDurationInvalid)
		}
		w.state.fill(syscall.ENOSPC)
		_, err := a.SetSettings(&v1.LocalSettings{CheckInWhenLocked: true})
		w.wantCode(err, keyshift.CodeStorageFull)
		if a.Settings().GetCheckInWhenLocked() {
			t.Error("what could not be kept counts")
		}
	})
}

// Any program of the desktop can say that something changed, as often as it likes.
func TestADeskThatTellsWithoutEndIsLookedAtNowAndThen(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		w.chose(a, &v1.LocalSettings{CheckInWhenLocked: true})
		w.checkedOut(a)
		w.settle(time.Minute)
		before := w.desk.looked()
		for range 500 {
			poke(w.desk.changes)
			w.settle(20 * time.Millisecond)
		}
		if got := w.desk.looked() - before; got < 5 || got > 15 {
			t.Errorf("in 10 seconds the desk was looked at %d times, want about once a second", got)
		}
	})
}
