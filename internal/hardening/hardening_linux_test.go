package hardening

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func init() { parts["snoop"] = snoopPart }

func platformState() string {
	n, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
	return fmt.Sprintf("dumpable=%d/%v", n, err)
}

// snoopPart is another program of the same user. Its arguments are a way in, a process id and the secret's address.
func snoopPart(args []string) {
	pid, _ := strconv.Atoi(args[1])
	address, _ := strconv.ParseUint(args[2], 0, 64)
	got, err := ways[args[0]](pid, uintptr(address))
	if errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM) {
		fmt.Println("denied")
		return
	}
	fmt.Printf("read %q, %v\n", got, err)
}

// ways are what a snooping program can try.
var ways = map[string]func(pid int, address uintptr) (string, error){
	"mem": func(pid int, address uintptr) (string, error) {
		f, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
		if err != nil {
			return "", err
		}
		got := make([]byte, len(canary))
		_, err = f.ReadAt(got, int64(address))
		return string(got), err
	},
	"process_vm_readv": func(pid int, address uintptr) (string, error) {
		got := make([]byte, len(canary))
		local := []unix.Iovec{{Base: &got[0]}}
		local[0].SetLen(len(got))
		remote := []unix.RemoteIovec{{Base: address, Len: len(got)}}
		_, err := unix.ProcessVMReadv(pid, local, remote, 0)
		return string(got), err
	},
	"ptrace":  func(pid int, _ uintptr) (string, error) { return "attached", unix.PtraceAttach(pid) },
	"environ": func(pid int, _ uintptr) (string, error) { return firstByte(pid, "environ") },
	"maps":    func(pid int, _ uintptr) (string, error) { return firstByte(pid, "maps") },
	"exe":     func(pid int, _ uintptr) (string, error) { return os.Readlink(fmt.Sprintf("/proc/%d/exe", pid)) },
}

func firstByte(pid int, name string) (string, error) {
	f, err := os.Open(fmt.Sprintf("/proc/%d/%s", pid, name))
	if err != nil {
		return "", err
	}
	var b [1]byte
	_, err = io.ReadFull(f, b[:])
	return "something", err
}

func TestApplyMakesProcessNotDumpable(t *testing.T) {
	v := run(t, binary(t), "hardened")
	if want := "dumpable=0/<nil>"; !strings.Contains(v.says, want) {
		t.Errorf("process says %q, want %q", v.says, want)
	}
	limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", v.pid))
	if err != nil {
		t.Fatal(err)
	}
	if got := coreLine(string(limits)); strings.Join(got, " ") != "Max core file size 0 0 bytes" {
		t.Errorf("kernel says %q", got)
	}
}

func coreLine(limits string) []string {
	for line := range strings.Lines(limits) {
		if strings.HasPrefix(line, "Max core file size") {
			return strings.Fields(line)
		}
	}
	return nil
}

func TestSameUserCannotLookInside(t *testing.T) {
	exe := binary(t)
	v := run(t, exe, "hardened")
	for way := range ways {
		t.Run(way, func(t *testing.T) {
			if got := snoop(t, exe, way, v); got != "denied" {
				t.Errorf("snoop says %q", got)
			}
		})
	}
}

// TestSameUserCanOtherwise shows that it is Apply which makes the difference.
func TestSameUserCanOtherwise(t *testing.T) {
	exe := binary(t)
	v := run(t, exe, "plain")
	for _, way := range openWays() {
		t.Run(way, func(t *testing.T) {
			if got := snoop(t, exe, way, v); !strings.HasPrefix(got, "read ") {
				t.Errorf("snoop says %q", got)
			}
		})
	}
	if got := openWays(); got[0] == "mem" && !strings.Contains(snoop(t, exe, "mem", v), string(canary)) {
		t.Error("the secret's address is wrong")
	}
}

// openWays leaves out what Yama (ptrace_scope) denies to everyone anyhow.
func openWays() []string {
	scope, err := os.ReadFile("/proc/sys/kernel/yama/ptrace_scope")
	if err != nil || strings.TrimSpace(string(scope)) == "0" {
		return []string{"mem", "process_vm_readv", "environ", "maps", "exe"}
	}
	return []string{"environ", "maps", "exe"}
}

func snoop(t *testing.T, exe, way string, v victim) string {
	t.Helper()
	_, address, ok := strings.Cut(v.says, "secret=")
	if !ok {
		t.Fatalf("process says %q", v.says)
	}
	return run(t, exe, "snoop", way, strconv.Itoa(v.pid), address).says
}
