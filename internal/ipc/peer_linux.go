package ipc

import (
	"fmt"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// peerCred reads SO_PEERCRED (unix(7)): the effective user when the peer called connect or listen.
func peerCred(fd int) (Peer, error) {
	cred, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return Peer{}, fmt.Errorf("read SO_PEERCRED: %w", err)
	}
	return Peer{OSUser: strconv.FormatUint(uint64(cred.Uid), 10), PID: int(cred.Pid)}, nil
}

// firstPerson is the lowest uid of a person, and nobody the uid that stands for none (login.defs(5), UID_MIN).
const (
	firstPerson = 1000
	nobody      = 65534
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
