// Neighbor plays another program on the same computer that is after what an agent knows, for stories over the real
// programs. It prints one line for each thing it tries, and never what it got.
//
//	peek PID          look into a process in every way that Linux has
//	knock SOCKET      connect and ask for something
//	read FILE...      read files
//	plant FILE        put a file of its own in the place of what is there
//	link FILE NEW     make a hard link
//	squat SOCKET      listen there, for everybody, and say how much was sent; until it is ended
//
// What was tried ends with "denied" when the kernel refused it.
package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// patience bounds every exchange.
const patience = 20 * time.Second

func main() {
	if len(os.Args) < 3 || parts[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: neighbor peek|knock|read|plant|link|squat ARGS")
		os.Exit(2)
	}
	parts[os.Args[1]](os.Args[2:])
}

var parts = map[string]func(args []string){"peek": peek, "knock": knock, "read": read, "plant": plant, "link": link, "squat": squat}

// tell prints how a try went.
func tell(what string, n int, err error) {
	switch {
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
		fmt.Println(what + ": denied")
	case err != nil:
		fmt.Println(what+":", err)
	default:
		fmt.Printf("%s: got %d bytes\n", what, n)
	}
}

func peek(args []string) {
	pid, err := strconv.Atoi(args[0])
	if err != nil {
		tell("peek", 0, err)
		return
	}
	for _, name := range []string{"mem", "maps", "environ", "auxv", "exe", "root/etc/passwd", "fd/0"} {
		path := fmt.Sprintf("/proc/%d/%s", pid, name)
		f, err := os.Open(path)
		if err == nil {
			_ = f.Close()
		}
		tell(name, 0, err)
	}
	var b [8]byte
	local := []unix.Iovec{{Base: &b[0]}}
	local[0].SetLen(len(b))
	n, err := unix.ProcessVMReadv(pid, local, []unix.RemoteIovec{{Base: 0x400000, Len: len(b)}}, 0)
	tell("process_vm_readv", n, err)
	tell("ptrace", 0, unix.PtraceAttach(pid))
	_, err = unix.PidfdGetfd(pidfd(pid), 0, 0)
	tell("pidfd_getfd", 0, err)
}

func pidfd(pid int) int {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return -1
	}
	return fd
}

func knock(args []string) {
	c, err := net.Dial("unix", args[0])
	if err != nil {
		tell("knock", 0, err)
		return
	}
	_ = c.SetDeadline(time.Now().Add(patience))
	_, _ = io.WriteString(c, "POST /keyshift.v1.LocalService/GetStatus HTTP/1.1\r\nHost: keyshift.local\r\n"+
		"Content-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
	got, err := io.ReadAll(c)
	if errors.Is(err, syscall.ECONNRESET) {
		err = nil
	}
	tell("knock", len(got), err)
}

func read(args []string) {
	for _, path := range args {
		got, err := os.ReadFile(path)
		tell("read", len(got), err)
	}
}

func plant(args []string) {
	_ = os.Remove(args[0])
	tell("plant", 0, os.WriteFile(args[0], []byte(`{"planted":true}`), 0o666)) //nolint:gosec // everybody shall find it
}

func link(args []string) { tell("link", 0, os.Link(args[0], args[len(args)-1])) }

func squat(args []string) {
	_ = os.Remove(args[0])
	l, err := net.Listen("unix", args[0])
	if err == nil {
		err = os.Chmod(args[0], 0o777) //nolint:gosec // everybody shall come
	}
	if err != nil {
		tell("squat", 0, err)
		return
	}
	fmt.Println("ready")
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		_ = c.SetDeadline(time.Now().Add(patience))
		got, _ := io.ReadAll(c)
		fmt.Fprintf(os.Stderr, "somebody came and sent %d bytes\n", len(got))
		_ = c.Close()
	}
}
