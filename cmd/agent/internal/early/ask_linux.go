package early

import (
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/keyshift-hq/keyshift/internal/hardening"
	"github.com/keyshift-hq/keyshift/internal/wire"
)

// ask sends the first question of a plain command line.
func ask(args []string, env func(string) string) *Question {
	q := Of(args, env, newID)
	if q == nil || hardening.Apply() != nil || !q.send() {
		return nil
	}
	return q
}

func newID() string {
	var random [10]byte
	if n, err := unix.Getrandom(random[:], 0); n != len(random) || err != nil {
		return ""
	}
	return idFrom(time.Now(), random)
}

// send opens a connection that waits for nobody, and writes the question when the kernel says that an agent of this very user
// is at the other end.
func (q *Question) send() bool {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return false
	}
	request := wire.Request(q.Procedure, wire.CallLimit, q.Message)
	if unix.Connect(fd, &unix.SockaddrUnix{Name: q.Path}) == nil && ours(fd) {
		if n, err := unix.Write(fd, request); err == nil && n == len(request) {
			q.Conn = os.NewFile(uintptr(fd), q.Path)
			return true
		}
	}
	_ = unix.Close(fd)
	return false
}

func ours(fd int) bool {
	peer, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	return err == nil && int(peer.Uid) == os.Geteuid()
}
