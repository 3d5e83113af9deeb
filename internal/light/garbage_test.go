package light

import (
	"log/slog"
	"runtime/debug"
	"testing"
	"time"
)

func TestGarbageMayGatherAsIsSaid(t *testing.T) {
	before := debug.SetGCPercent(100)
	defer debug.SetGCPercent(before)
	for _, want := range []Garbage{Little, Some} {
		Stay(slog.New(slog.DiscardHandler), time.Hour, want)()
		if got := debug.SetGCPercent(int(want)); got != int(want) {
			t.Errorf("%d percent may gather, want %d", got, want)
		}
	}
}
