// Command bench writes docs/benchmarks.md from what the benchmarks of internal/bench left in bin/bench.
// `make bench` calls it last.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"

	"github.com/keyshift-hq/keyshift/internal/bench"
)

func main() {
	results := flag.String("results", "bin/bench", "folder with the results")
	page := flag.String("page", "docs/benchmarks.md", "page to write")
	version := flag.String("version", "unknown", "what was measured")
	flag.Parse()
	if err := run(*results, *page, *version); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(dir, page, version string) error {
	results, err := bench.ReadResults(dir)
	if err == nil && len(results) == 0 {
		err = errors.New("there are no results in " + dir)
	}
	if err != nil {
		return err
	}
	machine, err := bench.ThisComputer(version, dir)
	if err != nil {
		return err
	}
	return os.WriteFile(page, []byte(bench.Page(results, machine)), 0o644) //nolint:gosec // a page is for everybody
}
