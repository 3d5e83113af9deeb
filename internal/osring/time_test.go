package osring_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keyshift-hq/keyshift/internal/osring"
	"github.com/keyshift-hq/keyshift/internal/osring/osringtest"
)

func TestAHangingKeyringIsLeftAfterTenSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ring := osringtest.NewFake()
		ring.Hang()
		defer ring.Release()
		took := duration(func() { wantTimeout(t, ring.Set(t.Context(), "k", []byte("x"))) })
		if took != 10*time.Second {
			t.Errorf("gave up after %v, want 10s", took)
		}
	})
}

func TestTheLimitCanBeSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ring := osringtest.NewFake()
		ring.Limit = 3 * time.Second
		ring.Hang()
		defer ring.Release()
		took := duration(func() { wantTimeout(t, ring.Delete(t.Context(), "k")) })
		if took != 3*time.Second {
			t.Errorf("gave up after %v, want 3s", took)
		}
	})
}

func TestWhileACallHangsLaterOnesFailAtOnceAndStartNoGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		release := make(chan struct{})
		ring := osring.NewWith("", backend{delete: func() error {
			calls.Add(1)
			<-release
			return osring.ErrLocked
		}})
		wantTimeout(t, ring.Delete(t.Context(), "k"))
		for range 5 {
			if took := duration(func() { wantTimeout(t, ring.Delete(t.Context(), "k")) }); took != 0 {
				t.Errorf("a later call failed after %v, want at once", took)
			}
		}
		close(release)
		synctest.Wait()
		if got := calls.Load(); got != 1 {
			t.Errorf("calls to the keyring = %d, want 1", got)
		}
	})
}

func TestTheKeyringWorksAgainWhenTheCallComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ring := osringtest.NewFake()
		ring.Hang()
		_, err := ring.Get(t.Context(), "k")
		wantTimeout(t, err)
		ring.Release()
		synctest.Wait()
		check(t, ring.Set(t.Context(), "k", []byte("x")))
	})
}

func TestAnOperationLeftBehindTakesNoFurtherStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		stored := false
		ring := osring.NewWith("", backend{set: func(string) error {
			<-release
			stored = true
			return nil
		}})
		wantTimeout(t, ring.Set(t.Context(), "k", []byte("x")))
		close(release)
		synctest.Wait() // a read by the left operation would call the nil get
		if !stored {
			t.Error("the step under way did not end")
		}
	})
}

func TestACallerMayLeaveEarlier(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ring := osringtest.NewFake()
		ring.Hang()
		defer ring.Release()
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		took := duration(func() {
			if _, err := ring.Get(ctx, "k"); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, osring.ErrTimeout) {
				t.Errorf("Get = %v, want context.DeadlineExceeded", err)
			}
		})
		if took != 2*time.Second {
			t.Errorf("left after %v, want 2s", took)
		}
		// The call is within its limit until second 10, so the next one waits.
		took = duration(func() { wantTimeout(t, ring.Delete(t.Context(), "k")) })
		if took != 10*time.Second {
			t.Errorf("the next caller left after %v, want 10s", took)
		}
		took = duration(func() { wantTimeout(t, ring.Delete(t.Context(), "k")) })
		if took != 0 {
			t.Errorf("the one after it failed after %v, want at once", took)
		}
	})
}

func TestCallersWaitForEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var running, most atomic.Int32
		ring := osring.NewWith("", backend{get: func() (string, error) {
			most.Store(max(most.Load(), running.Add(1)))
			<-time.After(time.Second) // of the bubble
			running.Add(-1)
			return "eA==", nil
		}})
		var all sync.WaitGroup
		for range 5 {
			all.Go(func() {
				if _, err := ring.Get(t.Context(), "k"); err != nil {
					t.Errorf("Get = %v", err)
				}
			})
		}
		took := duration(all.Wait)
		if most.Load() != 1 || took != 5*time.Second {
			t.Errorf("%d calls at once in %v, want 1 in 5s", most.Load(), took)
		}
	})
}

func duration(f func()) time.Duration {
	start := time.Now()
	f()
	return time.Since(start)
}

func wantTimeout(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, osring.ErrTimeout) {
		t.Errorf("got %v, want ErrTimeout", err)
	}
}
