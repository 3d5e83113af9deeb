package server

import (
	"testing"

	"go.uber.org/goleak"
)

// I12: nothing goes on after a server has stopped.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
