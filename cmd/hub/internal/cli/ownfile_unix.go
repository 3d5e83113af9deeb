//go:build unix

package cli

import (
	"io/fs"
	"os"
	"syscall"
)

// notOwn says what is wrong with a file, or nothing.
func notOwn(info fs.FileInfo, mask fs.FileMode) string {
	stat, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !info.Mode().IsRegular():
		return "is not a plain file"
	case !ok || int(stat.Uid) != os.Geteuid():
		return "belongs to another user"
	case info.Mode().Perm()&mask&0o044 != 0:
		return "can be read by other users"
	case info.Mode().Perm()&mask != 0:
		return "can be changed by other users"
	}
	return ""
}

// checkTokenFile: permission bits are enough.
func checkTokenFile() error { return nil }
