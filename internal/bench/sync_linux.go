package bench

import (
	"os"

	"golang.org/x/sys/unix"
)

// datasync waits until what was written is durable, as the databases do.
func datasync(file *os.File) error { return unix.Fdatasync(int(file.Fd())) }
