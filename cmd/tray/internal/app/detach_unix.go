//go:build linux || darwin

package app

import (
	"os/exec"
	"syscall"
)

// detach makes a command a session of its own, so that it does not end with this one.
func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }
