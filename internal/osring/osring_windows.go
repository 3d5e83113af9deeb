package osring

import (
	"errors"
	"syscall"
)

// connect has nothing to prepare: the Cred functions need no connection.
func connect() (func(), error) { return func() {}, nil }

func classifyOS(err error) error {
	var code syscall.Errno
	if !errors.As(err, &code) {
		return because(ErrUnavailable, err)
	}
	return because(windowsKind(uintptr(code)), err)
}
