package nativehost

import (
	"path/filepath"

	"github.com/keyshift-hq/keyshift/internal/native"
)

// places are below the home folder, and for all users. Chromium and Firefox of Debian were tried; the others are as their
// makers document them. Brave looks for those of all users where Chrome does.
var places = []struct {
	browser            native.Browser
	name               string
	data, hosts, below string
}{
	{native.Chromium, "Chromium", ".config/chromium", ".config/chromium/NativeMessagingHosts", "/etc/chromium/native-messaging-hosts"},
	{native.Chrome, "Chrome", ".config/google-chrome", ".config/google-chrome/NativeMessagingHosts", "/etc/opt/chrome/native-messaging-hosts"},
	{native.Edge, "Edge", ".config/microsoft-edge", ".config/microsoft-edge/NativeMessagingHosts", "/etc/opt/edge/native-messaging-hosts"},
	{native.Brave, "Brave", ".config/BraveSoftware/Brave-Browser", ".config/BraveSoftware/Brave-Browser/NativeMessagingHosts", "/etc/opt/chrome/native-messaging-hosts"},
	{native.Firefox, "Firefox", ".mozilla/firefox", ".mozilla/native-messaging-hosts", "/usr/lib/mozilla/native-messaging-hosts"},
}

// Places lists where browsers look for native hosts: of the user with this home folder, or of all users.
func Places(home string, system bool) []Place {
	var list []Place
	for _, p := range places {
		dir := filepath.Join(home, p.hosts)
		if system {
			dir = p.below
		}
		list = append(list, Place{
			Browser: p.browser, Name: p.name, Firefox: p.browser == native.Firefox, Data: filepath.Join(home, p.data), Dir: dir, system: system,
		})
	}
	return list
}
