//go:build linux || darwin

package atomicfile

import (
	"errors"
	"fmt"
	"os"
)

// movesOpen: an open file can get another name.
const movesOpen = true

// syncDir makes changes of names in dir durable.
func syncDir(dir *os.Root) error {
	d, err := dir.Open(".")
	if err != nil {
		return fmt.Errorf("sync directory: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("sync directory: %w", err)
	}
	return nil
}
