package osring

import (
	"errors"
	"os/exec"
)

// connect has nothing to prepare: go-keyring starts /usr/bin/security.
func connect() (func(), error) { return func() {}, nil }

func classifyOS(err error) error {
	var failed *exec.ExitError
	if !errors.As(err, &failed) {
		return because(ErrUnavailable, err)
	}
	return because(securityKind(failed.ExitCode()), err)
}
