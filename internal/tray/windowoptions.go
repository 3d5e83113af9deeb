package tray

import (
	"context"
	"time"
)

// WindowOptions are what a window process is given.
type WindowOptions struct {
	Agent Agent
	// Languages are those of the computer, the best first. Settings may say another one.
	Languages []string
	Settings  Settings
	// Save keeps changed settings; nil if they cannot be kept.
	Save func(Settings) error
	// Login starts the tray at login; nil if that is not offered.
	Login Login
	// StartAgent starts the agent; nil if that is not possible.
	StartAgent func(context.Context) error
	// NewID makes ids of requests.
	NewID func() string
	// First is the window to begin with.
	First Request
	// Requests ask for further windows. When it is closed, Run ends.
	Requests <-chan Request
	// Shown is told of each request whose window is there.
	Shown func(Request)
	// Linger is how long Run goes on without a window, so that the next one is there at once.
	Linger time.Duration
	Now    func() time.Time
}

// Login is the start of the tray when the user signs in to the computer.
type Login interface {
	Enabled() (bool, error)
	Set(on bool) error
}
