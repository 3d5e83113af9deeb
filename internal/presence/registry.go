package presence

import (
	"regexp"
	"strconv"
	"time"
)

var (
	hidIdle      = regexp.MustCompile(`"HIDIdleTime" ?= ?(\d{1,18})\b`)
	screenLocked = regexp.MustCompile(`"CGSSessionScreenIsLocked" ?= ?(Yes|true|1)\b`)
)

// idleOf finds the time without input in what ioreg prints of IOHIDSystem, in nanoseconds; 0 if it is not there.
func idleOf(text string) time.Duration {
	found := hidIdle.FindStringSubmatch(text)
	if found == nil {
		return 0
	}
	n, _ := strconv.ParseInt(found[1], 10, 64)
	return time.Duration(n)
}

// lockedIn reports whether what ioreg prints of the root says that the session's screen is locked.
func lockedIn(text string) bool { return screenLocked.MatchString(text) }
