package bootclock

import (
	"fmt"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// bootCounter is the address of KUSER_SHARED_DATA.BootId: the page is mapped at 0x7FFE0000 in every process, the
// field lies at 0x2C4 (ntddk.h, Windows 10 and later).
const bootCounter = 0x7FFE0000 + 0x2C4

// timeOfDay is SYSTEM_TIMEOFDAY_INFORMATION. Times count 100 ns; setting the clock moves BootTime and BootTimeBias
// by the same amount.
type timeOfDay struct {
	BootTime      int64
	CurrentTime   int64
	TimeZoneBias  int64
	TimeZoneID    uint32
	_             uint32
	BootTimeBias  int64
	SleepTimeBias int64
}

func sinceBoot() (time.Duration, error) { return windows.DurationSinceBoot(), nil }

func bootID() (string, error) {
	counter, err := readCounter()
	if err != nil {
		return "", fmt.Errorf("read boot counter: %w", err)
	}
	var day timeOfDay
	size := uint32(unsafe.Sizeof(day))
	if err := windows.NtQuerySystemInformation(windows.SystemTimeOfDayInformation, unsafe.Pointer(&day), size, nil); err != nil {
		return "", fmt.Errorf("read boot time: %w", err)
	}
	return fmt.Sprintf("%d-%d", counter, day.BootTime-day.BootTimeBias), nil
}

// readCounter asks the system to copy the value, so that a page that is not there is an error and no crash.
func readCounter() (uint32, error) {
	var counter uint32
	var n uintptr
	size := unsafe.Sizeof(counter)
	err := windows.ReadProcessMemory(windows.CurrentProcess(), bootCounter, (*byte)(unsafe.Pointer(&counter)), size, &n)
	if err == nil && n != size {
		err = fmt.Errorf("got %d bytes, want %d", n, size)
	}
	return counter, err
}
