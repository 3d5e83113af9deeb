package service

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"
)

// program is what the service starts, checked.
type program struct {
	path string
	Options
}

func newProgram(path string, opts Options) (program, error) {
	if len(opts.Arguments) == 0 {
		opts.Arguments = []string{"run"}
	}
	if len(opts.LogonArguments) == 0 {
		opts.LogonArguments = opts.Arguments
	}
	words := append([]string{path, opts.LogFile}, opts.Arguments...)
	for _, w := range append(words, opts.LogonArguments...) {
		if err := plainText(w); err != nil {
			return program{}, fmt.Errorf("read command %q: %w", w, err)
		}
	}
	if opts.LogFile != "" && !filepath.IsAbs(opts.LogFile) {
		return program{}, fmt.Errorf("read log file %q: the path is not absolute", opts.LogFile)
	}
	return program{path: filepath.Clean(path), Options: opts}, checkProgram(path)
}

// plainText refuses what cannot be written into a unit, a plist and a command line alike.
func plainText(s string) error {
	if !utf8.ValidString(s) {
		return errors.New("not valid UTF-8")
	}
	if strings.ContainsFunc(s, unicode.IsControl) {
		return errors.New("contains a control character")
	}
	return nil
}

func checkProgram(path string) error {
	if !filepath.IsAbs(path) {
		return fmt.Errorf("read program %q: the path is not absolute", path)
	}
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("read program: %w", err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("read program %q: not a file", path)
	}
	return checkMode(path, info.Mode())
}
