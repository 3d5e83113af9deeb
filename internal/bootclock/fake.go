package bootclock

import (
	"fmt"
	"sync"
	"time"
)

// Fake is a Clock for tests that stands still until it is told to move. It is safe for concurrent use.
type Fake struct {
	mu    sync.Mutex
	now   Reading
	boots int
	err   error
}

// NewFake is a machine that was booted an hour before wall.
func NewFake(wall time.Time) *Fake {
	f := &Fake{}
	f.now = Reading{Wall: wall.Round(0).UTC(), Boot: time.Hour, BootID: f.nextBoot()}
	return f
}

// Read gives the reading of the moment, or the error set by [Fake.Fail].
func (f *Fake) Read() (Reading, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return Reading{}, f.err
	}
	return f.now, nil
}

// Advance moves both clocks. Time that passes, awake or asleep, moves them alike;
// a difference is a wall clock that was set meanwhile.
func (f *Fake) Advance(wall, boot time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now.Wall = f.now.Wall.Add(wall)
	f.now.Boot += boot
}

// SetWall sets the wall clock and leaves boot time alone.
func (f *Fake) SetWall(t time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now.Wall = t.Round(0).UTC()
}

// Reboot starts boot time at zero under a new boot id. The wall clock stands still meanwhile.
func (f *Fake) Reboot() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now.Boot, f.now.BootID = 0, f.nextBoot()
}

// Fail makes every Read give err, until it is called with nil.
func (f *Fake) Fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
}

func (f *Fake) nextBoot() string {
	f.boots++
	return fmt.Sprintf("00000000-0000-4000-8000-%012d", f.boots)
}
