package tray

import (
	"time"

	"github.com/keyshift-hq/keyshift/internal/i18n"
)

// WindowOptions are what a window process is given.
type WindowOptions struct {
	Agent Agent
	Words i18n.Catalog
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
