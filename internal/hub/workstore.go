package hub

import (
	"time"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// Hours are the work hours that count for a user.
type Hours struct {
	keyshift.WorkHours
	// Subject is the user or the group whose hours they are; empty if no hours are set.
	Subject keyshift.ID
	// LiftedUntil is until when check-outs outside of them are let through.
	LiftedUntil time.Time
}

// WorkReader reads when people work and how they are reminded. What is not set is the zero value.
type WorkReader interface {
	// WorkHours gives those that were set for a user or a group.
	WorkHours(subject keyshift.ID) (keyshift.WorkHours, error)
	// WorkHoursFor gives those that count for a user: the user's own, or those of the user's oldest group that has some.
	WorkHoursFor(user keyshift.ID) (Hours, error)
	Reminders() (keyshift.Reminders, error)
}

// WorkWriter changes them.
type WorkWriter interface {
	// SaveWorkHours sets the hours of a user or a group; without spans it removes them.
	SaveWorkHours(subject keyshift.ID, w keyshift.WorkHours) error
	LiftWorkHours(user keyshift.ID, until time.Time) error
	SaveReminders(keyshift.Reminders) error
}
