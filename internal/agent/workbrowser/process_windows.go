package workbrowser

import (
	"os/exec"
	"path/filepath"
	"strconv"
	"unsafe"

	"golang.org/x/sys/windows"
)

// detach keeps the browser out of the agent's console, so that it outlives it.
func detach(cmd *exec.Cmd) {
	cmd.SysProcAttr = &windows.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP}
}

// ask closes the windows of a browser, and force ends it with its helpers.
func ask(pid int)   { taskkill("/PID", strconv.Itoa(pid)) }
func force(pid int) { taskkill("/F", "/T", "/PID", strconv.Itoa(pid)) }

func taskkill(args ...string) {
	dir, err := windows.GetSystemDirectory()
	if err != nil {
		return
	}
	cmd := exec.Command(filepath.Join(dir, "taskkill.exe"), args...) //nolint:gosec // the system's own program, with a number
	cmd.SysProcAttr = &windows.SysProcAttr{HideWindow: true}
	_ = cmd.Run() // it may be gone
}

// endedWell tells of a browser that ended by itself, or because it was asked to.
func endedWell(err error) bool { return err == nil }

// startOf is when a process started; empty if there is none.
func startOf(pid int) processID {
	h, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION|windows.SYNCHRONIZE, false, uint32(pid))
	if err != nil {
		return ""
	}
	defer windows.CloseHandle(h)
	if s, err := windows.WaitForSingleObject(h, 0); err != nil || s == windows.WAIT_OBJECT_0 {
		return "" // it ended, and somebody still holds it
	}
	var created, exited, kernel, user windows.Filetime
	if windows.GetProcessTimes(h, &created, &exited, &kernel, &user) != nil {
		return ""
	}
	return processID(strconv.FormatInt(created.Nanoseconds(), 10))
}

func parentOf(pid int) int {
	all, err := windows.CreateToolhelp32Snapshot(windows.TH32CS_SNAPPROCESS, 0)
	if err != nil {
		return 0
	}
	defer windows.CloseHandle(all)
	entry := windows.ProcessEntry32{}
	entry.Size = uint32(unsafe.Sizeof(entry))
	for err = windows.Process32First(all, &entry); err == nil; err = windows.Process32Next(all, &entry) {
		if int(entry.ProcessID) == pid {
			return int(entry.ParentProcessID)
		}
	}
	return 0
}
