//go:build !unix

package server

import "math"

// openFiles is how many connections this process may have open: nothing but memory bounds them here.
func openFiles() int { return math.MaxInt32 }
