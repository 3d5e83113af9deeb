package ipc

import (
	"fmt"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// xucredVersion is XUCRED_VERSION of <sys/ucred.h>. A structure of another version means something else.
const xucredVersion = 0

// peerCred reads LOCAL_PEERCRED (unix(4)): the effective user when the peer called connect or listen.
func peerCred(fd int) (Peer, error) {
	cred, err := unix.GetsockoptXucred(fd, unix.SOL_LOCAL, unix.LOCAL_PEERCRED)
	if err != nil {
		return Peer{}, fmt.Errorf("read LOCAL_PEERCRED: %w", err)
	}
	if cred.Version != xucredVersion {
		return Peer{}, fmt.Errorf("read LOCAL_PEERCRED: version %d, want %d", cred.Version, xucredVersion)
	}
	pid, err := unix.GetsockoptInt(fd, unix.SOL_LOCAL, unix.LOCAL_PEERPID)
	if err != nil {
		pid = 0
	}
	return Peer{OSUser: strconv.FormatUint(uint64(cred.Uid), 10), PID: pid}, nil
}

// firstPerson is the lowest uid of a person, and nobody the uid that stands for none: -2.
const (
	firstPerson = 500
	nobody      = 1<<32 - 2
)

func kindOf(uid string) keyshift.CallerKind {
	n, err := strconv.ParseUint(uid, 10, 32)
	switch {
	case err != nil:
		return keyshift.CallerUnknown
	case n == 0:
		return keyshift.CallerAdmin
	case n < firstPerson || n == nobody:
		return keyshift.CallerService
	}
	return keyshift.CallerUser
}
