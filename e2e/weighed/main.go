// Weighed runs a program and tells how much memory it had at most. It is small itself: Linux counts the memory of whoever
// starts a program as the program's, until it is loaded.
//
//	weighed FILE PROGRAM ARGS    the program has weighed's input and outputs; FILE gets its largest resident set in KiB
package main

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: weighed FILE PROGRAM ARGS")
		os.Exit(2)
	}
	code, err := weigh(os.Args[1], os.Args[2], os.Args[3:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "weighed:", err)
		os.Exit(2)
	}
	os.Exit(code)
}

func weigh(file, program string, args []string) (code int, err error) {
	cmd := exec.Command(program, args...) //nolint:gosec,noctx // a test says which
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Run(); cmd.ProcessState == nil {
		return 0, fmt.Errorf("run %s: %w", program, err)
	}
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0, fmt.Errorf("weigh %s: no resource usage", program)
	}
	if err := os.WriteFile(file, strconv.AppendInt(nil, usage.Maxrss, 10), 0o600); err != nil {
		return 0, fmt.Errorf("write weight: %w", err)
	}
	return cmd.ProcessState.ExitCode(), nil
}
