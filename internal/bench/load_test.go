package bench

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestLoadCountsWhatAllClientsDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var done atomic.Int64
		figures, err := Load(t.Context(), 4, 25, func(context.Context, int, int) error {
			<-time.After(10 * time.Millisecond)
			done.Add(1)
			return nil
		})
		if err != nil || done.Load() != 100 {
			t.Fatalf("%d operations, %v, want 100", done.Load(), err)
		}
		for i, want := range []Figure{{"rate", "/s", 400}, {"p50", "ms", 10}, {"p99", "ms", 10}} {
			if figures[i] != want {
				t.Errorf("got %v, want %v", figures[i], want)
			}
		}
	})
}

func TestLoadEndsAtTheFirstError(t *testing.T) {
	broken := errors.New("broken")
	_, err := Load(t.Context(), 2, 10, func(_ context.Context, client, i int) error {
		if client == 1 && i == 3 {
			return broken
		}
		return nil
	})
	if !errors.Is(err, broken) {
		t.Errorf("error = %v, want %v", err, broken)
	}
}

func TestPercentile(t *testing.T) {
	var times []time.Duration
	for i := range 200 {
		times = append(times, time.Duration(200-i)*time.Millisecond)
	}
	for percent, want := range map[int]float64{0: 1, 50: 100, 99: 198, 100: 200} {
		if got := Percentile(times, percent); got != want {
			t.Errorf("p%d = %v, want %v", percent, got, want)
		}
	}
}
