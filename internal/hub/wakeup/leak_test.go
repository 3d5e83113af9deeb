package wakeup

import (
	"testing"

	"go.uber.org/goleak"
)

// I12: nothing goes on after a replica has left.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
