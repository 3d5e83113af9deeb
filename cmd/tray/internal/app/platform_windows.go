package app

// runtimeDir is nothing: pipes have no folder.
func runtimeDir(func(string) string) (string, error) { return "", nil }

func hasDisplay(func(string) string) bool { return true }

func hasBus(func(string) string) bool { return true }
