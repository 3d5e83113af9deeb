package atomicfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWriteCreatesAndReplaces(t *testing.T) {
	dir, path := openDir(t)
	for _, content := range []string{"first", "", "third, which is longer"} {
		if err := Write(dir, "state", []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		wantFiles(t, path, map[string]string{"state": content})
	}
}

func TestWriteLeavesOpenReaderTheOldFile(t *testing.T) {
	dir, _ := openDir(t)
	mustWrite(t, dir, "state", "old")
	f, err := dir.Open("state")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	mustWrite(t, dir, "state", "new")
	if got, err := io.ReadAll(f); err != nil || string(got) != "old" {
		t.Errorf("got %q, %v, want the old file", got, err)
	}
}

func TestCreateIsExclusive(t *testing.T) {
	dir, path := openDir(t)
	if err := Create(dir, "key", []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	wantErr(t, Create(dir, "key", []byte("yours"), 0o600), fs.ErrExist)
	wantFiles(t, path, map[string]string{"key": "mine"})
}

func TestRaceOfCreatorsHasOneWinner(t *testing.T) {
	dir, path := openDir(t)
	const racers = 16
	results := make([]error, racers)
	var wg sync.WaitGroup
	for i := range racers {
		wg.Go(func() { results[i] = Create(dir, "key", []byte(fmt.Sprint("racer ", i)), 0o600) })
	}
	wg.Wait()
	winner := -1
	for i, err := range results {
		if err != nil {
			wantErr(t, err, fs.ErrExist)
			continue
		}
		if winner >= 0 {
			t.Fatalf("racers %d and %d both won", winner, i)
		}
		winner = i
	}
	wantFiles(t, path, map[string]string{"key": fmt.Sprint("racer ", winner)})
}

func TestRaceOfWritersLeavesOneWholeFile(t *testing.T) {
	dir, path := openDir(t)
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() { mustWrite(t, dir, "state", strings.Repeat(string(rune('a'+i)), 5000)) })
	}
	wg.Wait()
	got, err := os.ReadFile(filepath.Join(path, "state"))
	if err != nil || string(got) != strings.Repeat(string(got[:1]), 5000) {
		t.Errorf("got %d bytes %.20q…, %v", len(got), got, err)
	}
	wantFiles(t, path, map[string]string{"state": string(got)})
}

func TestRemove(t *testing.T) {
	dir, path := openDir(t)
	mustWrite(t, dir, "key", "secret")
	mustWrite(t, dir, "other", "stays")
	for range 2 {
		if err := Remove(dir, "key"); err != nil {
			t.Fatal(err)
		}
		wantFiles(t, path, map[string]string{"other": "stays"})
	}
}

func TestSweepTakesLeftoversOnly(t *testing.T) {
	dir, path := openDir(t)
	mustWrite(t, dir, "state", "stays")
	for _, name := range []string{tempPrefix + "ONE", tempPrefix + "TWO"} {
		if err := os.WriteFile(filepath.Join(path, name), []byte("secret"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []int{2, 0} {
		if got, err := Sweep(dir); err != nil || got != want {
			t.Errorf("got %d, %v, want %d", got, err, want)
		}
	}
	wantFiles(t, path, map[string]string{"state": "stays"})
}

func TestNamesStayInDirectory(t *testing.T) {
	dir, path := openDir(t)
	bad := []string{"", ".", "..", "/etc/passwd", "../up", "sub/file", `sub\file`, "file:stream", "a\x00b", tempPrefix + "X"}
	for _, name := range bad {
		t.Run(fmt.Sprintf("%q", name), func(t *testing.T) {
			wantErr(t, Write(dir, name, nil, 0o600), ErrBadName)
			wantErr(t, Create(dir, name, nil, 0o600), ErrBadName)
			wantErr(t, Remove(dir, name), ErrBadName)
		})
	}
	wantFiles(t, path, map[string]string{})
}

func TestDirectoryInTheWay(t *testing.T) {
	dir, path := openDir(t)
	if err := dir.Mkdir("state", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := Write(dir, "state", []byte("new"), 0o600); err == nil {
		t.Error("a directory was replaced")
	}
	wantErr(t, Create(dir, "state", []byte("new"), 0o600), fs.ErrExist)
	wantFiles(t, path, map[string]string{"state": "directory"})
}

func TestErrorsNameTheFile(t *testing.T) {
	dir, _ := openDir(t)
	mustWrite(t, dir, "key", "secret")
	err := Create(dir, "key", []byte("secret"), 0o600)
	if err == nil || !strings.HasPrefix(err.Error(), "create key: ") || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
}

func openDir(t *testing.T) (*os.Root, string) {
	t.Helper()
	path := t.TempDir()
	dir, err := os.OpenRoot(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = dir.Close() })
	return dir, path
}

func mustWrite(t *testing.T, dir *os.Root, name, content string) {
	t.Helper()
	if err := Write(dir, name, []byte(content), 0o600); err != nil {
		t.Error(err)
	}
}

// wantFiles compares all there is in the directory at path, temporary files included.
func wantFiles(t *testing.T, path string, want map[string]string) {
	t.Helper()
	got, err := files(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("directory differs (-want +got):\n%s", diff)
	}
}

func files(path string) (map[string]string, error) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	got := map[string]string{}
	for _, e := range entries {
		if e.IsDir() {
			got[e.Name()] = "directory"
			continue
		}
		content, err := os.ReadFile(filepath.Join(path, e.Name()))
		if err != nil {
			return nil, err
		}
		got[e.Name()] = string(content)
	}
	return got, nil
}

func wantErr(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("got error %v, want %v", err, want)
	}
}
