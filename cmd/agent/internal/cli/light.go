package cli

import (
	"log/slog"
	"runtime"
	"runtime/debug"
	"time"
)

// startedAfter is when what only starting needs is given back.
const startedAfter = time.Minute

// stayLight trades speed, of which an agent needs little, for memory, which it holds all day. The returned function ends
// what it began.
func stayLight(log *slog.Logger) (stop func()) {
	debug.SetGCPercent(25)
	runtime.GOMAXPROCS(min(2, runtime.GOMAXPROCS(0))) // each more has caches of its own
	timer := time.AfterFunc(startedAfter, func() {
		debug.FreeOSMemory()
		if err := releaseProgram(); err != nil {
			log.Debug("program pages not released", "error", err.Error())
		}
	})
	return func() { timer.Stop() }
}
