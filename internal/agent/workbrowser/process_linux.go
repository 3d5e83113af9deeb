package workbrowser

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// stat is the part of /proc/PID/stat after the name, see proc(5): state, parent, ...; nil if there is no such process, or
// it is a zombie.
func stat(pid int) []string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil
	}
	_, after, _ := strings.Cut(string(text[strings.LastIndexByte(string(text), ')'):]), " ")
	fields := strings.Fields(after)
	if len(fields) < 20 || fields[0] == "Z" {
		return nil
	}
	return fields
}

// startOf is when a process started; empty if there is none.
func startOf(pid int) processID {
	if fields := stat(pid); fields != nil {
		return processID(fields[19])
	}
	return ""
}

func parentOf(pid int) int {
	fields := stat(pid)
	if fields == nil {
		return 0
	}
	parent, _ := strconv.Atoi(fields[1])
	return parent
}
