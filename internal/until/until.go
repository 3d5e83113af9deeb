// Package until is how tests wait for what another process or goroutine does, where nobody tells them that it is done: they
// look again and again, up to a time limit that only something broken reaches. A condition that is made in the same process is
// better waited for with a channel.
package until

import (
	"fmt"
	"time"
)

// Looks are between apart at least. After a look that took long, as one that starts a program does, the pause is as long; and the
// longer something takes, the less it matters to hear of it at once: a pause is a part of all that was waited. None is longer than
// longest. Who waits so leaves the processors to what is waited for: a browser that is asked fifty times a second does little else.
const (
	between = 20 * time.Millisecond
	longest = 250 * time.Millisecond
	part    = 16
)

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
	first := time.Now()
	for late := time.After(within); ; {
		began := time.Now()
		if so() {
			return true
		}
		select {
		case <-time.After(pause(time.Since(began), time.Since(first))):
		case <-late:
			return false
		}
	}
}

// pause is how long to wait after a look that took so long, when all looks and pauses took as long as waited.
func pause(took, waited time.Duration) time.Duration {
	return min(max(between, took, waited/part), longest)
}
