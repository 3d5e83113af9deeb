package app

// opener opens an address in the browser.
func opener(address string) []string {
	return []string{"rundll32.exe", "url.dll,FileProtocolHandler", address}
}
