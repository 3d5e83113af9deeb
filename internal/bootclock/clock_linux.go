package bootclock

import (
	"bytes"
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

const bootClockID = unix.CLOCK_BOOTTIME

const bootIDFile = "/proc/sys/kernel/random/boot_id"

func bootID() (string, error) {
	text, err := os.ReadFile(bootIDFile)
	if err != nil {
		return "", err
	}
	id := string(bytes.TrimSpace(text))
	if id == "" {
		return "", errors.New(bootIDFile + " is empty")
	}
	return id, nil
}
