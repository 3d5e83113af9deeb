package app

// opener opens an address in the browser.
func opener(address string) []string { return []string{"xdg-open", address} }
