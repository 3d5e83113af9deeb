package hub

import (
	"fmt"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

var limitsNow = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func testLimiter() *limiter { return newLimiter(Limits{}, func() time.Time { return limitsNow }) }

// Strangers choose the names, so there may be any number of them, and none of their buckets is full yet.
func TestManyAddressesDoNotFillTheMemory(t *testing.T) {
	l := testLimiter()
	for i := range 3 * maxBuckets {
		if err := l.codeTry(fmt.Sprintf("10.%d.%d.%d", i>>16&255, i>>8&255, i&255)); err != nil {
			t.Fatalf("first try of address %d: %v", i, err)
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
		if err := l.codeTry(fmt.Sprintf("2001:db8:1:2::%x", i)); err != nil {
			t.Fatalf("try %d: %v", i, err)
		}
	}
	if err := l.codeTry("2001:db8:1:2:ffff::1"); keyshift.CodeOf(err) != keyshift.CodeRateLimited {
		t.Errorf("the sixth try from the same network: %v, want rate_limited", err)
	}
	if err := l.codeTry("2001:db8:1:3::1"); err != nil {
		t.Errorf("another network: %v", err)
	}
}

func TestTriesComeBackWithTime(t *testing.T) {
	now := limitsNow
	l := newLimiter(Limits{CodeTriesPerMinute: 2}, func() time.Time { return now })
	for range 2 {
		if err := l.codeTry("192.0.2.1"); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.codeTry("192.0.2.1"); keyshift.CodeOf(err) != keyshift.CodeRateLimited {
		t.Fatalf("third try: %v, want rate_limited", err)
	}
	now = now.Add(30 * time.Second)
	if err := l.codeTry("192.0.2.1"); err != nil {
		t.Errorf("after half a minute: %v", err)
	}
}
