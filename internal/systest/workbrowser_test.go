package systest

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/native"
)

// fakeWork plays the browsers that the agent starts.
type fakeWork struct {
	mu     sync.Mutex
	opened []string
	closed chan string
	mine   bool
}

func (f *fakeWork) Open(account, address string) (string, native.ProfileMode, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.opened = append(f.opened, account+" "+address)
	return "chromium", native.ModeWork, nil
}

func (f *fakeWork) Close(_ context.Context, account string) error {
	f.closed <- account
	return nil
}

func (f *fakeWork) AccountOf(int) (string, bool) { return "x/acme", f.mine }

// TestWorkBrowser: opening an account is a yes to its browser, and a reason to fill; its end is the end of the session.
func TestWorkBrowser(t *testing.T) {
	w := SQLite(t)
	w.AddUser("dana")
	w.AddAccount("acme", nil, "dana")
	work := &fakeWork{closed: make(chan string, 1), mine: true}
	c := withBrowsers(t, w.Desk(0, "dana"), work)
	if _, err := c.OpenAccount(t.Context(), "x/acme"); err == nil {
		t.Error("an account was opened that is not held")
	}
	l := c.mustCheckOut("x/acme", time.Hour)
	if got, err := c.OpenAccount(t.Context(), "@acme"); err != nil || got.GetMode() != "work" {
		t.Fatalf("got %v, %v", got, err)
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

// TestWorkBrowserIsGoneBeforeTheEnd: whoever closes it, or kills the agent too, leaves nothing that could be cleaned, and nothing
// that has to be.
func TestWorkBrowserIsGoneBeforeTheEnd(t *testing.T) {
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
