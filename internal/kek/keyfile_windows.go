package kek

import (
	"io/fs"
	"os"
)

// Without the owner's write bit Windows marks the file read-only, and a
// read-only file cannot be replaced by Rotate.
const keyFileMode fs.FileMode = 0o600

// exposed cannot tell from the mode, which Windows makes up.
func exposed(*os.File, fs.FileMode) bool { return false }

// keepOwner does nothing: a new file takes its rights from the directory.
func keepOwner(*os.File, string) error { return nil }

// syncDir does nothing: Windows has no flush for directories, and NTFS
// journals the names.
func syncDir(string) error { return nil }
