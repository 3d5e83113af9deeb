package tray

// Names of the windows, as `keyshift-tray --window NAME` takes them.
const (
	WindowHome        = "home"
	WindowCheckOut    = "check-out"   // of the account with the id
	WindowRenew       = "renew"       // the lease with the id
	WindowCode        = "code"        // the one-time code of the lease with the id
	WindowEnroll      = "enroll"      // make this computer known to a hub
	WindowReminder    = "reminder"    // the reminder with the id; all of them without one
	WindowTerms       = "terms"       // of the network with the name, to be read and acknowledged
	WindowMistake     = "mistake"     // "I made a mistake"
	WindowSent        = "sent"        // "What leaves this device"
	WindowSettings    = "settings"    // of this tray
	WindowRelay       = "relay"       // the code with the id that somebody waits for
	WindowBrowsers    = "browsers"    // that are connected or ask to be
	WindowDiagnostics = "diagnostics" // the agent's `doctor`
)

// Windows lists the names of all windows.
func Windows() []string {
	return []string{
		WindowHome, WindowCheckOut, WindowRenew, WindowCode, WindowEnroll, WindowReminder, WindowTerms, WindowMistake, WindowSent,
		WindowRelay, WindowBrowsers, WindowSettings, WindowDiagnostics,
	}
}

// Request asks for a window. The zero value asks for none.
type Request struct {
	Window string `json:"window"`
	// Argument is what the window is about; most windows need none.
	Argument string `json:"argument,omitempty"`
}
