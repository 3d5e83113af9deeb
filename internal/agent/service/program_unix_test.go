//go:build unix

package service

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestNewRefusesAProgramItCouldNotTrust(t *testing.T) {
	dir := t.TempDir()
	file := func(name string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, nil, mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil { // past the umask
			t.Fatal(err)
		}
		return path
	}
	good := file("good", 0o755)
	for _, tt := range []struct {
		name, path string
		opts       Options
		unsafe     bool
	}{
		{name: "relative", path: "keyshift-agent"},
		{name: "absent", path: filepath.Join(dir, "absent")},
		{name: "directory", path: dir},
		{name: "not executable", path: file("data", 0o644)},
		{name: "writable by all", path: file("all", 0o777), unsafe: true},
		{name: "replaceable by all", path: inOpenDirectory(t), unsafe: true},
		{name: "line break in the path", path: file("a\nExecStart=b", 0o755)},
		{name: "line break in an argument", path: good, opts: Options{Arguments: []string{"run\nUser=root"}}},
		{name: "line break in a logon argument", path: good, opts: Options{LogonArguments: []string{"a\r"}}},
		{name: "not UTF-8", path: good, opts: Options{Arguments: []string{"\xff"}}},
		{name: "relative log file", path: good, opts: Options{LogFile: "agent.log"}},
	} {
		_, err := newProgram(tt.path, tt.opts)
		if err == nil || errors.Is(err, ErrUnsafeProgram) != tt.unsafe {
			t.Errorf("%s: got %v, want an error, ErrUnsafeProgram is %v", tt.name, err, tt.unsafe)
		}
	}
	for _, path := range []string{good, file("group", 0o775)} {
		if _, err := newProgram(path, Options{}); err != nil {
			t.Errorf("good program: %v", err)
		}
	}
}

func inOpenDirectory(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keyshift-agent")
	if err := os.WriteFile(path, nil, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	return path
}
