package presence

import (
	"strconv"
	"strings"
	"time"
)

// valueIn finds what ioreg prints behind a name, up to where the next thing begins; "" if the name is not there.
func valueIn(text, name string) string {
	_, after, _ := strings.Cut(text, `"`+name+`"`)
	after, ok := strings.CutPrefix(strings.TrimLeft(after, " "), "=")
	if !ok {
		return ""
	}
	after = strings.TrimLeft(after, " ")
	if end := strings.IndexAny(after, " ,;)}\n"); end >= 0 {
		after = after[:end]
	}
	return after
}

// idleOf finds the time without input in what ioreg prints of IOHIDSystem, in nanoseconds; 0 if it is not there.
func idleOf(text string) time.Duration {
	n, err := strconv.ParseInt(valueIn(text, "HIDIdleTime"), 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return time.Duration(n)
}

// lockedIn reports whether what ioreg prints of the root says that the session's screen is locked.
func lockedIn(text string) bool { return valueIn(text, "CGSSessionScreenIsLocked") == "Yes" }
