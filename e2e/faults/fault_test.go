//go:build linux && amd64

package faults

import (
	"fmt"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"
)

// medium is what lies behind a descriptor.
type medium string

const (
	onDisk medium = "file"
	onWire medium = "socket"
)

// call is one system call of a program.
type call struct {
	number uint64
	flags  uint64 // of one that opens
	medium medium // what its first argument is, if that is a descriptor
}

// callNames are the calls that may leave something behind.
var callNames = map[uint64]string{
	unix.SYS_WRITE: "write", unix.SYS_PWRITE64: "pwrite64", unix.SYS_WRITEV: "writev", unix.SYS_SENDMSG: "sendmsg", unix.SYS_SENDTO: "sendto",
	unix.SYS_FSYNC: "fsync", unix.SYS_FDATASYNC: "fdatasync", unix.SYS_FTRUNCATE: "ftruncate", unix.SYS_FALLOCATE: "fallocate",
	unix.SYS_OPENAT: "openat", unix.SYS_OPEN: "open", unix.SYS_RENAMEAT: "renameat", unix.SYS_RENAMEAT2: "renameat2", unix.SYS_RENAME: "rename",
	unix.SYS_UNLINKAT: "unlinkat", unix.SYS_UNLINK: "unlink", unix.SYS_LINKAT: "linkat", unix.SYS_MKDIRAT: "mkdirat", unix.SYS_MKDIR: "mkdir",
}

// growing calls need room on the disk.
var growing = []uint64{
	unix.SYS_WRITE, unix.SYS_PWRITE64, unix.SYS_FTRUNCATE, unix.SYS_FALLOCATE, unix.SYS_OPENAT, unix.SYS_OPEN, unix.SYS_RENAMEAT, unix.SYS_LINKAT,
	unix.SYS_MKDIRAT, unix.SYS_MKDIR,
}

// named calls take a path, so they always concern the disk.
var named = []uint64{
	unix.SYS_OPENAT, unix.SYS_OPEN, unix.SYS_RENAMEAT, unix.SYS_RENAMEAT2, unix.SYS_RENAME, unix.SYS_UNLINKAT, unix.SYS_UNLINK, unix.SYS_LINKAT, unix.SYS_MKDIRAT,
	unix.SYS_MKDIR,
}

func (c call) String() string {
	if c.onDisk() {
		return callNames[c.number]
	}
	return fmt.Sprintf("%s on a %s", callNames[c.number], c.medium)
}

// counts reports whether the call changes anything that outlives it: a file, or what others have heard.
func (c call) counts() bool {
	switch {
	case callNames[c.number] == "":
		return false
	case c.number == unix.SYS_OPENAT, c.number == unix.SYS_OPEN:
		return c.flags&unix.O_CREAT != 0
	}
	return c.medium != "" || slices.Contains(named, c.number)
}

func (c call) onDisk() bool { return c.medium == onDisk || slices.Contains(named, c.number) }

// kill is a fault that is not an error: the program dies before the call.
const kill syscall.Errno = 1 << 15

// fault is what happens to a program, once or from then on.
type fault struct {
	name  string
	errno syscall.Errno
	// nth call that the fault concerns is broken, counted from 1, and with lasting all after it.
	nth     int
	lasting bool

	seen  int
	broke string
}

func (f *fault) String() string { return fmt.Sprintf("%s at call %d", f.name, f.nth) }

// concerns reports whether the fault can happen to a call.
func (f *fault) concerns(c call) bool {
	switch {
	case !c.counts():
		return false
	case f.errno == kill:
		return true
	case f.errno == unix.ENOSPC:
		return c.onDisk() && slices.Contains(growing, c.number)
	}
	return c.onDisk()
}

// strike counts a call and gives what happens to it, 0 for nothing.
func (f *fault) strike(c call) syscall.Errno {
	if !f.concerns(c) {
		return 0
	}
	f.seen++
	if f.seen < f.nth || f.seen > f.nth && !f.lasting {
		return 0
	}
	if f.broke == "" {
		f.broke = c.String()
	}
	return f.errno
}
