// Package faults breaks the disk and the system calls under the real programs, and looks whether what they promised
// still holds afterwards.
//
// A walk (walk_test.go) does one thing again and again - a check-out, a wipe, a revocation - and each time breaks the next
// system call of one program, until a whole run passes in which there was no such call any more: the program is killed
// before the call, or the call fails with EIO or ENOSPC. After each the program is started anew, and a person goes on.
// go test takes a sample of the calls; `make soak ONLY=faults` takes each one, once, however long it is told to last.
//
// The other tests give a hub or an agent a disk that is full, read-only, damaged or not its own.
package faults

import (
	"fmt"
	"os"
	"testing"

	"github.com/keyshift-hq/keyshift/internal/systest/programs"
)

// bin is the folder with the programs.
var bin string

func TestMain(m *testing.M) { os.Exit(run(m)) }

// builtIn names the folder to a test that runs in a process of its own.
const builtIn = "KEYSHIFT_FAULTS_BIN"

func run(m *testing.M) int {
	if bin = os.Getenv(builtIn); bin != "" {
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "keyshift-faults-")
	if err == nil {
		defer os.RemoveAll(dir)
		bin = dir
		err = programs.Put(bin, "keyshift-hub", "keyshift-agent")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "faults:", err)
		return 1
	}
	return m.Run()
}
