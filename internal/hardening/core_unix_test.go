//go:build linux || darwin

package hardening

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// strangerUID owns nothing on the machine. The kernel lets root do everything, so root's tests play ordinary users.
const strangerUID = 54321

var canary = []byte("canary-0d5c7fae")

// TestMain lets the test binary play the processes of the tests.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && parts[os.Args[1]] != nil {
		parts[os.Args[1]](os.Args[2:])
		return
	}
	os.Exit(m.Run())
}

var parts = map[string]func([]string){"plain": holdPart, "hardened": hardenedPart}

// hardenedPart begins with the highest core limit it may have, as if somebody had asked for core files.
func hardenedPart(args []string) {
	var core unix.Rlimit
	_ = unix.Getrlimit(unix.RLIMIT_CORE, &core)
	_ = unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{Cur: core.Max, Max: core.Max})
	if err := Apply(); err != nil {
		fmt.Println("error:", err)
		return
	}
	if err := Apply(); err != nil {
		fmt.Println("error at the second time:", err)
		return
	}
	holdPart(args)
}

// holdPart tells about itself and then holds a secret in memory until its input ends.
func holdPart([]string) {
	var core unix.Rlimit
	_ = unix.Getrlimit(unix.RLIMIT_CORE, &core)
	fmt.Printf("core=%d/%d %s secret=%p\n", core.Cur, core.Max, platformState(), &canary[0])
	_, _ = io.Copy(io.Discard, os.Stdin)
	runtime.KeepAlive(canary)
}

// victim is a running part, and what it said of itself.
type victim struct {
	pid  int
	says string
}

// run starts a part of the binary at exe as an ordinary user.
func run(t *testing.T, exe string, args ...string) victim {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), exe, args...)
	cmd.Dir = "/"
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: strangerUID, Gid: strangerUID}}
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
	lines := bufio.NewScanner(output)
	lines.Scan()
	t.Cleanup(func() {
		_ = input.Close()
		_ = cmd.Wait()
	})
	return victim{pid: cmd.Process.Pid, says: lines.Text()}
}

// binary is a copy of the test binary that every user may run.
func binary(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "hardening")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	code, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	exe := filepath.Join(dir, "part")
	if err := os.WriteFile(exe, code, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return exe
}

func TestApplySetsCoreLimit(t *testing.T) {
	v := run(t, binary(t), "hardened")
	if want := "core=0/0 "; !strings.HasPrefix(v.says, want) {
		t.Errorf("process says %q, want %q", v.says, want)
	}
}
