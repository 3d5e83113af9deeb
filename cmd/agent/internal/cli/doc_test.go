package cli

import (
	"io"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

const manual = "../../../../docs/cli-agent.md"

// TestManualNamesEveryCommandAndFlag compares docs/cli-agent.md with the grammar, in both directions.
func TestManualNamesEveryCommandAndFlag(t *testing.T) {
	text, err := os.ReadFile(manual)
	if err != nil {
		t.Fatal(err)
	}
	inv := &invocation{Program: &Program{Stdout: io.Discard, Stderr: io.Discard}}
	parser, err := inv.parser()
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, cmd := range parser.Model.Leaves(true) {
		known[cmd.Name] = true
		if !regexp.MustCompile("`" + cmd.Name + "[ `]").Match(text) {
			t.Errorf("%s is not in %s", cmd.Name, manual)
		}
		wantFlags(t, string(text), cmd, known)
	}
	for _, word := range regexp.MustCompile("--[a-z][a-z-]*|(?m)^keyshift-agent ([a-z]+)").FindAllStringSubmatch(string(text), -1) {
		name := strings.TrimPrefix(word[0], "keyshift-agent ")
		if !known[name] {
			t.Errorf("%s has %q, which does not exist", manual, name)
		}
	}
}

func wantFlags(t *testing.T, text string, cmd *kong.Node, known map[string]bool) {
	t.Helper()
	for _, group := range cmd.AllFlags(true) {
		for _, f := range group {
			known["--"+f.Name] = true
			if !strings.Contains(text, "--"+f.Name) {
				t.Errorf("--%s of %s is not in %s", f.Name, cmd.Name, manual)
			}
		}
	}
}
