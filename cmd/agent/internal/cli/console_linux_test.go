package cli

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/keyshift-hq/keyshift/internal/api"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// pseudoTerminal gives both ends of a terminal: the person's and the program's.
func pseudoTerminal(t *testing.T) (person, program *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = person.Close() })
	fd := int(person.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = program.Close() })
	return person, program
}

// onScreen reads what the person sees until it ends with a text.
func onScreen(t *testing.T, person *os.File, end string) string {
	t.Helper()
	var seen strings.Builder
	b := make([]byte, 100)
	for !strings.HasSuffix(seen.String(), end) {
		n, err := person.Read(b)
		if err != nil {
			t.Fatalf("after %q: %v", seen.String(), err)
		}
		seen.Write(b[:n])
	}
	return seen.String()
}

func echoes(t *testing.T, f *os.File) bool {
	t.Helper()
	state, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return state.Lflag&unix.ECHO != 0
}

func TestConsoleAsks(t *testing.T) {
	person, program := pseudoTerminal(t)
	c := NewConsole(program, program)
	go func() {
		onScreen(t, person, "Reason? ")
		_, _ = person.WriteString("launch\n")
	}()
	if got, err := c.Ask(t.Context(), "Reason? "); got != "launch" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestConsoleHidesSecrets(t *testing.T) {
	person, program := pseudoTerminal(t)
	c := NewConsole(program, program)
	screen := make(chan string, 1)
	go func() {
		onScreen(t, person, "Code: ")
		until(t, func() bool { return !echoes(t, program) })
		_, _ = person.WriteString("keyshift1-secret\n")
		screen <- onScreen(t, person, "\n")
	}()
	got, err := c.AskSecret(t.Context(), "Code: ")
	if got != "keyshift1-secret" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if s := <-screen; strings.TrimSpace(s) != "" {
		t.Errorf("the screen shows %q", s)
	}
	if !echoes(t, program) {
		t.Error("the terminal stays silent")
	}
}

func TestConsoleGivesTheTerminalBackOnCtrlC(t *testing.T) {
	person, program := pseudoTerminal(t)
	c := NewConsole(program, program)
	ctx, cancel := context.WithTimeout(t.Context(), longTime)
	defer cancel()
	go func() {
		onScreen(t, person, "Code: ")
		until(t, func() bool { return !echoes(t, program) })
		cancel()
	}()
	if _, err := c.AskSecret(ctx, "Code: "); err != context.Canceled {
		t.Errorf("got %v", err)
	}
	if !echoes(t, program) {
		t.Error("the terminal stays silent")
	}
	_, _ = person.WriteString("\n") // lets the reader go that was left behind
}

func TestConsoleIsClosed(t *testing.T) {
	person, program := pseudoTerminal(t)
	c := NewConsole(program, program)
	go func() {
		onScreen(t, person, "Sure? ")
		_, _ = person.Write([]byte{4}) // Ctrl-D
	}()
	if _, err := c.Ask(t.Context(), "Sure? "); keyshift.CodeOf(err) != api.CodeDeclined {
		t.Errorf("got %v", err)
	}
}

func TestNobodyAtAPipe(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	_, program := pseudoTerminal(t)
	for _, files := range [][2]*os.File{{r, w}, {program, w}, {r, program}} {
		if NewConsole(files[0], files[1]) != nil {
			t.Error("a pipe is asked")
		}
	}
	if !IsScreen(program) || IsScreen(w) {
		t.Error("screens are not told from pipes")
	}
}
