package tray

import (
	"time"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// Verb is what an entry of the menu, or a button of a notification, does.
type Verb string

// The verbs. The zero Verb does nothing.
const (
	Open       Verb = "open"        // the window Action.Request
	Renew      Verb = "renew"       // Action.Lease for Action.Duration from now
	CheckIn    Verb = "check-in"    // Action.Lease
	CopyCode   Verb = "copy-code"   // the one-time code of Action.Lease, to the clipboard
	Browse     Verb = "browse"      // the page of Action.Network in the browser
	Pause      Verb = "pause"       // reminders for Action.Duration, or today
	Resume     Verb = "resume"      // reminders
	Dismiss    Verb = "dismiss"     // Action.Reminder was read
	StartAgent Verb = "start-agent" // the agent of this user
	Quit       Verb = "quit"        // the tray; what is held stays held
)

// Action is something to do, as data. Two that are equal do the same.
type Action struct {
	Verb     Verb
	Request  Request
	Lease    string
	Network  keyshift.Network
	Reminder string
	Duration time.Duration
	Today    bool
	// Text is what is copied.
	Text string
}

func show(window, argument string) Action {
	return Action{Verb: Open, Request: Request{window, argument}}
}
