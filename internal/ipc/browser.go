package ipc

// BrowserPath is where the agent that listens at path listens for native hosts: in the same directory, or under the same
// name with an ending of its own.
func BrowserPath(agent string) string { return browserPath(agent) }
