package cliout

import (
	"bufio"
	"context"
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/keyshift-hq/keyshift/internal/api"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// openTerminal gives both ends of a real pseudo-terminal: where the person sits, and what the program has.
func openTerminal(t *testing.T) (person, program *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = person.Close() })
	if err := unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	program, err = os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = program.Close() })
	return person, program
}

func echoes(t *testing.T, terminal *os.File) bool {
	t.Helper()
	state, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return state.Lflag&unix.ECHO != 0
}

// reads gives what the person sees up to a text.
func reads(t *testing.T, person *bufio.Reader, until string) string {
	t.Helper()
	var seen strings.Builder
	for !strings.HasSuffix(seen.String(), until) {
		b, err := person.ReadByte()
		if err != nil {
			t.Fatalf("saw %q: %v", seen.String(), err)
		}
		seen.WriteByte(b)
	}
	return seen.String()
}

func TestATerminalIsAskedAndASecretDoesNotShow(t *testing.T) {
	person, program := openTerminal(t)
	console := NewConsole(program, program)
	if console == nil {
		t.Fatal("a terminal is not seen as one")
	}
	screen := bufio.NewReader(person)
	answers := make(chan string, 2)
	go func() {
		login, err := console.Ask(t.Context(), "Login: ")
		if err != nil {
			login = err.Error()
		}
		answers <- login
		secret, err := console.AskSecret(t.Context(), "Password: ")
		if err != nil {
			secret = err.Error()
		}
		answers <- secret
	}()
	reads(t, screen, "Login: ")
	if _, err := person.WriteString("acme\n"); err != nil {
		t.Fatal(err)
	}
	reads(t, screen, "Password: ")
	if got := <-answers; got != "acme" {
		t.Errorf("got login %q", got)
	}
	awaitEcho(t, program, false)
	if _, err := person.WriteString("hunter2\n"); err != nil {
		t.Fatal(err)
	}
	if got := <-answers; got != "hunter2" {
		t.Errorf("got secret %q", got)
	}
	if seen := reads(t, screen, "\n"); strings.Contains(seen, "hunter2") {
		t.Errorf("the person sees %q", seen)
	}
	if !echoes(t, program) {
		t.Error("the terminal does not echo any more")
	}
}

// awaitEcho waits until the terminal does or does not echo.
func awaitEcho(t *testing.T, terminal *os.File, want bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); echoes(t, terminal) != want; {
		if time.Now().After(deadline) {
			t.Fatalf("after 10 s the terminal does not have echo %v", want)
		}
	}
}

func TestCtrlCGivesTheTerminalBack(t *testing.T) {
	person, program := openTerminal(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := NewConsole(program, program).AskSecret(ctx, "Password: ")
		done <- err
	}()
	reads(t, bufio.NewReader(person), "Password: ")
	awaitEcho(t, program, false)
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if !echoes(t, program) {
		t.Error("the terminal does not echo any more")
	}
	if _, err := person.WriteString("\n"); err != nil { // lets the read that was left behind go
		t.Fatal(err)
	}
}

func TestAClosedTerminalDeclines(t *testing.T) {
	person, program := openTerminal(t)
	console := NewConsole(program, program)
	done := make(chan error, 1)
	go func() {
		_, err := console.Ask(t.Context(), "Sure? ")
		done <- err
	}()
	reads(t, bufio.NewReader(person), "Sure? ")
	if _, err := person.WriteString("\x04"); err != nil { // Ctrl-D
		t.Fatal(err)
	}
	if err := <-done; keyshift.CodeOf(err) != api.CodeDeclined {
		t.Errorf("got %v", err)
	}
}

func TestAPipeIsNobody(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	_, program := openTerminal(t)
	for _, files := range [][2]*os.File{{r, w}, {program, w}, {r, program}} {
		if NewConsole(files[0], files[1]) != nil {
			t.Error("a pipe is asked")
		}
	}
	if !IsTerminal(program) || IsTerminal(w) {
		t.Error("terminals are not told from pipes")
	}
}
