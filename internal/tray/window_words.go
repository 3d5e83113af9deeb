package tray

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/keyshift-hq/keyshift/internal/i18n"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// Verbs of buttons in windows, besides those of the menu.
const (
	// Again repeats what was refused, with the same request id.
	Again Verb = "again"
	// AskHub makes the agent ask the hub for news.
	AskHub Verb = "ask-hub"
	// Copy puts Action.Text on the clipboard.
	Copy Verb = "copy"
	// EditReason and EditDuration lead back to a field of the form.
	EditReason   Verb = "edit-reason"
	EditDuration Verb = "edit-duration"
)

// Offer is a button of a window.
type Offer struct {
	Text   string
	Action Action
	// Main marks the one that most people want.
	Main bool
}

// Left writes the time that is left the way it is read at a glance: "1 h 05 min", "42 min", and under two minutes
// "1:59". What is begun counts as whole, so that "0" is never shown while something is left.
func Left(d time.Duration) string {
	if d <= 0 {
		return "0:00"
	}
	if seconds := int(math.Ceil(d.Seconds())); seconds < 120 {
		return fmt.Sprintf("%d:%02d", seconds/60, seconds%60)
	}
	return Length(time.Duration(math.Ceil(d.Minutes())) * time.Minute)
}

// Length writes a length of time in hours and minutes: "15 min", "2 h", "1 h 30 min".
func Length(d time.Duration) string {
	hours, minutes := int(d/time.Hour), int(d%time.Hour/time.Minute)
	switch {
	case hours == 0:
		return strconv.Itoa(minutes) + " min"
	case minutes == 0:
		return strconv.Itoa(hours) + " h"
	}
	return fmt.Sprintf("%d h %02d min", hours, minutes)
}

// NextChange is how long a text of [Left] stays true: whoever draws one need not look again before. 0 means for ever.
func NextChange(d time.Duration) time.Duration {
	switch last := 119 * time.Second; {
	case d <= 0:
		return 0
	case d <= last:
		return upTo(d, time.Second)
	default:
		return min(upTo(d, time.Minute), d-last)
	}
}

// upTo is how long it takes to the next whole step below d.
func upTo(d, step time.Duration) time.Duration {
	if rest := d % step; rest > 0 {
		return rest
	}
	return step
}

// Date writes a day in the order that the language uses.
func Date(c i18n.Catalog, t time.Time) string {
	return c.Text("win_date", strconv.Itoa(t.Day()), strconv.Itoa(int(t.Month())), strconv.Itoa(t.Year()))
}

// Clock writes a moment near now: "14:30", with the date if it is another day.
func Clock(c i18n.Catalog, at, now time.Time) string {
	at = at.In(now.Location())
	if at.Format(time.DateOnly) == now.Format(time.DateOnly) {
		return at.Format("15:04")
	}
	return Date(c, at) + " " + at.Format("15:04")
}

// At writes a handle with its "@", safe to show.
func At(handle string) string { return "@" + keyshift.CleanText(handle, 100) }
