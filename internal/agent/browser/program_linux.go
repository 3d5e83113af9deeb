package browser

import (
	"errors"
	"fmt"
	"os"
	"strconv"
)

// sameProgram compares the files that two processes run, in /proc.
func sameProgram(pid int) error {
	own, err := os.Stat("/proc/self/exe")
	if err != nil {
		return fmt.Errorf("look at own program: %w", err)
	}
	theirs, err := os.Stat("/proc/" + strconv.Itoa(pid) + "/exe")
	if err != nil {
		return fmt.Errorf("look at program of peer: %w", err)
	}
	if !os.SameFile(own, theirs) {
		return errors.New("the peer runs another program")
	}
	return nil
}
