// Package light keeps a program small and still that stays all day and has little to do: it trades speed for memory.
//
// Built with the tag `still` (and -ldflags=-checklinkname=0, which it needs) a program that has nothing to do does not wake
// up at all. Without it, Go's runtime looks once a minute whether it is time to collect garbage.
package light

import (
	"log/slog"
	"runtime"
	"runtime/debug"
	"time"
)

// Garbage is how much of it may gather before it is collected, in percent of what is in use.
type Garbage int

const (
	// Little is for who is never in a hurry.
	Little Garbage = 25
	// Some lets 4 MiB gather: who is asked something seldom has answered before it is collected, which would take two
	// processors for a millisecond.
	Some Garbage = 100
)

// Stay makes the process light, and lighter once it has started: what only starting needs is given back after that time.
// The returned function ends what it began.
func Stay(log *slog.Logger, started time.Duration, garbage Garbage) (stop func()) {
	debug.SetGCPercent(int(garbage))
	runtime.GOMAXPROCS(min(2, runtime.GOMAXPROCS(0))) // each more has caches of its own
	timer := time.AfterFunc(started, func() {
		debug.FreeOSMemory()
		Release(log)
	})
	return func() { timer.Stop() }
}

// Release gives the pages of the program's file back, after work that comes seldom. It takes about a tenth of a millisecond, and
// what is needed comes back from the file's cache.
func Release(log *slog.Logger) {
	if err := releaseProgram(); err != nil {
		log.Debug("program pages not released", "error", err.Error())
	}
}
