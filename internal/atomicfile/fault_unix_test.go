//go:build linux || darwin

package atomicfile

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// sizeLimit is what a limited process may write into one file, and big is more.
const sizeLimit = 1000

var big = []byte(strings.Repeat("b", 50*sizeLimit))

// TestMain lets the test binary be a process to which something happens: "write DIR", "cut DIR", "crash DIR".
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && parts[os.Args[1]] != nil {
		fmt.Println(parts[os.Args[1]](os.Args[2]))
		return
	}
	os.Exit(m.Run())
}

var parts = map[string]func(path string) error{"write": writePart, "cut": cutPart, "crash": crashPart}

// writePart stays on one thread, because strace counts the system calls of each thread by itself.
func writePart(path string) error {
	runtime.LockOSThread()
	dir, err := os.OpenRoot(path)
	if err != nil {
		return err
	}
	defer dir.Close()
	return Write(dir, "state", big, 0o600)
}

// cutPart is refused further bytes in the middle of writing.
func cutPart(path string) error {
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: sizeLimit, Max: sizeLimit}); err != nil {
		return err
	}
	return writePart(path)
}

// crashPart goes as far as the step before the rename, and is killed there.
func crashPart(path string) error {
	dir, err := os.OpenRoot(path)
	if err != nil {
		return err
	}
	if err := writeTemp(root{dir}, tempPrefix+"CRASH", big, 0o600); err != nil {
		return err
	}
	return unix.Kill(os.Getpid(), unix.SIGKILL)
}

func runPart(t *testing.T, command ...string) (string, error) {
	t.Helper()
	output, err := exec.CommandContext(t.Context(), command[0], command[1:]...).Output()
	return string(output), err
}

func self(t *testing.T) string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return exe
}

func TestFailureInTheMiddleLeavesNoTrace(t *testing.T) {
	dir, path := openDir(t)
	mustWrite(t, dir, "state", "old")
	output, err := runPart(t, self(t), "cut", path)
	if err != nil || !strings.Contains(output, unix.EFBIG.Error()) {
		t.Errorf("process says %q, %v, want %v", output, err, unix.EFBIG)
	}
	wantFiles(t, path, map[string]string{"state": "old"})
}

func TestCrashInTheMiddleIsSwept(t *testing.T) {
	dir, path := openDir(t)
	mustWrite(t, dir, "state", "old")
	if output, err := runPart(t, self(t), "crash", path); err == nil {
		t.Fatalf("process lives and says %q", output)
	}
	after, err := files(path)
	if err != nil || len(after) != 2 || after["state"] != "old" {
		t.Fatalf("crash left %d files, %v, want the old one and a temporary one", len(after), err)
	}
	if got, err := Sweep(dir); err != nil || got != 1 {
		t.Errorf("swept %d, %v, want 1", got, err)
	}
	wantFiles(t, path, map[string]string{"state": "old"})
}

func TestModeIsExact(t *testing.T) {
	for _, mask := range []int{0, 0o077, 0o777} {
		for _, perm := range []os.FileMode{0o600, 0o400, 0o644} {
			t.Run(fmt.Sprintf("umask %03o mode %03o", mask, perm), func(t *testing.T) {
				dir, path := openDir(t)
				old := unix.Umask(mask)
				err := Write(dir, "written", []byte("x"), perm)
				createErr := Create(dir, "created", []byte("x"), perm)
				unix.Umask(old)
				if err != nil || createErr != nil {
					t.Fatal(err, createErr)
				}
				for _, name := range []string{"written", "created"} {
					info, err := os.Lstat(filepath.Join(path, name))
					if err != nil || info.Mode() != perm {
						t.Errorf("%s: got mode %v, %v, want %v", name, info.Mode(), err, perm)
					}
				}
			})
		}
	}
}

func TestPlantedLinkIsNotFollowed(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "outside")
	tests := []struct{ name, target string }{
		{"to a file outside", outside},
		{"to a file inside", "inside"},
		{"to nothing", "nowhere"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir, path := openDir(t)
			mustWrite(t, dir, "inside", "untouched")
			plant(t, outside, tt.target, filepath.Join(path, "state"))

			wantErr(t, Create(dir, "state", []byte("new"), 0o600), os.ErrExist)
			mustWrite(t, dir, "state", "new")
			wantFiles(t, path, map[string]string{"inside": "untouched", "state": "new"})

			plant(t, outside, tt.target, filepath.Join(path, "removed"))
			if err := Remove(dir, "removed"); err != nil {
				t.Error(err)
			}
			wantFiles(t, path, map[string]string{"inside": "untouched", "state": "new"})
			if got, err := os.ReadFile(outside); err != nil || string(got) != "untouched" {
				t.Errorf("outside there is now %q, %v", got, err)
			}
		})
	}
}

func plant(t *testing.T, outside, target, link string) {
	t.Helper()
	if err := os.WriteFile(outside, []byte("untouched"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
}

func TestDirectoryIsTheOneThatWasOpened(t *testing.T) {
	dir, path := openDir(t)
	other := t.TempDir()
	moved := path + ".moved"
	if err := os.Rename(path, moved); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(moved) })
	if err := os.Symlink(other, path); err != nil {
		t.Fatal(err)
	}
	mustWrite(t, dir, "state", "new")
	wantFiles(t, moved, map[string]string{"state": "new"})
	wantFiles(t, other, map[string]string{})
}
