package systest

import (
	"io"
	"slices"
	"testing"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/native"
)

// TestUnenrollEndsPairedProfiles: who is there cleans up before the hub is forgotten, so that the hub hears of it; who is not
// stays paired until it has, and no longer.
func TestUnenrollEndsPairedProfiles(t *testing.T) {
	t.Parallel()
	w, c := newCompanion(t)
	w.AddAccount("beta", nil, "dana")
	here, idle, away := c.paired(t), c.paired(t), c.paired(t)
	first, second := c.mustCheckOut("x/acme", time.Hour), c.mustCheckOut("x/beta", time.Hour)
	fill := func(x *Extension, l *v1.Lease) {
		t.Helper()
		if _, err := x.Fill(l.GetId(), native.FieldPassword, xOrigin); err != nil {
			t.Fatal(err)
		}
	}
	fill(here, first)
	fill(away, second)
	hangUp(t, away)
	Eventually(t, "one profile is away", func() bool { return len(connected(c)) == 2 })

	told := make(chan error, 1)
	go func() {
		_, err := c.Whole.Unenroll(t.Context(), false)
		told <- err
	}()
	Eventually(t, "the profile hears what it owes", func() bool { return len(here.State().Ended) == 1 })
	clean(t, here, first)
	if err := <-told; err != nil {
		t.Fatal(err)
	}
	for _, l := range w.Leases() {
		r := l.GetRemoval()
		if l.GetId() == first.GetId() && r.GetStep() != v1.RemovalStep_REMOVAL_STEP_SESSION_CLOSED {
			t.Errorf("the hub did not hear of the clean end: %v", r)
		}
		if l.GetId() == second.GetId() && !r.GetBrowserPending() {
			t.Errorf("the hub does not know of the missing browser: %v", r)
		}
	}
	if got := c.BrowserProfiles(); len(got) != 1 || !slices.Equal(got[0].GetOwes(), []string{"@beta"}) {
		t.Fatalf("profiles %v, want the one that owes", got)
	}
	if c.extension(t, idle.Key).Hello(native.ModeSameProfile).Paired {
		t.Error("a profile that owes nothing is paired still")
	}

	back := c.extension(t, away.Key)
	if !back.Hello(native.ModeSameProfile).Paired {
		t.Fatal("the profile that owes a clean-up is paired no more")
	}
	Eventually(t, "the profile hears what it owes", func() bool { return len(back.State().Ended) == 1 })
	clean(t, back, second)
	hangUp(t, back)
	Eventually(t, "no profile is paired", func() bool {
		return !slices.ContainsFunc(c.BrowserProfiles(), func(p *v1.BrowserProfile) bool { return p.GetPaired() })
	})
}

func clean(t *testing.T, x *Extension, l *v1.Lease) {
	t.Helper()
	if err := x.Ask(native.TypeCleanupDone, native.CleanupDone{LeaseID: l.GetId(), SignOut: native.SignOutDone}, nil); err != nil {
		t.Fatal(err)
	}
}

func hangUp(t *testing.T, x *Extension) {
	t.Helper()
	if c, ok := x.rw.(io.Closer); !ok || c.Close() != nil {
		t.Fatal("the connection cannot be closed")
	}
}

func connected(c *companion) (list []*v1.BrowserProfile) {
	for _, p := range c.BrowserProfiles() {
		if p.GetConnected() {
			list = append(list, p)
		}
	}
	return list
}
