package main

import (
	"runtime/metrics"
	"testing"
)

func TestPace(t *testing.T) {
	for inUse, want := range map[uint64]int{0: 100, 10 << 20: 100, 100 << 20: 40, 2 << 30: 40} {
		if got := pace(inUse); got != want {
			t.Errorf("%d bytes in use: %d %%, want %d", inUse, got, want)
		}
	}
}

func TestTheRuntimeTellsWhatIsInUse(t *testing.T) {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	if metrics.Read(sample); sample[0].Value.Kind() != metrics.KindUint64 {
		t.Errorf("kind = %v, want a number", sample[0].Value.Kind())
	}
}
