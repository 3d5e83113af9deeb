package kek

import (
	"io/fs"
	"os"
)

// exposed tells whether anyone but the owner may use the file, by its mode.
func exposed(_ *os.File, perm fs.FileMode) bool {
	return perm&0o077 != 0
}
