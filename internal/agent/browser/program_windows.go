package browser

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/windows"
)

// sameProgram compares the files that two processes run.
func sameProgram(pid int) error {
	own, err := os.Executable()
	if err != nil {
		return fmt.Errorf("look at own program: %w", err)
	}
	theirs, err := imageOf(uint32(pid)) //nolint:gosec // a process id of the system
	if err != nil {
		return fmt.Errorf("look at program of peer: %w", err)
	}
	a, err := os.Stat(own)
	if err != nil {
		return fmt.Errorf("look at own program: %w", err)
	}
	b, err := os.Stat(theirs)
	if err != nil {
		return fmt.Errorf("look at program of peer: %w", err)
	}
	if !os.SameFile(a, b) {
		return errors.New("the peer runs another program")
	}
	return nil
}

func imageOf(pid uint32) (string, error) {
	process, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, pid)
	if err != nil {
		return "", fmt.Errorf("open process: %w", err)
	}
	defer func() { _ = windows.CloseHandle(process) }()
	path := make([]uint16, windows.MAX_LONG_PATH)
	n := uint32(len(path)) //nolint:gosec // a constant
	if err := windows.QueryFullProcessImageName(process, 0, &path[0], &n); err != nil {
		return "", fmt.Errorf("read name of program: %w", err)
	}
	return windows.UTF16ToString(path[:n]), nil
}
