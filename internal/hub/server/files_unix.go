//go:build unix

package server

import (
	"math"

	"golang.org/x/sys/unix"
)

// openFiles is how many files, connections among them, this process may have open.
func openFiles() int {
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) != nil || limit.Cur > math.MaxInt32 {
		return math.MaxInt32
	}
	return int(limit.Cur) //nolint:gosec // it is small
}
