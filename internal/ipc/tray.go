package ipc

// TrayPath is where the tray of a user listens whose agent listens at path: in the same directory, or under the same name
// with an ending of its own.
func TrayPath(agent string) string { return trayPath(agent) }
