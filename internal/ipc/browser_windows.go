package ipc

func browserPath(agent string) string { return agent + "-browser" }
