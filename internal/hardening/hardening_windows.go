package hardening

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/windows"
)

// Flags of WerSetFlags, from <werapi.h>.
const (
	werNoHeap = 1
	werNoUI   = 32
)

var (
	kernel32    = windows.NewLazySystemDLL("kernel32.dll")
	werGetFlags = kernel32.NewProc("WerGetFlags")
	werSetFlags = kernel32.NewProc("WerSetFlags")
)

// apply adds to the flags that the Go runtime has set. A system without error reporting (Wine is one)
// makes no reports that could hold anything.
func apply() error {
	var flags uint32
	self := windows.CurrentProcess()
	code, _, _ := werGetFlags.Call(uintptr(self), uintptr(unsafe.Pointer(&flags)))
	if code == uintptr(windows.E_NOTIMPL) {
		return nil
	}
	if code != 0 {
		return fmt.Errorf("read error reporting flags: %w", windows.Errno(code))
	}
	if code, _, _ := werSetFlags.Call(uintptr(flags | werNoHeap | werNoUI)); code != 0 {
		return fmt.Errorf("set error reporting flags: %w", windows.Errno(code))
	}
	return nil
}

// denyCore has nothing to do: there are no core files.
func denyCore() error { return nil }
