// Package programs gives tests the programs of this repository as they are built for people.
//
// They are linked once for all: scripts/test.sh puts them into a folder and says where in [Variable]. Whoever runs the tests of one
// package without that has them built for it.
package programs

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
)

// Variable names the folder in which all programs lie already. It must not be older than the source.
const Variable = "KEYSHIFT_TEST_PROGRAMS"

// source is where a program comes from, and what is added to the environment of its build.
type source struct{ pkg, env string }

// The agent is built as the Makefile builds it.
var sources = map[string]source{
	"keyshift-hub":   {"./cmd/hub", ""},
	"keyshift-agent": {"./cmd/agent", "GOEXPERIMENT=runtimesecret"},
	"keyshift-tray":  {"./cmd/tray", ""},
}

// Put puts programs, by the names that people know, into a folder.
func Put(folder string, names ...string) error {
	there := os.Getenv(Variable)
	return each(names, func(name string) error {
		if there == "" {
			return build(folder, name)
		}
		return copyProgram(filepath.Join(there, name), filepath.Join(folder, name))
	})
}

// BuildAll builds all programs into a folder.
func BuildAll(folder string) error {
	var names []string
	for name := range sources {
		names = append(names, name)
	}
	return each(names, func(name string) error { return build(folder, name) })
}

// each does it for all names at once.
func each(names []string, do func(name string) error) error {
	errs := make([]error, len(names))
	var all sync.WaitGroup
	for i, name := range names {
		all.Go(func() { errs[i] = do(name) })
	}
	all.Wait()
	return errors.Join(errs...)
}

func build(folder, name string) error {
	s, ok := sources[name]
	if !ok {
		return fmt.Errorf("build %s: there is no such program", name)
	}
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	folder, err = filepath.Abs(folder)
	if err != nil {
		return err
	}
	cmd := exec.Command("go", "build", "-trimpath", "-o", filepath.Join(folder, name), s.pkg) // #nosec G204 -- our own programs
	cmd.Dir, cmd.Env = root, append(os.Environ(), "CGO_ENABLED=0", s.env)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", name, err, out)
	}
	return nil
}

// copyProgram makes a program of its own, which may be looked at and replaced like one that was built.
func copyProgram(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return fmt.Errorf("copy program: %w", err)
	}
	defer in.Close()
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return fmt.Errorf("copy program: %w", err)
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755) //nolint:gosec // it is there to be executed
	if err != nil {
		return fmt.Errorf("copy program: %w", err)
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	for ; err == nil; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("find module: no go.mod above the test")
		}
	}
	return "", err
}
