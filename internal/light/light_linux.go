package light

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// releaseProgram lets the system unmap the pages of the program's own file. Starting touched most of them; the few that are
// needed come back from the file's cache by themselves.
func releaseProgram() error {
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find program: %w", err)
	}
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return fmt.Errorf("read own mappings: %w", err)
	}
	for line := range strings.Lines(string(maps)) {
		if begin, end, ok := readOnlyMapping(line, program); ok {
			_, _, errno := unix.Syscall(unix.SYS_MADVISE, begin, end-begin, unix.MADV_DONTNEED)
			if errno != 0 {
				err = errors.Join(err, fmt.Errorf("release %x-%x: %w", begin, end, errno))
			}
		}
	}
	return err
}

// readOnlyMapping reads a line of /proc/PID/maps (proc(5)) if it maps a file that the process cannot write to there: what
// is written would be lost.
func readOnlyMapping(line, file string) (begin, end uintptr, ok bool) {
	fields := strings.Fields(line)
	if len(fields) != 6 || fields[5] != file || !strings.HasPrefix(fields[1], "r-") {
		return 0, 0, false
	}
	_, err := fmt.Sscanf(fields[0], "%x-%x", &begin, &end)
	return begin, end, err == nil && begin < end
}
