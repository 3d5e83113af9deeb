//go:build linux || darwin

package hardening

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// denyCore lowers the hard limit, too, so that nothing in the process can raise it again without privilege.
func denyCore() error {
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return fmt.Errorf("set core limit: %w", err)
	}
	return nil
}
