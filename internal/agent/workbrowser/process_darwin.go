package workbrowser

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// zombie is SZOMB of sys/proc.h.
const zombie = 5

func info(pid int) *unix.KinfoProc {
	p, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	if err != nil || p.Proc.P_stat == zombie {
		return nil
	}
	return p
}

// startOf is when a process started; empty if there is none.
func startOf(pid int) processID {
	if p := info(pid); p != nil {
		return processID(fmt.Sprintf("%d.%06d", p.Proc.P_starttime.Sec, p.Proc.P_starttime.Usec))
	}
	return ""
}

func parentOf(pid int) int {
	if p := info(pid); p != nil {
		return int(p.Eproc.Ppid)
	}
	return 0
}
