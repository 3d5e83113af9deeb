package simulation

import (
	"os"
	"runtime/debug"
	"testing"
)

// TestMain lets the garbage wait: there is one thread, and much of it.
func TestMain(m *testing.M) {
	debug.SetGCPercent(400)
	os.Exit(m.Run())
}
