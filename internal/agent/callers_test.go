package agent

import (
	"testing"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// told gives what the hub heard of refused callers, without repetitions.
func (w *world) told() (list []*v1.NoteRefusedCallersRequest) {
	w.hub.mu.Lock()
	defer w.hub.mu.Unlock()
	seen := map[string]bool{}
	for _, q := range w.hub.refused {
		if !seen[q.GetRequestId()] {
			list = append(list, q)
		}
		seen[q.GetRequestId()] = true
	}
	return list
}

// A11: somebody else knocks at the socket all the time. The hub hears of the first at once, and of the others once a minute.
func TestRefusedCallersAreToldOnceAMinute(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		a.NoteRefused(keyshift.CallerUser)
		w.settle(time.Second)
		if got := w.told(); len(got) != 1 || got[0].GetByUser() != 1 {
			t.Fatalf("the hub heard %v, want one of a user", got)
		}
		for range 170 {
			a.NoteRefused(keyshift.CallerUser)
			a.NoteRefused(keyshift.CallerAdmin)
			w.settle(time.Second)
		}
		w.settle(time.Minute)
		users, admins := int64(0), int64(0)
		for _, q := range w.told() {
			users, admins = users+q.GetByUser(), admins+q.GetByAdmin()
		}
		if got := len(w.told()); got != 4 || users != 171 || admins != 170 {
			t.Errorf("the hub heard of %d users and %d admins in %d reports, want 171 and 170 in 4", users, admins, got)
		}
		reads := w.clock.count()
		w.settle(10 * time.Minute)
		if got := len(w.told()); got != 4 || w.clock.count()-reads > 100 {
			t.Errorf("%d reports and %d looks at the clock while nobody knocks", got, w.clock.count()-reads)
		}
	})
}

func TestRefusedCallersAreNotForgotten(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, stop := w.enrolled()
		w.unplug()
		_ = a.SyncNow(t.Context())
		a.NoteRefused(keyshift.CallerSquatter)
		w.settle(time.Second)
		a.NoteRefused(keyshift.CallerService)
		stop()
		if got := w.told(); len(got) != 0 {
			t.Fatalf("the hub heard %v without a network", got)
		}
		w.plug()
		w.boot()
		w.settle(2 * time.Second)
		if got := w.told(); len(got) != 1 || got[0].GetPlaceTaken() != 1 || got[0].GetByService() != 1 {
			t.Errorf("the hub heard %v, want what happened before the restart", got)
		}
	})
}

// A lost answer makes no second event: the same report comes under the same request id.
func TestALostReportOfRefusedCallersIsRepeated(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, stop := w.enrolled()
		w.hub.with(func() { w.hub.lose = true })
		a.NoteRefused(keyshift.CallerUser)
		w.settle(time.Second)
		stop()
		w.hub.with(func() { w.hub.lose = false })
		a, _ = w.boot()
		a.NoteRefused(keyshift.CallerUser)
		w.settle(3 * time.Minute)
		got := w.told()
		if len(got) != 2 || len(w.hub.refused) < 3 || got[0].GetByUser() != 1 || got[1].GetByUser() != 1 {
			t.Errorf("the hub heard %v in %d reports, want two different and one repeated", got, len(w.hub.refused))
		}
	})
}

func TestAHubThatIsBusyHearsOfRefusedCallersLater(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.enrolled()
		w.hub.with(func() { w.hub.refuse = keyshift.Refuse(keyshift.CodeRateLimited, "Too many.", "") })
		a.NoteRefused(keyshift.CallerUser)
		w.settle(30 * time.Second)
		w.hub.with(func() { w.hub.refuse = nil })
		w.settle(time.Minute)
		if got := w.told(); len(got) != 1 {
			t.Errorf("the hub heard %v, want one report", got)
		}
	})
}

func TestNobodyIsToldOfCallersWithoutAHub(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.boot()
		a.NoteRefused(keyshift.CallerUser)
		if _, err := a.Enroll(t.Context(), w.code(), "desk"); err != nil {
			t.Fatal(err)
		}
		a.NoteRefused(keyshift.CallerUser)
		w.unplug()
		if _, err := a.Unenroll(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		if names, _ := w.state.Names(); len(names) > 1 {
			t.Errorf("the state folder still has %v", names)
		}
	})
}
