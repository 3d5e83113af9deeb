package workbrowser

import (
	"path/filepath"

	"golang.org/x/sys/windows"
)

const anyFileRuns = true

// Browsers are installed for everybody below Program Files, or for one user below the local application data.
func places(home string) []place {
	roots := []string{known(windows.FOLDERID_ProgramFiles), known(windows.FOLDERID_ProgramFilesX86), filepath.Join(home, "AppData", "Local")}
	below := func(parts ...string) (all []string) {
		for _, r := range roots {
			if r != "" {
				all = append(all, filepath.Join(append([]string{r}, parts...)...))
			}
		}
		return all
	}
	return []place{
		{"edge", "Microsoft Edge", Chromium, below("Microsoft", "Edge", "Application", "msedge.exe")},
		{"chrome", "Google Chrome", Chromium, below("Google", "Chrome", "Application", "chrome.exe")},
		{"brave", "Brave", Chromium, below("BraveSoftware", "Brave-Browser", "Application", "brave.exe")},
		{"chromium", "Chromium", Chromium, below("Chromium", "Application", "chrome.exe")},
		{"firefox", "Firefox", Firefox, below("Mozilla Firefox", "firefox.exe")},
	}
}

func known(id *windows.KNOWNFOLDERID) string {
	path, err := windows.KnownFolderPath(id, windows.KF_FLAG_DEFAULT)
	if err != nil {
		return ""
	}
	return path
}

func confined(string) bool { return false }
