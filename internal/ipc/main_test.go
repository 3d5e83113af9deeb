//go:build linux || darwin

package ipc

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// strangerUID is a user who owns nothing on the machine. Only root can start a process as another user.
const strangerUID = 54321

// TestMain lets the test binary play the other processes of the tests: "connect PATH", "squat PATH", "serve PATH".
func TestMain(m *testing.M) {
	parts := map[string]func(string) error{"connect": connectPart, "squat": squatPart, "serve": servePart}
	if len(os.Args) == 3 && parts[os.Args[1]] != nil {
		if err := parts[os.Args[1]](os.Args[2]); err != nil {
			fmt.Println("error:", err)
		}
		return
	}
	os.Exit(m.Run())
}

// connectPart dials without any of this package's care, writes, and tells what came back.
func connectPart(path string) error {
	c, err := net.Dial("unix", path)
	if err != nil {
		return err
	}
	_ = c.SetDeadline(time.Now().Add(longTime))
	_, _ = io.WriteString(c, "give me the password\n")
	got, err := io.ReadAll(c)
	if errors.Is(err, syscall.ECONNRESET) {
		err = nil
	}
	fmt.Printf("process %d got %d bytes\n", os.Getpid(), len(got))
	return err
}

// squatPart listens where the agent should, open to everyone, and tells what clients sent.
func squatPart(path string) error {
	l, err := net.Listen("unix", path)
	if err != nil {
		return err
	}
	if err := os.Chmod(path, 0o777); err != nil {
		return err
	}
	fmt.Println("ready")
	c, err := l.Accept()
	if err != nil {
		return err
	}
	_ = c.SetDeadline(time.Now().Add(longTime))
	got, err := io.ReadAll(c)
	fmt.Printf("got %d bytes\n", len(got))
	return err
}

// servePart is the agent: it listens until it is killed or its input ends.
func servePart(path string) error {
	l, err := Listen(path)
	if err != nil {
		return err
	}
	defer l.Close()
	fmt.Println("ready")
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// process is a running part.
type process struct {
	cmd   *exec.Cmd
	input io.WriteCloser
	lines *bufio.Scanner
}

// start plays a part as uid, which is the own one or, for root, any.
func start(t *testing.T, exe string, uid int, part, path string) *process {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), exe, part, path)
	cmd.Dir = "/"
	if uid != os.Geteuid() {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
	}
	input, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return &process{cmd: cmd, input: input, lines: bufio.NewScanner(output)}
}

// line is the next line the process prints, empty at its end.
func (p *process) line() string {
	p.lines.Scan()
	return p.lines.Text()
}

func (p *process) finish(t *testing.T) {
	t.Helper()
	_ = p.input.Close()
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("wait for process: %v", err)
	}
}

// openRoom is a directory that every user may enter, with a copy of the test binary that every user may run.
func openRoom(t *testing.T) (dir, exe string) {
	t.Helper()
	dir = shortDir(t)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	code, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	exe = filepath.Join(dir, "part")
	if err := os.WriteFile(exe, code, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir, exe
}

// shortDir is a private directory with a path short enough for sockets.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "ipc")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// echo serves l until it is closed: each connection gets its own bytes back.
func echo(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			_, _ = io.Copy(c, c)
		}()
	}
}

func permOf(t *testing.T, path string) os.FileMode {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}

func ownUser() string { return strconv.Itoa(os.Geteuid()) }
