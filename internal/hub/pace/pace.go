// Package pace says how often the hub collects garbage: seldom enough that a busy hub has time for its users, and often enough
// that a hub with little to do, or with many connected agents, stays small.
package pace

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// lookEvery is how often the pace is thought over.
	lookEvery = 2 * time.Second
	// room is how much garbage a busy hub lets gather. A collection takes the processors for some milliseconds, which all
	// requests of that time wait for.
	room = 24 << 20
	// least is for how much in use the room is given. A hub that has less may grow before it is thought over again.
	least = 6 << 20
	// busy is how many bytes are allocated in a second when a room would be full several times a minute.
	busy = 4 << 20
)

// percent says how many percent of what is in use may be added before the garbage is collected. What is in use by many
// connected agents is big and changes little, so that room of the same size is wasted on it. A small hub that is busy would
// collect all the time without a room of its own; one that is not would only be larger for it.
func percent(inUse, perSecond uint64) int {
	switch {
	case inUse > room:
		return 40
	case perSecond < busy:
		return 100
	}
	return int(100 * room / max(inUse, least)) //nolint:gosec // at most 400
}

// Keep sets the pace of the process until ctx ends.
func Keep(ctx context.Context) {
	look, now := newLook(), pace(percent(0, 0))
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			now.follow(percent(look.again()))
		}
	}
}

// pace is what is set.
type pace int

// follow sets another pace. All goroutines stand still for that, so it is done only where it is another.
func (now *pace) follow(next int) {
	if next != int(*now) {
		debug.SetGCPercent(next)
		*now = pace(next)
	}
}

// look is what the runtime told last.
type look struct {
	samples   []metrics.Sample
	allocated uint64
	at        time.Time
}

func newLook() *look {
	l := &look{samples: []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/heap/allocs:bytes"}}}
	l.again()
	return l
}

// again gives what was in use at the last collection, and how many bytes a second were allocated since it was asked before.
func (l *look) again() (inUse, perSecond uint64) {
	metrics.Read(l.samples)
	inUse, allocated, now := l.samples[0].Value.Uint64(), l.samples[1].Value.Uint64(), time.Now()
	if seconds := now.Sub(l.at).Seconds(); seconds > 0 {
		perSecond = uint64(float64(allocated-l.allocated) / seconds)
	}
	l.allocated, l.at = allocated, now
	return inUse, perSecond
}
