package systest

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/agent/browser"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/native"
)

// fakeWork plays the browsers that the agent starts.
type fakeWork struct {
	mu     sync.Mutex
	opened []string
	order  browser.WorkOrder
	closed chan string
	mine   bool
}

func (f *fakeWork) Open(o browser.WorkOrder) (browser.WorkOpened, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.opened, f.order = append(f.opened, o.Account+" "+o.Address), o
	return browser.WorkOpened{Browser: "chromium", Mode: native.ModeWork, Missing: o.Browser}, nil
}

func (f *fakeWork) Close(_ context.Context, account string) error {
	f.closed <- account
	return nil
}

func (f *fakeWork) CloseAll(context.Context) error { return nil }

func (f *fakeWork) AccountOf(int) (string, bool) { return "x/acme", f.mine }

// TestWorkBrowser: opening an account is a yes to its browser, and a reason to fill; its end is the end of the session.
func TestWorkBrowser(t *testing.T) {
	t.Parallel()
	w := SQLite(t)
	w.AddUser("dana")
	w.AddAccount("acme", nil, "dana")
	work := &fakeWork{closed: make(chan string, 1), mine: true}
	c := withBrowsers(t, w.Desk(0, "dana"), work)
	if _, err := c.OpenAccount(t.Context(), "x/acme"); err == nil {
		t.Error("an account was opened that is not held")
	}
	Do(t, w.Owner.Browser.SetWorkBrowser, &v1.SetWorkBrowserRequest{Browser: &v1.WorkBrowser{Account: "x/acme", Browser: "edge", Keep: true}})
	l := c.mustCheckOut("x/acme", time.Hour)
	if got, err := c.OpenAccount(t.Context(), "@acme"); err != nil || got.GetMode() != "work" || got.GetMissing() != "edge" || !work.order.Keep {
		t.Fatalf("got %v, %v for %+v", got, err, work.order)
	}
	if want := []string{"x/acme https://x.com/login"}; !slices.Equal(work.opened, want) {
		t.Errorf("opened %q, want %q", work.opened, want)
	}
	x := c.extension(t, nil)
	if got := x.Hello(native.ModeSameProfile); !got.Paired || got.Mode != native.ModeWork {
		t.Errorf("welcome %+v", got)
	}
	Eventually(t, "the profile hears that a fill is asked for", func() bool {
		s := x.State()
		return len(s.Leases) == 1 && s.Leases[0].FillAskedUntil > s.ServerTime
	})
	q := native.FillGet{LeaseID: l.GetId(), Field: native.FieldPassword, Origin: xOrigin, TopOrigin: xOrigin, DocumentID: "D1", PackVersion: 1, Gesture: native.GestureOpen}
	if got, err := x.FillWith(x.NextID(), q); err != nil || got.Value != Password {
		t.Errorf("got %+v, %v", got, err)
	}
	Do(t, w.Owner.Leases.Revoke, &v1.RevokeRequest{Target: &v1.RevokeRequest_LeaseId{LeaseId: l.GetId()}, Reason: "over"})
	Eventually(t, "the browser is asked to close", func() bool { return len(x.Events(native.TypeBrowserClose)) == 1 })
	if err := x.Ask(native.TypeCleanupDone, native.CleanupDone{LeaseID: l.GetId(), SignOut: native.SignOutDone}, nil); err != nil {
		t.Error(err)
	}
	if got := <-work.closed; got != "x/acme" {
		t.Errorf("closed %q", got)
	}
	Eventually(t, "access is removed", func() bool {
		return w.Leases()[0].GetRemoval().GetStep() == v1.RemovalStep_REMOVAL_STEP_SESSION_CLOSED
	})
}

// TestNoBrowserOfItsOwn: where none can be started, a paired profile of the user's own that is there takes its place, and no
// other; what keeps it apart is said.
func TestNoBrowserOfItsOwn(t *testing.T) {
	t.Parallel()
	_, c := newCompanion(t)
	l := c.mustCheckOut("x/acme", time.Hour)
	if _, err := c.OpenAccount(t.Context(), "x/acme"); keyshift.CodeOf(err) != keyshift.CodeUnavailable {
		t.Errorf("without any browser: %v", err)
	}
	own, other := c.paired(t), c.paired(t)
	Eventually(t, "the profiles hear of the lease", func() bool { return len(own.State().Leases) == 1 && len(other.State().Leases) == 1 })
	if err := own.Ask(native.TypeFocus, native.Focus{Focused: true}, nil); err != nil {
		t.Fatal(err)
	}
	if got, err := c.OpenAccount(t.Context(), "x/acme"); err != nil || got.GetMode() != "same_profile" {
		t.Fatalf("got %v, %v", got, err)
	}
	Eventually(t, "the profile in front hears that a fill is asked for", func() bool { return own.State().Leases[0].FillAskedUntil > 0 })
	if other.State().Leases[0].FillAskedUntil > 0 {
		t.Error("a fill is asked for in another profile, too")
	}
	q := native.FillGet{LeaseID: l.GetId(), Field: native.FieldPassword, Origin: xOrigin, TopOrigin: xOrigin, DocumentID: "D1", PackVersion: 1, Gesture: native.GestureOpen}
	_, err := other.FillWith(other.NextID(), q)
	wantRefused(t, "the other profile", err, native.CodeRefused)
	if got, err := own.FillWith(own.NextID(), q); err != nil || got.Value != Password {
		t.Errorf("got %+v, %v", got, err)
	}
}

// TestWorkBrowserIsGoneBeforeTheEnd: whoever closes it, or kills the agent too, leaves nothing that could be cleaned, and nothing
// that has to be.
func TestWorkBrowserIsGoneBeforeTheEnd(t *testing.T) {
	t.Parallel()
	w := SQLite(t)
	w.AddUser("dana")
	w.AddAccount("acme", &v1.AccountSettings{AccessMode: v1.AccessMode_ACCESS_MODE_DELEGATED.Enum()}, "dana")
	work := &fakeWork{closed: make(chan string, 9)}
	c := withBrowsers(t, w.Desk(0, "dana"), work)
	c.mustCheckOut("x/acme", time.Hour)
	if _, err := c.OpenAccount(t.Context(), "x/acme"); err != nil {
		t.Fatal(err)
	}
	c.end()
	Do(t, w.Owner.Leases.Revoke, &v1.RevokeRequest{Target: &v1.RevokeRequest_All{All: true}, Reason: "over"})
	Eventually(t, "the hub knows that a browser is missing", func() bool { return w.Leases()[0].GetRemoval().GetBrowserPending() })
	c.Desk.Stop()
	c.Desk.Start()
	c.listen(t, work)
	if got := <-work.closed; got != "x/acme" {
		t.Errorf("closed %q", got)
	}
	Eventually(t, "access is removed", func() bool {
		return w.Leases()[0].GetRemoval().GetStep() == v1.RemovalStep_REMOVAL_STEP_SESSION_CLOSED
	})
}
