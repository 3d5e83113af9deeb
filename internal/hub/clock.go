package hub

import (
	"context"
	"sync"
	"time"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// How far the hub's clock may be off. Replicas on both sides of the limit are a minute apart, which leaves the other half of
// [keyshift.ReissueMargin] to the devices.
const (
	clockWarns   = 2 * time.Second
	clockStops   = 30 * time.Second
	compareEvery = time.Minute
)

// SteadyClock is a clock that never goes back. One that was set back stands still until the time that it showed is
// reached again: what is signed, lent and written down is then of one time, and no lease gets longer than was asked for.
type SteadyClock struct {
	read func() time.Time
	mu   sync.Mutex
	last time.Time
}

// NewSteadyClock makes a clock of one that may be set.
func NewSteadyClock(read func() time.Time) *SteadyClock { return &SteadyClock{read: read} }

// Now is the time in UTC, without Go's monotonic reading.
func (c *SteadyClock) Now() time.Time {
	now, _ := c.look()
	return now
}

// Behind is how far the clock lies behind what Now gave before; 0 if it was not set back.
func (c *SteadyClock) Behind() time.Duration {
	_, behind := c.look()
	return behind
}

func (c *SteadyClock) look() (now time.Time, behind time.Duration) {
	now = c.read().Round(0).UTC()
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Before(c.last) {
		return c.last, c.last.Sub(now)
	}
	c.last = now
	return now, 0
}

// CompareClock takes note of how far the clock is off; Run does so each minute. What was known stays when there is no answer.
func (h *Hub) CompareClock(ctx context.Context) error {
	if h.ClockOff == nil {
		return nil
	}
	off, err := h.ClockOff(ctx)
	if err != nil {
		return err
	}
	h.clockOff.Store(int64(off))
	switch {
	case off.Abs() > clockStops:
		h.Log.Error("clock is wrong, nothing is lent", "off", off)
	case off.Abs() > clockWarns:
		h.Log.Warn("clock is off", "off", off)
	}
	return nil
}

// clockFault refuses what depends on the time while the hub does not know it.
func (h *Hub) clockFault() error {
	off := time.Duration(h.clockOff.Load())
	if off.Abs() <= clockStops {
		return nil
	}
	return keyshift.Refuse(keyshift.CodeClockSuspect, "The hub's clock is wrong by "+keyshift.DurationText(off.Abs())+". Nothing is lent until that is mended; revoke still works.",
		"Tell your admin: the clocks of all hubs and of the database have to be set automatically.").With("skew", off.Round(time.Second).String())
}
