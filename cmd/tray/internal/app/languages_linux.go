package app

// systemLanguages are none besides those of the environment.
func systemLanguages() []string { return nil }
