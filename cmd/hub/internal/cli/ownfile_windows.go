package cli

import (
	"io/fs"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// notOwn looks at the kind of file only: who may use it lies in the access list of the user's own folder.
func notOwn(info fs.FileInfo, _ fs.FileMode) string {
	if !info.Mode().IsRegular() {
		return "is not a plain file"
	}
	return ""
}

// checkTokenFile refuses token files: permission bits do not protect them here, and every user has a Credential Manager.
func checkTokenFile() error {
	return keyshift.Invalid(keyshift.CodeFieldInvalid, "On Windows a token is not kept in a file: its permissions could not be told.",
		"Leave --token-file out; the token then lies in Credential Manager.")
}
