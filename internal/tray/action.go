package tray

import (
	"time"
)

// Verb is what an entry of the menu, or a button of a notification, does.
type Verb string

// The verbs. The zero Verb does nothing.
const (
	Open       Verb = "open"        // the window Action.Request
	Renew      Verb = "renew"       // Action.Lease for Action.Duration from now
	CheckIn    Verb = "check-in"    // Action.Lease
	CopyCode   Verb = "copy-code"   // the one-time code of Action.Lease, to the clipboard
	OpenWork   Verb = "open-work"   // the network of Action.Lease in the work browser
	Accept     Verb = "accept"      // the browser that shows Action.Code is the user's own
	Refuse     Verb = "refuse"      // the browser that shows Action.Code is not
	Forget     Verb = "forget"      // the browser profile with the id Action.Text is not connected any more
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
	Reminder string
	Duration time.Duration
	Today    bool
	// Code is what a browser shows that asks to be connected.
	Code string
	// Text is what is copied, or an id.
	Text string
}

func show(window, argument string) Action {
	return Action{Verb: Open, Request: Request{window, argument}}
}
