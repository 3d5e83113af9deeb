// Package bootclock tells time that suspend, a changed clock and a reboot cannot fool.
//
// The monotonic clock of Go programs stands still while a Linux machine sleeps, and everyone who may set the wall
// clock can turn it back. So a deadline that must hold is kept on two clocks at once: a [Reading] is taken when
// it is set, and again whenever it is asked for.
//
//	elapsed, ok := now.Since(start)
//	// !ok: the machine was rebooted (or the reading is not from it): trust nothing until the hub has spoken.
//	over := elapsed >= ttl || !now.Wall.Before(end)
//
// Boot time counts from the start of the machine, goes on during sleep and hibernation, and cannot be set. It
// starts again at zero with each boot, which the boot id shows. Sources:
//
//   - Linux: CLOCK_BOOTTIME (clock_gettime(2)) and /proc/sys/kernel/random/boot_id (random(4)). Both were seen to
//     behave so, boot time by a time namespace shifted by ten hours.
//   - macOS: CLOCK_MONOTONIC_RAW, which clock_gettime(3) documents to go on while the system is asleep, unaffected by
//     time adjustments; it is mach_continuous_time(3) in nanoseconds. (CLOCK_MONOTONIC goes on, too, but is reckoned
//     from the wall clock; CLOCK_UPTIME_RAW stops.) The boot id is the sysctl kern.bootsessionuuid.
//   - Windows: GetTickCount64, which "includes time the system spends in sleep or hibernation" (Microsoft, "Windows
//     Time"); its steps are 10 to 16 ms. The boot id is a pair: BootId of KUSER_SHARED_DATA, which
//     ntddk.h calls a "boot sequence, incremented for each boot attempt by the OS loader", and the kernel's BootTime
//     less BootTimeBias, which is the clock at boot whatever was done to it since. A shutdown with Fast Startup
//     hibernates the kernel: it is no new boot, and boot time goes on.
//
// The code for macOS and Windows follows these documents; it has been compiled, not watched through a sleep.
//
// A process that may create Linux time namespaces can shift boot time for programs it starts. A shift backwards
// shows as time that ran backwards, which Since refuses.
package bootclock

import (
	"fmt"
	"sync"
	"time"
)

// Reading is the time at one moment. It may be stored and compared later, also by another process on this machine.
type Reading struct {
	// Wall is the wall clock in UTC, without Go's monotonic reading: subtracting two shows what the clock was set to.
	Wall time.Time
	// Boot is the time since the machine started, sleep included.
	Boot time.Duration
	// BootID is the same for all readings between two boots, and never empty in a reading from a Clock.
	BootID string
}

// Since is the boot time that passed between start and r. It reports false, and no time, if that cannot be
// known: the machine was booted in between, boot time ran backwards, or either reading is the zero value.
func (r Reading) Since(start Reading) (time.Duration, bool) {
	if r.BootID == "" || r.BootID != start.BootID || r.Boot < start.Boot {
		return 0, false
	}
	return r.Boot - start.Boot, true
}

// Clock takes readings. An error means that the time is unknown: refuse whatever depends on it.
type Clock interface {
	Read() (Reading, error)
}

// System is the clock of this machine. It is safe for concurrent use.
func System() Clock { return &system{} }

// system asks for the boot id until it is known: no process outlives the boot in which it began.
type system struct {
	mu     sync.Mutex
	bootID string
}

func (s *system) Read() (Reading, error) {
	id, err := s.boot()
	if err != nil {
		return Reading{}, fmt.Errorf("read boot id: %w", err)
	}
	boot, err := sinceBoot()
	if err != nil {
		return Reading{}, fmt.Errorf("read boot clock: %w", err)
	}
	return Reading{Wall: time.Now().Round(0).UTC(), Boot: boot, BootID: id}, nil
}

func (s *system) boot() (id string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bootID == "" {
		s.bootID, err = bootID()
	}
	return s.bootID, err
}
