package hub

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

var limitsNow = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func testLimiter() *limiter { return newLimiter(Limits{}, func() time.Time { return limitsNow }) }

// wrong and right are tries of a code.
func wrong() error { return keyshift.ErrCodeInvalid }
func right() error { return nil }

// tooOften reports whether an address may not try at all.
func tooOften(t *testing.T, l *limiter, source string) bool {
	t.Helper()
	err := l.codeTry(t.Context(), source, wrong)
	if code := keyshift.CodeOf(err); code != keyshift.CodeCodeInvalid && code != keyshift.CodeRateLimited {
		t.Fatalf("try of %s: %v", source, err)
	}
	return keyshift.CodeOf(err) == keyshift.CodeRateLimited
}

// Strangers choose the names, so there may be any number of them, and none of their buckets is full yet.
func TestManyAddressesDoNotFillTheMemory(t *testing.T) {
	l := testLimiter()
	for i := range 3 * maxBuckets {
		if tooOften(t, l, fmt.Sprintf("10.%d.%d.%d", i>>16&255, i>>8&255, i&255)) {
			t.Fatalf("the first try of address %d is refused", i)
		}
	}
	if got := len(l.codes.byName); got > maxBuckets {
		t.Errorf("%d addresses are remembered, want at most %d", got, maxBuckets)
	}
}

// Whoever has one IPv6 address has 2^64 of them.
func TestANetworkOfAddressesIsOneStranger(t *testing.T) {
	l := testLimiter()
	for i := range 5 {
		if tooOften(t, l, fmt.Sprintf("2001:db8:1:2::%x", i)) {
			t.Fatalf("try %d is refused", i)
		}
	}
	if !tooOften(t, l, "2001:db8:1:2:ffff::1") {
		t.Error("the sixth try from the same network is let through")
	}
	if tooOften(t, l, "2001:db8:1:3::1") {
		t.Error("another network is refused")
	}
}

func TestTriesComeBackWithTime(t *testing.T) {
	now := limitsNow
	l := newLimiter(Limits{CodeTriesPerMinute: 2}, func() time.Time { return now })
	for i := range 2 {
		if tooOften(t, l, "192.0.2.1") {
			t.Fatalf("try %d is refused", i)
		}
	}
	if !tooOften(t, l, "192.0.2.1") {
		t.Fatal("the third try is let through")
	}
	now = now.Add(30 * time.Second)
	if tooOften(t, l, "192.0.2.1") {
		t.Error("a try after half a minute is refused")
	}
}

// A company that rolls Keyshift out has all its people behind one address.
func TestGoodCodesFromOneAddressAreFree(t *testing.T) {
	l := testLimiter()
	for i := range 500 {
		if err := l.codeTry(t.Context(), "192.0.2.1", right); err != nil {
			t.Fatalf("good code %d: %v", i, err)
		}
	}
	for i := range 5 {
		if tooOften(t, l, "192.0.2.1") {
			t.Fatalf("wrong code %d is refused: the good ones were counted", i)
		}
	}
	if err := l.codeTry(t.Context(), "192.0.2.1", right); keyshift.CodeOf(err) != keyshift.CodeRateLimited {
		t.Errorf("a try after five wrong ones: %v, want rate_limited", err)
	}
}

// What is tried at once counts like what is tried one after the other, and the good ones only wait for their turn.
func TestTriesAtOnceAreNoMore(t *testing.T) {
	for _, tt := range []struct {
		name       string
		try        func() error
		want, most int
	}{{"wrong", wrong, 5, 5}, {"right", right, 200, 5}} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := testLimiter()
				var let, open, most atomic.Int64
				var all sync.WaitGroup
				for range 200 {
					all.Go(func() {
						_ = l.codeTry(t.Context(), "192.0.2.1", func() error {
							let.Add(1)
							most.Store(max(most.Load(), open.Add(1)))
							defer open.Add(-1)
							<-time.After(time.Second) // of the bubble
							return tt.try()
						})
					})
				}
				all.Wait()
				if let.Load() != int64(tt.want) || most.Load() > int64(tt.most) {
					t.Errorf("%d of 200 were let through, want %d; %d at once, want at most %d", let.Load(), tt.want, most.Load(), tt.most)
				}
			})
		})
	}
}

// A caller who goes away while others are tried is not tried.
func TestAWaitingTryCanBeGivenUp(t *testing.T) {
	l := newLimiter(Limits{CodeTriesPerMinute: 1}, func() time.Time { return limitsNow })
	gone, cancel := context.WithCancel(t.Context())
	err := l.codeTry(t.Context(), "192.0.2.1", func() error {
		cancel()
		return l.codeTry(gone, "192.0.2.1", right)
	})
	if keyshift.CodeOf(err) != keyshift.CodeRateLimited {
		t.Errorf("given up: %v, want rate_limited", err)
	}
}
