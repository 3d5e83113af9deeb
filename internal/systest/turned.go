package systest

import (
	"fmt"
	"sync"
	"time"

	"github.com/keyshift-hq/keyshift/internal/bootclock"
)

// Turned is the clock of a computer that somebody turns: it goes on with the real one. The zero value is the real one.
type Turned struct {
	mu    sync.Mutex
	wall  time.Duration
	boot  time.Duration
	boots int
}

// Turn moves the wall clock and boot time on by so much. Sleep moves both, somebody who sets the clock only the first.
func (c *Turned) Turn(wall, boot time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wall += wall
	c.boot += boot
}

// Reboot starts boot time anew.
func (c *Turned) Reboot() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.boots++
}

// Now is the wall clock, for a hub.
func (c *Turned) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.wall)
}

// Read implements [bootclock.Clock].
func (c *Turned) Read() (bootclock.Reading, error) {
	r, err := bootclock.System().Read()
	c.mu.Lock()
	defer c.mu.Unlock()
	r.Wall, r.Boot = r.Wall.Add(c.wall), r.Boot+c.boot
	if c.boots > 0 {
		r.BootID = fmt.Sprintf("%s-%d", r.BootID, c.boots)
	}
	return r, err
}
