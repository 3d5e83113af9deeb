// Programs builds what the tests of all packages start into a folder: keyshift-hub, keyshift-agent and keyshift-tray.
//
//	go run ./e2e/programs FOLDER
package main

import (
	"fmt"
	"os"

	"github.com/keyshift-hq/keyshift/internal/systest/programs"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: programs FOLDER")
		os.Exit(2)
	}
	if err := programs.BuildAll(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "programs:", err)
		os.Exit(1)
	}
}
