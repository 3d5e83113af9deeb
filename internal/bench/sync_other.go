//go:build !linux

package bench

import "os"

// datasync waits until what was written is durable.
func datasync(file *os.File) error { return file.Sync() }
