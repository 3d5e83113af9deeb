// Package greeting is what a hub says on standard output when it begins to serve: where it is, its key and, while it has no user, how
// to become its first owner.
//
// The code for that is shown on a terminal only. What else takes standard output may keep it and show it to others, as a
// journal does; there the greeting names a file that only the hub's own user can read. Programs that start a hub read the
// greeting with [URL] and [Code].
package greeting

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"sync"
)

// File is the name of the file that holds the code. It lies in the hub's data directory until there is an owner.
const File = "first-owner-code"

// Greeting is what there is to say. Code is empty when the hub has users; Path is where it lies, empty when it is to be shown.
type Greeting struct {
	Name, URL, Key string
	Code, Path     string
}

// Say writes the greeting. With a path, the code is not in it.
func (g Greeting) Say(out io.Writer) error {
	text := fmt.Sprintf("Keyshift hub %q is at %s\nIts key: %s\n", g.Name, g.URL, g.Key)
	switch {
	case g.Code != "" && g.Path != "":
		text += become + "the code in this file:\n" + g.Path + "\n"
	case g.Code != "":
		text += become + "this code:\n" + g.Code + "\n"
	}
	_, err := io.WriteString(out, text)
	return err
}

const become = "It has no user yet. Become its owner within 24 hours: keyshift-hub login --name YOU, and paste "

var at = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?m)^Keyshift hub ".*" is at (\S+)\n`) })

// URL is where a hub is, by its greeting. It is empty as long as that has not been said.
func URL(said string) string {
	found := at().FindStringSubmatch(said)
	if found == nil {
		return ""
	}
	return found[1]
}

var kept = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`the code in this file:\n(.+` + File + `)\n`) })

// Code reads the code of the first owner from the file that a greeting names. It is empty when the greeting names none, or when the
// file is gone because there is an owner.
func Code(said string) (string, error) {
	found := kept().FindStringSubmatch(said)
	if found == nil {
		return "", nil
	}
	code, err := os.ReadFile(found[1])
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read code of the first owner: %w", err)
	}
	return strings.TrimSpace(string(code)), nil
}
