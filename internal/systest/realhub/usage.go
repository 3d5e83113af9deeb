package realhub

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Usage is what a process has of the machine.
type Usage struct {
	// RSS is the memory that is resident, in bytes.
	RSS int64
	// Descriptors and Threads are how many it has.
	Descriptors, Threads int
}

// Usage looks at the process, on Linux.
func (p *Process) Usage() (Usage, error) { return UsageOf(p.PID()) }

// UsageOf looks at any process of this machine, on Linux.
func UsageOf(pid int) (Usage, error) {
	dir := "/proc/" + strconv.Itoa(pid)
	status, err := os.ReadFile(dir + "/status")
	if err != nil {
		return Usage{}, fmt.Errorf("read usage: %w", err)
	}
	open, err := os.ReadDir(dir + "/fd")
	if err != nil {
		return Usage{}, fmt.Errorf("read descriptors: %w", err)
	}
	return Usage{RSS: field(string(status), "VmRSS") << 10, Descriptors: len(open), Threads: int(field(string(status), "Threads"))}, nil
}

// field reads a number of /proc/PID/status, 0 where it is not.
func field(status, name string) int64 {
	_, rest, _ := strings.Cut(status, "\n"+name+":")
	words := strings.Fields(rest)
	if len(words) == 0 {
		return 0
	}
	n, _ := strconv.ParseInt(words[0], 10, 64)
	return n
}
