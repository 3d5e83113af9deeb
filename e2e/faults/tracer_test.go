//go:build linux && amd64

package faults

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// tracer runs a program and can break one of its system calls. It counts those of all threads together: strace, which
// counts each thread by itself, would not come by every call of a Go program. All of ptrace belongs to one thread, run.
type tracer struct {
	cmd   *exec.Cmd
	ended chan struct{} // closed when status is set
	// status is how the program ended.
	status syscall.WaitStatus

	threads map[int]*thread
	files   map[int]medium // what a descriptor is; those that are not here do not count

	mu    sync.Mutex
	fault *fault
}

// thread is a thread of the program between two stops.
type thread struct {
	inside bool // in a system call
	call   call
	fail   syscall.Errno // what the call under way returns instead of taking place
}

// startTraced starts a command that has files for its input and output. It may be born with a fault.
func startTraced(t testing.TB, cmd *exec.Cmd, born *fault) *tracer {
	t.Helper()
	tr := &tracer{cmd: cmd, ended: make(chan struct{}), threads: map[int]*thread{}, files: map[int]medium{}, fault: born}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // for good: the thread ends with this goroutine
		err := tr.start()
		started <- err
		if err == nil {
			tr.run()
			close(tr.ended)
		}
	}()
	if err := <-started; err != nil {
		t.Fatalf("start %s: %v", cmd.Path, err)
	}
	return tr
}

func (tr *tracer) start() error {
	tr.cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true, Setpgid: true}
	if err := tr.cmd.Start(); err != nil {
		return err
	}
	pid := tr.pid()
	if _, err := unix.Wait4(pid, nil, unix.WALL, nil); err != nil {
		return fmt.Errorf("wait for the first stop: %w", err)
	}
	tr.threads[pid] = &thread{}
	const options = unix.PTRACE_O_TRACESYSGOOD | unix.PTRACE_O_TRACECLONE | unix.PTRACE_O_EXITKILL
	if err := syscall.PtraceSetOptions(pid, options); err != nil {
		return fmt.Errorf("trace: %w", err)
	}
	return syscall.PtraceSyscall(pid, 0)
}

func (tr *tracer) pid() int { return tr.cmd.Process.Pid }

// run lets the program go from stop to stop until it has ended.
func (tr *tracer) run() {
	for {
		var status syscall.WaitStatus
		// Only for its own group: this thread may be the parent of another test's program, too.
		tid, err := syscall.Wait4(-tr.pid(), &status, unix.WALL, nil)
		switch {
		case err == syscall.EINTR:
		case err != nil:
			return
		case status.Stopped():
			_ = syscall.PtraceSyscall(tid, tr.stopped(tid, status)) // fails when it was killed meanwhile
		default:
			delete(tr.threads, tid)
			if tid == tr.pid() {
				tr.status = status
				return
			}
		}
	}
}

const syscallStop = syscall.SIGTRAP | 0x80

// stopped deals with one stop and gives the signal that the thread goes on with.
func (tr *tracer) stopped(tid int, status syscall.WaitStatus) (signal int) {
	th, known := tr.threads[tid]
	if !known {
		th = &thread{}
		tr.threads[tid] = th
		if status.StopSignal() == syscall.SIGSTOP {
			return 0
		}
	}
	switch s := status.StopSignal(); {
	case s == syscallStop:
		tr.atSyscall(tid, th)
	case s != syscall.SIGTRAP:
		return int(s)
	}
	return 0
}

func (tr *tracer) atSyscall(tid int, th *thread) {
	var regs syscall.PtraceRegs
	if syscall.PtraceGetRegs(tid, &regs) != nil {
		return // killed
	}
	if th.inside = !th.inside; th.inside {
		tr.enter(tid, th, &regs)
		return
	}
	if th.fail != 0 {
		regs.Rax = -uint64(th.fail)
		_ = syscall.PtraceSetRegs(tid, &regs)
		th.fail = 0
		return
	}
	tr.learn(th.call, int64(regs.Rax))
}

// enter decides whether a call takes place.
func (tr *tracer) enter(tid int, th *thread, regs *syscall.PtraceRegs) {
	th.call = call{number: regs.Orig_rax, flags: regs.Rdx}
	if th.call.number == unix.SYS_OPEN {
		th.call.flags = regs.Rsi
	}
	th.call.medium = tr.files[int(regs.Rdi)]
	if th.call.number == unix.SYS_CLOSE {
		delete(tr.files, int(regs.Rdi))
	}
	switch errno := tr.strike(th.call); {
	case errno == kill:
		_ = tr.cmd.Process.Kill()
	case errno != 0:
		th.fail = errno
		regs.Orig_rax = ^uint64(0) // no call at all
		_ = syscall.PtraceSetRegs(tid, regs)
	}
}

// learn notes what a new descriptor is.
func (tr *tracer) learn(c call, result int64) {
	if result < 0 {
		return
	}
	switch c.number {
	case unix.SYS_OPENAT, unix.SYS_OPEN:
		tr.files[int(result)] = onDisk
	case unix.SYS_SOCKET, unix.SYS_ACCEPT4:
		tr.files[int(result)] = onWire
	}
}

// arm breaks what comes from now on.
func (tr *tracer) arm(f fault) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.fault = &f
}

// disarm lets the program in peace, and tells which call was broken, "" if none was.
func (tr *tracer) disarm() (broke string) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	if tr.fault == nil {
		return ""
	}
	broke, tr.fault = tr.fault.broke, nil
	return broke
}

// struck reports whether the fault has happened.
func (tr *tracer) struck() bool {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return tr.fault != nil && tr.fault.broke != ""
}

func (tr *tracer) strike(c call) syscall.Errno {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	if tr.fault == nil {
		return 0
	}
	return tr.fault.strike(c)
}

func (tr *tracer) running() bool {
	select {
	case <-tr.ended:
		return false
	default:
		return true
	}
}

// kill ends the program as a power cut does, and waits.
func (tr *tracer) kill() {
	if tr.running() {
		_ = tr.cmd.Process.Signal(os.Kill)
		<-tr.ended
	}
}
