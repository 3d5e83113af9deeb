// Package until is how tests wait for what another process or goroutine does, where nobody tells them that it is done: they
// look again and again, up to a time limit that only something broken reaches. A condition that is made in the same process is
// better waited for with a channel.
package until

import (
	"fmt"
	"time"
)

// between is the pause from one look to the next.
const between = 20 * time.Millisecond

// True waits until so says yes. The error names what was waited for.
func True(what string, within time.Duration, so func() bool) error {
	if repeat(within, so) {
		return nil
	}
	return fmt.Errorf("not within %v: %s", within, what)
}

// Seen is True for a look that also tells what is there instead: the error ends with what was seen last.
func Seen(what string, within time.Duration, look func() (yes bool, seen string)) error {
	last := ""
	if repeat(within, func() (yes bool) { yes, last = look(); return yes }) {
		return nil
	}
	return fmt.Errorf("not within %v: %s. Last seen:\n%s", within, what, last)
}

// repeat looks once at least, and reports whether it was so in time.
func repeat(within time.Duration, so func() bool) bool {
	tick := time.NewTicker(between)
	defer tick.Stop()
	late := time.After(within)
	for !so() {
		select {
		case <-tick.C:
		case <-late:
			return false
		}
	}
	return true
}
