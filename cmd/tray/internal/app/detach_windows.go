package app

import (
	"os/exec"
	"syscall"

	win "golang.org/x/sys/windows"
)

// detach makes a command a process without a console, so that it does not end with this one's.
func detach(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: win.DETACHED_PROCESS | win.CREATE_NEW_PROCESS_GROUP}
}
