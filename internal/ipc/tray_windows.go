package ipc

func trayPath(agent string) string { return agent + "-tray" }
