// Command build makes the browser extension: directories for Chromium and Firefox that `Load unpacked` and
// `about:debugging` take, and keyshift.xpi for Firefox.
//
//	go run ./extension/build [-version VERSION] [-host HOST,...] [-out build/extension]
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/keyshift-hq/keyshift/extension"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "build:", err)
		os.Exit(1)
	}
}

func run() error {
	o := extension.Options{}
	flag.StringVar(&o.Source, "source", "extension", "the `directory` of the source")
	flag.StringVar(&o.Out, "out", filepath.Join("build", "extension"), "the `directory` to write to")
	flag.StringVar(&o.Version, "version", "unknown", "the version of the programs beside it")
	hosts := flag.String("host", "", "further `hosts`, with commas between them, that it may read without asking")
	flag.Parse()
	o.Hosts = strings.FieldsFunc(*hosts, func(r rune) bool { return r == ',' })
	if err := extension.Build(o); err != nil {
		return err
	}
	return extension.PackXPI(filepath.Join(o.Out, extension.Firefox), filepath.Join(o.Out, "keyshift.xpi"))
}
