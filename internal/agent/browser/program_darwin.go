package browser

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// sameProgram compares the files that two processes run. The path is what the process was started with (KERN_PROCARGS2 of
// sysctl(3)): it tells a program that stumbles in, not one that lies.
func sameProgram(pid int) error {
	own, err := os.Executable()
	if err != nil {
		return fmt.Errorf("look at own program: %w", err)
	}
	raw, err := unix.SysctlRaw("kern.procargs2", pid)
	if err != nil || len(raw) < 4 {
		return fmt.Errorf("look at program of peer: %w", err)
	}
	path, _, _ := bytes.Cut(raw[4:], []byte{0})
	a, err := os.Stat(own)
	if err != nil {
		return fmt.Errorf("look at own program: %w", err)
	}
	b, err := os.Stat(string(path))
	if err != nil {
		return fmt.Errorf("look at program of peer: %w", err)
	}
	if !os.SameFile(a, b) {
		return errors.New("the peer runs another program")
	}
	return nil
}
