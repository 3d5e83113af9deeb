package workbrowser

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
)

const anyFileRuns = false

// Distributions install into /usr/bin and /opt; snap and flatpak put launchers into folders of their own.
func places(string) []place {
	return []place{
		{"chromium", "Chromium", Chromium, []string{"/usr/bin/chromium", "/usr/bin/chromium-browser", "/snap/bin/chromium", "/var/lib/flatpak/exports/bin/org.chromium.Chromium"}},
		{"chrome", "Google Chrome", Chromium, []string{"/usr/bin/google-chrome-stable", "/usr/bin/google-chrome", "/opt/google/chrome/google-chrome", "/var/lib/flatpak/exports/bin/com.google.Chrome"}},
		{"edge", "Microsoft Edge", Chromium, []string{"/usr/bin/microsoft-edge-stable", "/usr/bin/microsoft-edge", "/var/lib/flatpak/exports/bin/com.microsoft.Edge"}},
		{"brave", "Brave", Chromium, []string{"/usr/bin/brave-browser-stable", "/usr/bin/brave-browser", "/snap/bin/brave", "/var/lib/flatpak/exports/bin/com.brave.Browser"}},
		{"firefox", "Firefox", Firefox, []string{"/usr/bin/firefox-esr", "/usr/bin/firefox", "/opt/firefox/firefox", "/snap/bin/firefox", "/var/lib/flatpak/exports/bin/org.mozilla.firefox"}},
	}
}

// confined tells whether a program is a snap or flatpak. Ubuntu's /usr/bin/firefox is a script that starts the snap.
func confined(path string) bool {
	if real, err := filepath.EvalSymlinks(path); err == nil && (strings.HasPrefix(real, "/snap/") || real == "/usr/bin/snap") {
		return true
	}
	if strings.HasPrefix(path, "/snap/") || strings.Contains(path, "/flatpak/") {
		return true
	}
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	head, _ := io.ReadAll(io.LimitReader(f, 4096))
	return bytes.HasPrefix(head, []byte("#!")) && bytes.Contains(head, []byte("/snap/bin/"))
}
