//go:build turnedclock

// This clock is for tests, which build the agent with it: the wall clock of one program cannot be set.

package main

import (
	"fmt"
	"os"
	"time"

	"github.com/keyshift-hq/keyshift/internal/bootclock"
)

func clock() bootclock.Clock { return turned{bootclock.System(), os.Getenv("KEYSHIFT_TURNED_CLOCK")} }

// turned is a clock that a file turns: in it is by how much wall clock and boot time are ahead. Without the file they are
// right.
type turned struct {
	bootclock.Clock
	file string
}

func (c turned) Read() (bootclock.Reading, error) {
	r, err := c.Clock.Read()
	text, missing := os.ReadFile(c.file)
	if err != nil || missing != nil {
		return r, err
	}
	var words [2]string
	if _, err := fmt.Sscan(string(text), &words[0], &words[1]); err != nil {
		return r, fmt.Errorf("read turned clock: %w", err)
	}
	var by [2]time.Duration
	for i, word := range words {
		if by[i], err = time.ParseDuration(word); err != nil {
			return r, fmt.Errorf("read turned clock: %w", err)
		}
	}
	r.Wall, r.Boot = r.Wall.Add(by[0]), r.Boot+by[1]
	return r, nil
}
