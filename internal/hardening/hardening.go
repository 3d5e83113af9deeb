// Package hardening keeps what a process knows out of crash dumps and away from its neighbors.
//
// [Apply] is called once, first thing in main, before any secret is read. What it does depends on the platform:
//
//	           other programs of the user         core files                      crash reports
//	Linux      cannot trace the process or read   none, not even through a        same as core files
//	           its memory, environment, files     handler like systemd-coredump
//	macOS      not stopped (see below)            none                            not stopped: the stacks' outline
//	Windows    not stopped                        (there are none)                without heap, without a window
//
// On Linux the process becomes "not dumpable" (PR_SET_DUMPABLE in prctl(2)): the kernel then treats it
// like a set-user-id program, gives its files in /proc to root, and refuses ptrace(2), /proc/PID/mem and
// process_vm_readv(2) to everyone without CAP_SYS_PTRACE. Debuggers of the same user are shut out with the others, and
// so is a desktop service that wants to know who called it by looking into /proc.
//
// On macOS it is the hardened runtime, an option of code signing, that keeps debuggers out. On Windows a program
// of the same user can open the process; the Go runtime already ends a crashed program without a report unless
// GOTRACEBACK=wer asks for one, and Apply keeps the heap out of such a report.
//
// Nowhere does it protect from root, an administrator or SYSTEM, from swap space and hibernation images, from what was
// read before it was called, or from a program of the user that asks the same keyring. A child process inherits the
// core limit only: after exec it is dumpable again and must call Apply itself.
package hardening

import "fmt"

// Apply hardens the current process for the rest of its life. It is safe to call again. An error says that some of it
// was refused; the rest has been tried. A process that will hold secrets should end then.
func Apply() error {
	if err := apply(); err != nil {
		return fmt.Errorf("harden process: %w", err)
	}
	return nil
}

// NoCore keeps the process from leaving a core file, and nothing else: for a process that others have to be able to look at.
func NoCore() error {
	if err := denyCore(); err != nil {
		return fmt.Errorf("harden process: %w", err)
	}
	return nil
}
