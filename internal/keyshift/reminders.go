package keyshift

import "time"

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
