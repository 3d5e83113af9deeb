package osring

import (
	"testing"

	"go.uber.org/goleak"
)

// I12: nothing goes on after the keyring has answered.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
