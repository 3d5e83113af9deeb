package nativehost

// SystemFolders are where ids are recorded for all users.
func SystemFolders() []string { return []string{"/etc/keyshift"} }
