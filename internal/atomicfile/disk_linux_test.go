package atomicfile

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// diskFault is a disk that fails. do returns what went wrong with the test, dir is on the disk, old content in "state".
type diskFault struct {
	name string
	do   func(dir *os.Root, path string) error
}

// diskFaults needs the right to mount. Without it there is the one fault that a process can bring upon itself
// (TestFailureInTheMiddleLeavesNoTrace), and the disk here is a sound one.
func diskFaults() []diskFault {
	if os.Geteuid() != 0 {
		return []diskFault{{"sound disk (not root: cannot mount a bad one)", soundDisk}}
	}
	return []diskFault{{"sound disk", soundDisk}, {"full disk (as root)", fullDisk}, {"read-only disk (as root)", readOnlyDisk}}
}

func TestDisk(t *testing.T) {
	for _, tt := range diskFaults() {
		t.Run(tt.name, func(t *testing.T) {
			path := t.TempDir()
			done := make(chan error, 1)
			go func() { done <- onDisk(path, tt.do) }()
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
}

// onDisk mounts a small file system at path where only its own thread can see it. The thread is never
// unlocked, so it ends with the goroutine, and the mount with it.
func onDisk(path string, do func(*os.Root, string) error) error {
	if os.Geteuid() == 0 {
		runtime.LockOSThread()
		if err := mount(path); err != nil {
			return err
		}
	}
	dir, err := os.OpenRoot(path)
	if err != nil {
		return err
	}
	defer dir.Close()
	if err := Write(dir, "state", []byte("old"), 0o600); err != nil {
		return err
	}
	return do(dir, path)
}

func mount(path string) error {
	if err := unix.Unshare(unix.CLONE_FS | unix.CLONE_NEWNS); err != nil {
		return err
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	return unix.Mount("tmpfs", path, "tmpfs", 0, "size=64k")
}

func soundDisk(dir *os.Root, path string) error {
	return errors.Join(
		expect(Write(dir, "state", big[:20000], 0o600), nil),
		expect(Create(dir, "key", big[:100], 0o600), nil),
		expect(Remove(dir, "state"), nil),
		expectFiles(path, "key", string(big[:100])),
	)
}

func fullDisk(dir *os.Root, path string) error {
	tooMuch := append(big, big...)
	return errors.Join(
		expect(Write(dir, "state", tooMuch, 0o600), unix.ENOSPC),
		expectFiles(path, "state", "old"),
		expect(Create(dir, "key", tooMuch, 0o600), unix.ENOSPC),
		expectFiles(path, "state", "old"),
		expect(Remove(dir, "state"), nil),
		expectFiles(path),
		expect(Write(dir, "state", []byte("new"), 0o600), nil),
		expectFiles(path, "state", "new"),
	)
}

func readOnlyDisk(dir *os.Root, path string) error {
	if err := unix.Mount("", path, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		return err
	}
	return errors.Join(
		expect(Write(dir, "state", []byte("new"), 0o600), unix.EROFS),
		expect(Create(dir, "key", []byte("new"), 0o600), unix.EROFS),
		expect(Remove(dir, "state"), unix.EROFS),
		expectFiles(path, "state", "old"),
	)
}

func expect(err, want error) error {
	if !errors.Is(err, want) {
		return errors.New("got " + text(err) + ", want " + text(want))
	}
	return nil
}

func text(err error) string {
	if err == nil {
		return "no error"
	}
	return err.Error()
}

// expectFiles takes names and contents in turn.
func expectFiles(path string, pairs ...string) error {
	got, err := files(path)
	if err != nil {
		return err
	}
	ok := len(got) == len(pairs)/2
	for i := 0; i < len(pairs); i += 2 {
		ok = ok && got[pairs[i]] == pairs[i+1]
	}
	if !ok {
		return errors.New("directory holds " + strings.Join(keys(got), ", "))
	}
	return nil
}

func keys(m map[string]string) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	return names
}

// traced is a fault that strace(1) brings about in the n-th system call of a kind.
type traced struct {
	name, inject, says string
	old                bool // the old file is still there
	swept              int
}

// tracedFaults are none where strace is missing or may not trace; the plain run is always there.
func tracedFaults() (strace string, rows []traced) {
	plain := []traced{{"nothing happens", "", "<nil>", false, 0}}
	strace, err := exec.LookPath("strace")
	if err != nil || exec.Command(strace, "-o", "/dev/null", "true").Run() != nil {
		return "", plain
	}
	return strace, append(plain,
		traced{"sync of the file fails", "fsync:error=EIO:when=1", unix.EIO.Error(), true, 0},
		traced{"sync of the directory fails", "fsync:error=EIO:when=2", unix.EIO.Error(), false, 0},
		traced{"rename fails", "renameat:error=EIO:when=1", unix.EIO.Error(), true, 0},
		traced{"killed before the rename", "fsync:signal=KILL:when=1", "", true, 1},
		traced{"killed after the rename", "fsync:signal=KILL:when=2", "", false, 0},
	)
}

func TestFaultAtEachStep(t *testing.T) {
	strace, rows := tracedFaults()
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			dir, path := openDir(t)
			mustWrite(t, dir, "state", "old")
			command := []string{self(t), "write", path}
			if tt.inject != "" {
				command = append([]string{strace, "-f", "-o", "/dev/null", "-e", "inject=" + tt.inject}, command...)
			}
			output, err := runPart(t, command...)
			if !strings.Contains(output, tt.says) || (tt.says == "") != (err != nil) {
				t.Errorf("process says %q, %v, want %q", output, err, tt.says)
			}

			if got, err := Sweep(dir); err != nil || got != tt.swept {
				t.Errorf("swept %d, %v, want %d", got, err, tt.swept)
			}
			want := string(big)
			if tt.old {
				want = "old"
			}
			wantFiles(t, path, map[string]string{"state": want})
		})
	}
}
