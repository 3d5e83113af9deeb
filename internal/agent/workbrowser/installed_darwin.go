package workbrowser

import "path/filepath"

const anyFileRuns = false

// Applications are installed for everybody or for one user.
func places(home string) []place {
	app := func(bundle, program string) []string {
		inside := filepath.Join(bundle+".app", "Contents", "MacOS", program)
		return []string{filepath.Join("/Applications", inside), filepath.Join(home, "Applications", inside)}
	}
	return []place{
		{"chrome", "Google Chrome", Chromium, app("Google Chrome", "Google Chrome")},
		{"edge", "Microsoft Edge", Chromium, app("Microsoft Edge", "Microsoft Edge")},
		{"brave", "Brave", Chromium, app("Brave Browser", "Brave Browser")},
		{"chromium", "Chromium", Chromium, app("Chromium", "Chromium")},
		{"firefox", "Firefox", Firefox, app("Firefox", "firefox")},
	}
}

func confined(string) bool { return false }
