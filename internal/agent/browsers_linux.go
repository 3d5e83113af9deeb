package agent

import "path/filepath"

// Sources: "Native messaging" in Chrome's extension documentation, "Native manifests" on MDN.
var browsers = []browser{
	{"Chromium", ".config/chromium", ".config/chromium/NativeMessagingHosts"},
	{"Chrome", ".config/google-chrome", ".config/google-chrome/NativeMessagingHosts"},
	{"Edge", ".config/microsoft-edge", ".config/microsoft-edge/NativeMessagingHosts"},
	{"Brave", ".config/BraveSoftware/Brave-Browser", ".config/BraveSoftware/Brave-Browser/NativeMessagingHosts"},
	{"Firefox", ".mozilla/firefox", ".mozilla/native-messaging-hosts"},
}

func (b browser) hostsBelow(home string) string { return filepath.Join(home, b.hosts) }
