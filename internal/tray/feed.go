package tray

import (
	"context"
	"errors"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// Feed follows an agent and gives a new picture whenever something changed.
type Feed struct {
	Agent Agent
	Now   func() time.Time
	// Show gets every new picture, one after the other.
	Show func(Picture)

	picture Picture
}

// Run follows the agent until ctx ends.
func (f *Feed) Run(ctx context.Context) {
	for status, err := range f.Agent.Events(ctx) {
		f.take(status, err)
		if status.GetEnrolled() {
			f.ask(ctx)
		}
		if ctx.Err() == nil {
			f.Show(f.picture)
		}
	}
}

func (f *Feed) take(status *v1.LocalServiceGetStatusResponse, err error) {
	f.picture.Status, f.picture.Problem, f.picture.At = status, Explain(err), f.Now()
	if !status.GetEnrolled() {
		f.picture.Accounts, f.picture.AccountsProblem, f.picture.Reminders = nil, nil, nil
	}
}

// ask completes the picture. What cannot be had stays as it was.
func (f *Feed) ask(ctx context.Context) {
	accounts, err := f.Agent.Accounts(ctx)
	f.picture.AccountsProblem = Explain(err)
	if err == nil {
		f.picture.Accounts = accounts.GetAccounts()
	}
	if reminders, err := f.Agent.Reminders(ctx); err == nil {
		f.picture.Reminders = reminders
	}
}

// Explain is an error as people may see it; nil for nil.
func Explain(err error) *keyshift.Error {
	var e *keyshift.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &e):
		return e
	}
	return &keyshift.Error{Code: keyshift.CodeInternal, Text: "Something went wrong in the tray.", Hint: "Try again.", Cause: err}
}
