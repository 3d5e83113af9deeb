// Program typescript writes the contract of package native for the browser extension: extension/src/gen/messages.ts, with
// a type for each message, a table of what each may hold, and the check that both sides make. Run it in the root of the
// repository, as scripts/generate.sh does.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// target is where the extension has it.
const target = "extension/src/gen/messages.ts"

func main() {
	if err := write(target); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func write(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // a folder of sources
		return fmt.Errorf("make folder: %w", err)
	}
	if err := os.WriteFile(path, render(), 0o644); err != nil { //nolint:gosec // a source
		return fmt.Errorf("write messages: %w", err)
	}
	return nil
}
