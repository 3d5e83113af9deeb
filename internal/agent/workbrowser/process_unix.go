//go:build unix

package workbrowser

import (
	"errors"
	"os/exec"
	"syscall"
)

// detach gives a browser a process group of its own: it outlives the agent, and ends as a whole.
func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// ask sends the signal of a logout, at which browsers save and end.
func ask(pid int) { _ = syscall.Kill(pid, syscall.SIGTERM) } // it may be gone

// force ends the browser and its helpers.
func force(pid int) {
	_ = syscall.Kill(-pid, syscall.SIGKILL)
	_ = syscall.Kill(pid, syscall.SIGKILL)
}

// endedWell tells of a browser that ended by itself, or because it was asked to: Firefox does nothing more when it is.
func endedWell(err error) bool {
	exit, failed := errors.AsType[*exec.ExitError](err)
	if !failed {
		return err == nil
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGTERM
}
