package nativehost

import (
	"path/filepath"

	"golang.org/x/sys/windows"
)

// SystemFolders are where ids are recorded for all users.
func SystemFolders() []string {
	programs, err := windows.KnownFolderPath(windows.FOLDERID_ProgramFiles, 0)
	if err != nil {
		return nil
	}
	return []string{filepath.Join(programs, "Keyshift")}
}
