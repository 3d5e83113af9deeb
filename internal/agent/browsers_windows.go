package agent

// On Windows browsers look for native hosts in the registry. Sources: "Native messaging" in Chrome's extension
// documentation, "Native manifests" on MDN.
var browsers = []browser{
	{"Chromium", "AppData/Local/Chromium/User Data", `Software\Chromium\NativeMessagingHosts`},
	{"Chrome", "AppData/Local/Google/Chrome/User Data", `Software\Google\Chrome\NativeMessagingHosts`},
	{"Edge", "AppData/Local/Microsoft/Edge/User Data", `Software\Microsoft\Edge\NativeMessagingHosts`},
	{"Brave", "AppData/Local/BraveSoftware/Brave-Browser/User Data", `Software\BraveSoftware\Brave-Browser\NativeMessagingHosts`},
	{"Firefox", "AppData/Roaming/Mozilla/Firefox", `Software\Mozilla\NativeMessagingHosts`},
}

func (b browser) hostsBelow(string) string { return `HKEY_CURRENT_USER\` + b.hosts }
