package hardening

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

func apply() error {
	return errors.Join(denyDump(), denyCore())
}

func denyDump() error {
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("set not dumpable: %w", err)
	}
	return nil
}
