package keyshift

import (
	"slices"
	"time"
)

// Reminders is how a company wants its people to be reminded. The zero value takes what is usual.
type Reminders struct {
	// PerHour is how many reminders a user sees in any hour at most; 0 means [DefaultReminders].
	PerHour int
	// Every is how long after one word on personal use the next comes while a lease is live; 0 means [DefaultRemindEvery].
	Every time.Duration
	// MayPauseToday lets users pause reminders for the rest of a day.
	MayPauseToday bool
}

// What is usual, and how far it can be changed.
const (
	DefaultReminders   = 4
	MaxReminders       = 20
	DefaultRemindEvery = 45 * time.Minute
	MinRemindEvery     = 10 * time.Minute
	MaxRemindEvery     = 24 * time.Hour
)

// Validate refuses what nobody would want to be reminded by.
func (r Reminders) Validate() error {
	if r.PerHour < 0 || r.PerHour > MaxReminders {
		return Invalid(CodeFieldInvalid, "That is no usable number of reminders in an hour.", "Use 1 to 20, or 0 for the usual 4.")
	}
	if r.Every != 0 && (r.Every < MinRemindEvery || r.Every > MaxRemindEvery) {
		return Invalid(CodeFieldInvalid, "That is no usable time between reminders.", "Use 10 minutes to 24 hours, or 0 for the usual 45 minutes.")
	}
	return nil
}

// ReminderCount is how often a device showed reminders of a kind on a day, and how often its user answered.
type ReminderCount struct {
	Day      Date
	Kind     string
	Shown    int64
	Answered int64
}

// Bounds of what a device can count.
const (
	// MaxReminderCounts is how many counts a device tells at once.
	MaxReminderCounts = 100
	// ReminderCountDays is for how many days a device keeps counts that it could not tell.
	ReminderCountDays = 14
	maxCount          = 10_000
)

// reminderKinds are those of package reminder. Only they are counted: every further one would be a row for each day and device.
var reminderKinds = []string{"ends_soon", "ended", "changed", "terms", "personal", "lesson"}

// Plausible reports whether a count can be meant on a day: nobody counts the future, or what is long over.
func (c ReminderCount) Plausible(today Date) bool {
	return slices.Contains(reminderKinds, c.Kind) && c.Shown > 0 && c.Shown <= maxCount && c.Answered >= 0 && c.Answered <= maxCount &&
		!today.Add(1).Before(c.Day) && !c.Day.Before(today.Add(-ReminderCountDays-2))
}
