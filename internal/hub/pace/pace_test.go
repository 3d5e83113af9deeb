package pace

import (
	"runtime/debug"
	"testing"
	"time"
)

func TestPercent(t *testing.T) {
	const quiet, much = 100 << 10, 40 << 20
	for _, c := range []struct {
		name             string
		inUse, perSecond uint64
		want             int
	}{
		{"just started", 0, quiet, 100},
		{"small and quiet", 6 << 20, quiet, 100},
		{"small and busy", 6 << 20, much, 400},
		{"busy and nearly large", 23 << 20, much, 104},
		{"busy before anything was collected", 0, much, 400},
		{"large", 100 << 20, quiet, 40},
		{"large and busy", 2 << 30, much, 40},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := percent(c.inUse, c.perSecond); got != c.want {
				t.Errorf("%d %%, want %d", got, c.want)
			}
		})
	}
}

var kept []byte

// What the runtime calls its figures, and what it means by them, is the runtime's: this asks it.
func TestABusyTimeIsSeen(t *testing.T) {
	l := newLook()
	l.at = l.at.Add(-time.Second)
	for range 64 {
		kept = make([]byte, 1<<20)
	}
	inUse, perSecond := l.again()
	if perSecond < busy || perSecond > 64<<20+busy {
		t.Errorf("%d bytes a second, want about 64 MiB", perSecond)
	}
	if inUse == 0 || inUse > 1<<30 {
		t.Errorf("%d bytes are in use, want what this test has", inUse)
	}
	l.at = l.at.Add(-time.Hour)
	if _, quiet := l.again(); quiet >= busy {
		t.Errorf("afterwards %d bytes a second, want a quiet time", quiet)
	}
}

func TestThePaceFollows(t *testing.T) {
	before := debug.SetGCPercent(100)
	defer debug.SetGCPercent(before)
	now := pace(100)
	for _, next := range []int{100, 400, 400, 40} {
		now.follow(next)
		if got := debug.SetGCPercent(next); got != next {
			t.Errorf("%d %% are set, want %d", got, next)
		}
	}
}
