package bootclock

import (
	"errors"

	"golang.org/x/sys/unix"
)

const bootClockID = unix.CLOCK_MONOTONIC_RAW

const bootIDName = "kern.bootsessionuuid"

func bootID() (string, error) {
	id, err := unix.Sysctl(bootIDName)
	if err != nil {
		return "", err
	}
	if id == "" {
		return "", errors.New(bootIDName + " is empty")
	}
	return id, nil
}
