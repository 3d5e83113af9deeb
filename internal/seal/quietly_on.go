//go:build goexperiment.runtimesecret

package seal

import (
	"runtime"
	"runtime/secret"
)

func quietly(f func()) { secret.Do(f) }

// forget collects garbage: that is when the runtime erases allocations and the stacks of signals.
func forget() { runtime.GC() }
