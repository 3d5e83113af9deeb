package main

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// lookEvery is how often the pace of the garbage collector is thought over.
const lookEvery = 10 * time.Second

// pace says how many percent of what is in use may be added before the garbage is collected. What is in use by many
// connected agents is big and changes little, so that room of the same size is wasted on it; while it is small, a busy
// hub would collect all the time.
func pace(inUse uint64) int {
	if inUse > 24<<20 {
		return 40
	}
	return 100
}

// keepPace sets the pace of the garbage collector until ctx ends.
func keepPace(ctx context.Context) {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for now := pace(0); ; {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		metrics.Read(sample)
		if next := pace(sample[0].Value.Uint64()); next != now {
			debug.SetGCPercent(next)
			now = next
		}
	}
}
