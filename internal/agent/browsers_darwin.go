package agent

import "path/filepath"

// Sources: "Native messaging" in Chrome's extension documentation, "Native manifests" on MDN.
var browsers = []browser{
	{"Chromium", "Library/Application Support/Chromium", "Library/Application Support/Chromium/NativeMessagingHosts"},
	{"Chrome", "Library/Application Support/Google/Chrome", "Library/Application Support/Google/Chrome/NativeMessagingHosts"},
	{"Edge", "Library/Application Support/Microsoft Edge", "Library/Application Support/Microsoft Edge/NativeMessagingHosts"},
	{"Brave", "Library/Application Support/BraveSoftware/Brave-Browser", "Library/Application Support/BraveSoftware/Brave-Browser/NativeMessagingHosts"},
	{"Firefox", "Library/Application Support/Firefox", "Library/Application Support/Mozilla/NativeMessagingHosts"},
}

func (b browser) hostsBelow(home string) string { return filepath.Join(home, b.hosts) }
