package nativehost

import (
	"path/filepath"

	"github.com/keyshift-hq/keyshift/internal/native"
)

// places are below Library/Application Support of the home folder, and below /Library for all users. Sources: "Native
// messaging" in Chrome's extension documentation and in Edge's, "Native manifests" on MDN. Brave has no place of its own for
// all users and looks where Chrome does.
var places = []struct {
	browser            native.Browser
	name               string
	data, hosts, below string
}{
	{native.Chromium, "Chromium", "Chromium", "Chromium/NativeMessagingHosts", "Application Support/Chromium/NativeMessagingHosts"},
	{native.Chrome, "Chrome", "Google/Chrome", "Google/Chrome/NativeMessagingHosts", "Google/Chrome/NativeMessagingHosts"},
	{native.Edge, "Edge", "Microsoft Edge", "Microsoft Edge/NativeMessagingHosts", "Microsoft/Edge/NativeMessagingHosts"},
	{native.Brave, "Brave", "BraveSoftware/Brave-Browser", "BraveSoftware/Brave-Browser/NativeMessagingHosts", "Google/Chrome/NativeMessagingHosts"},
	{native.Firefox, "Firefox", "Firefox", "Mozilla/NativeMessagingHosts", "Application Support/Mozilla/NativeMessagingHosts"},
}

// Places lists where browsers look for native hosts: of the user with this home folder, or of all users.
func Places(home string, system bool) []Place {
	support := filepath.Join(home, "Library", "Application Support")
	var list []Place
	for _, p := range places {
		dir := filepath.Join(support, p.hosts)
		if system {
			dir = filepath.Join("/Library", p.below)
		}
		list = append(list, Place{
			Browser: p.browser, Name: p.name, Firefox: p.browser == native.Firefox, Data: filepath.Join(support, p.data), Dir: dir, system: system,
		})
	}
	return list
}
