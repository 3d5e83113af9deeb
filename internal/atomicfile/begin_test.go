package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBegunIsThereBeforeItIsSettled(t *testing.T) {
	dir, path := openDir(t)
	for _, content := range []string{"first", "second"} {
		settle, err := Begin(dir, "state", []byte(content), 0o600)
		if err != nil {
			t.Fatal(err)
		}
		wantFiles(t, path, map[string]string{"state": content})
		if err := settle(); err != nil {
			t.Fatal(err)
		}
		wantFiles(t, path, map[string]string{"state": content})
	}
}

func TestBeginThatFailsLeavesNothing(t *testing.T) {
	dir, path := openDir(t)
	if err := os.Mkdir(filepath.Join(path, "taken"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]error{"taken": nil, "": ErrBadName, "a/b": ErrBadName} {
		settle, err := Begin(dir, name, []byte("new"), 0o600)
		if err == nil || want != nil && !errors.Is(err, want) || settle != nil {
			t.Errorf("%q: got %v, want an error", name, err)
		}
	}
	if left, err := os.ReadDir(path); err != nil || len(left) != 1 {
		t.Errorf("left %v, %v, want what was there", left, err)
	}
}

// noted is a directory that writes down what is done, and fails the one thing that is named.
type noted struct {
	Dir
	did  *[]string
	fail string
}

var errNoted = errors.New("it does not work")

func (n noted) do(what string, f func() error) error {
	*n.did = append(*n.did, what)
	if what == n.fail {
		return errNoted
	}
	return f()
}

func (n noted) New(name string, perm fs.FileMode) (f File, err error) {
	err = n.do("new", func() (err error) { f, err = n.Dir.New(name, perm); return err })
	return notedFile{f, n}, err
}

func (n noted) Rename(from, to string) error {
	return n.do("rename", func() error { return n.Dir.Rename(from, to) })
}

func (n noted) Remove(name string) error {
	return n.do("remove", func() error { return n.Dir.Remove(name) })
}

func (n noted) Sync() error { return n.do("sync directory", n.Dir.Sync) }

type notedFile struct {
	File
	in noted
}

func (f notedFile) Write(p []byte) (n int, err error) {
	err = f.in.do("write", func() (err error) { n, err = f.File.Write(p); return err })
	return n, err
}

func (f notedFile) Sync() error  { return f.in.do("sync", f.File.Sync) }
func (f notedFile) Close() error { return f.in.do("close", f.File.Close) }

// The name comes before the first sync: then one commit of the file system has both.
func TestOrderOfBegin(t *testing.T) {
	if !movesOpen {
		return // the order is another one; that it works is tested above
	}
	begun, settled := []string{"new", "write", "rename"}, []string{"sync", "close", "sync directory"}
	for _, tt := range []struct {
		fail           string
		begun, settled []string
	}{
		{"", begun, settled},
		{"write", []string{"new", "write", "close", "remove"}, nil},
		{"rename", []string{"new", "write", "rename", "close", "remove"}, nil},
		{"sync", begun, settled},
		{"sync directory", begun, settled},
	} {
		t.Run("fails: "+tt.fail, func(t *testing.T) {
			dir, _ := openDir(t)
			var did []string
			settle, err := BeginIn(noted{root{dir}, &did, tt.fail}, "state", []byte("new"), 0o600)
			if diff := cmp.Diff(tt.begun, did); diff != "" {
				t.Errorf("to begin (-want +got):\n%s", diff)
			}
			if tt.settled == nil {
				if !errors.Is(err, errNoted) {
					t.Errorf("got %v, want an error", err)
				}
				return
			}
			did = nil
			if err := settle(); errors.Is(err, errNoted) != (tt.fail != "") {
				t.Errorf("settled: %v", err)
			}
			if diff := cmp.Diff(tt.settled, did); diff != "" {
				t.Errorf("to settle (-want +got):\n%s", diff)
			}
		})
	}
}
