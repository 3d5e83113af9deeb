package ipc

import (
	"fmt"
	"strconv"

	"golang.org/x/sys/unix"
)

// peerCred reads SO_PEERCRED (unix(7)): the effective user when the peer called connect or listen.
func peerCred(fd int) (Peer, error) {
	cred, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return Peer{}, fmt.Errorf("read SO_PEERCRED: %w", err)
	}
	return Peer{OSUser: strconv.FormatUint(uint64(cred.Uid), 10), PID: int(cred.Pid)}, nil
}
