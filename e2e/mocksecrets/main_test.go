package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keyshift-hq/keyshift/internal/osring"
	"github.com/keyshift-hq/keyshift/internal/osring/osringtest"
)

// script is a running mocksecrets.
type script struct {
	in    io.Writer
	lines *bufio.Scanner
}

func startScript(t *testing.T, address string) *script {
	t.Helper()
	inRead, inWrite := io.Pipe()
	outRead, outWrite := io.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- run(address, inRead, outWrite); outWrite.Close() }()
	t.Cleanup(func() {
		inWrite.Close()
		if err := <-ended; err != nil {
			t.Errorf("run = %v", err)
		}
	})
	s := &script{inWrite, bufio.NewScanner(outRead)}
	if s.lines.Scan(); s.lines.Text() != "ready" {
		t.Fatalf("first line = %q, want ready", s.lines.Text())
	}
	return s
}

// say sends a command and returns everything up to its ok or error.
func (s *script) say(command string) (answer []string) {
	fmt.Fprintln(s.in, command)
	for s.lines.Scan() {
		answer = append(answer, s.lines.Text())
		if s.lines.Text() == "ok" || strings.HasPrefix(s.lines.Text(), "error: ") {
			break
		}
	}
	return answer
}

func TestAStorySwitchesTheProviderByLines(t *testing.T) {
	session := osringtest.StartSession(t)
	session.Setenv(t)
	provider, ring := startScript(t, session.Address), osring.New("")
	if err := ring.Set(t.Context(), "lease-1", []byte("canary")); err != nil {
		t.Fatal(err)
	}

	steps := []struct {
		command string
		want    []string
	}{
		{"plant keyshift lease-1", []string{"ok"}},
		{"plant-older keyshift lease-1", []string{"ok"}},
		{"dump", []string{
			`item planted="yes" service="keyshift" username="lease-1" bytes=12`,
			`item service="keyshift" username="lease-1" bytes=8`,
			`item planted="yes" service="keyshift" username="lease-1" bytes=12`,
			"ok",
		}},
		{"dismiss-delete", []string{"ok"}},
		{"hang", []string{"ok"}},
		{"locked", []string{"ok"}},
		{"normal", []string{"ok"}},
		{"plant keyshift", []string{`error: "plant keyshift" is not a command`}},
		{"", []string{`error: "" is not a command`}},
		{"dance", []string{`error: behavior "dance" is not one of ["normal" "dismiss-delete" "dismiss-set" "hang" "hang-delete" "locked"]`}},
	}
	for _, tt := range steps {
		if diff := cmp.Diff(tt.want, provider.say(tt.command)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.command, diff)
		}
	}

	if err := ring.Delete(t.Context(), "lease-1"); err != nil {
		t.Errorf("Delete = %v", err)
	}
	if diff := cmp.Diff([]string{"ok"}, provider.say("dump")); diff != "" {
		t.Errorf("after Delete (-want +got):\n%s", diff)
	}
}

func TestASecondProviderOnTheBusIsRefused(t *testing.T) {
	session := osringtest.StartSession(t)
	session.StartMock(t)
	err := run(session.Address, strings.NewReader(""), io.Discard)
	if err == nil || !strings.Contains(err.Error(), "another provider has it") {
		t.Errorf("run = %v", err)
	}
}
