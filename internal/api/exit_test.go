package api

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

var update = flag.Bool("update", false, "write docs/exit-codes.md anew")

func TestExitOf(t *testing.T) {
	tests := []struct {
		name string
		err  error
		want Exit
	}{
		{"nothing", nil, 0},
		{"not foreseen", errors.New("x"), 1},
		{"a code of a newer hub", keyshift.Refuse("moon_phase", "x", "y"), 1},
		{"usage", keyshift.Invalid(CodeUsage, "x", "y"), 2},
		{"a gate", keyshift.Refuse(keyshift.CodeGrantMissing, "x", "y"), 3},
		{"wrapped", fmt.Errorf("read lease: %w", keyshift.ErrNotFound), 4},
		{"no answer", keyshift.Refuse(keyshift.CodeUnavailable, "x", "y"), 6},
		{"gave up", keyshift.Refuse(keyshift.CodeUnavailable, "x", "y").Because(context.Canceled), 130},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := ExitOf(tt.err); got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
}

// meanings are the words of docs/exit-codes.md.
var meanings = map[Exit]string{
	ExitOK:          "done",
	ExitInternal:    "something broke that was not foreseen, or a newer hub gave a code that this version does not know",
	ExitUsage:       "the command line is wrong",
	ExitRefused:     "a gate or a rule says no, or you did",
	ExitNotFound:    "there is no such thing, or none that you may see",
	ExitNoRight:     "not signed in, not enrolled, or without the right",
	ExitUnreachable: "the agent or the hub does not answer, or the device is offline",
	ExitKeyring:     "the keyring is locked, missing, or keeps what it should delete",
	ExitClock:       "the computer's clock cannot be trusted",
	ExitConflict:    "somebody or something else was first",
	ExitBadInput:    "a value is wrong",
	ExitStorage:     "the hub or the device cannot store, record or prove",
	ExitInterrupted: "interrupted with Ctrl-C",
}

const exitDoc = "../../docs/exit-codes.md"

func renderExits() string {
	var b strings.Builder
	b.WriteString("# Exit codes\n\n`keyshift-agent` and `keyshift-hub` end with the same numbers. They are stable. With `--json` the exact code is in\n" +
		"the error object as well; without it, on standard error in words.\n\n| exit | meaning | codes |\n|---|---|---|\n")
	for _, exit := range slices.Sorted(maps.Keys(meanings)) {
		var codes []string
		for _, code := range slices.Sorted(maps.Keys(exits)) {
			if exits[code] == exit {
				codes = append(codes, "`"+string(code)+"`")
			}
		}
		fmt.Fprintf(&b, "| %d | %s | %s |\n", exit, meanings[exit], strings.Join(codes, ", "))
	}
	return b.String()
}

func TestExitCodesAreDocumented(t *testing.T) {
	for code, exit := range exits {
		if meanings[exit] == "" {
			t.Errorf("%s ends with %d, which has no meaning", code, exit)
		}
	}
	want := renderExits()
	if *update {
		if err := os.WriteFile(exitDoc, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(exitDoc)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("run go test -run ExitCodes -update (-want +got):\n%s", diff)
	}
}
