package soak

import (
	"sync"
	"time"

	"github.com/keyshift-hq/keyshift/internal/bootclock"
)

// clock is the clock of one computer: the real one, moved.
type clock struct {
	mu         sync.Mutex
	wall, boot time.Duration
}

// Read implements [bootclock.Clock].
func (c *clock) Read() (bootclock.Reading, error) {
	now, err := bootclock.System().Read()
	c.mu.Lock()
	defer c.mu.Unlock()
	now.Wall, now.Boot = now.Wall.Add(c.wall), now.Boot+c.boot
	return now, err
}

// setWall moves the wall clock away from the true time.
func (c *clock) setWall(off time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wall = off
}

// sleep lets time pass as if the lid had been closed for so long. The wall clock shows it until somebody corrects it.
func (c *clock) sleep(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.boot += d
}
