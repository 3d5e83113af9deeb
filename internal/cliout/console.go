package cliout

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/keyshift-hq/keyshift/internal/api"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// Console asks a person. An answer that does not come because ctx ended or the terminal was closed is an error.
type Console interface {
	// Ask shows a prompt and gives the line that was typed.
	Ask(ctx context.Context, prompt string) (string, error)
	// AskSecret is Ask, and what is typed does not show.
	AskSecret(ctx context.Context, prompt string) (string, error)
}

// NewConsole asks by in and out if both are terminals; otherwise it is nil: nobody is there to be asked.
func NewConsole(in, out *os.File) Console {
	if !IsTerminal(in) || !IsTerminal(out) {
		return nil
	}
	return &terminal{in: in, out: out, lines: bufio.NewReader(in)}
}

// IsTerminal reports whether a file is a terminal, which shows what is written at once and can be cleared.
func IsTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

type terminal struct {
	in    *os.File
	out   io.Writer
	lines *bufio.Reader
}

func (t *terminal) Ask(ctx context.Context, prompt string) (string, error) {
	return t.ask(ctx, prompt, func() (string, error) { return t.lines.ReadString('\n') })
}

// AskSecret gives the terminal back as it was also when nobody answers, while the read goes on in its goroutine.
func (t *terminal) AskSecret(ctx context.Context, prompt string) (string, error) {
	fd := int(t.in.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", fmt.Errorf("read terminal: %w", err)
	}
	defer func() {
		_ = term.Restore(fd, before)
		_, _ = fmt.Fprintln(t.out)
	}()
	return t.ask(ctx, prompt, func() (string, error) {
		line, err := term.ReadPassword(fd)
		return string(line), err
	})
}

func (t *terminal) ask(ctx context.Context, prompt string, read func() (string, error)) (string, error) {
	_, _ = io.WriteString(t.out, prompt)
	type answer struct {
		line string
		err  error
	}
	got := make(chan answer, 1)
	go func() {
		line, err := read()
		got <- answer{line, err}
	}()
	select {
	case a := <-got:
		return strings.TrimRight(a.line, "\r\n"), noAnswer(a.err)
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func noAnswer(err error) error {
	if errors.Is(err, io.EOF) {
		return keyshift.Refuse(api.CodeDeclined, "Nothing was done: there was no answer.", "Run the command again and answer its question.")
	}
	return err
}

// Confirm asks a person for a yes. With nobody there (a nil console) it fails and names the flag that says yes.
func Confirm(ctx context.Context, c Console, question, flag string) error {
	if c == nil {
		return keyshift.Invalid(api.CodeUsage, "This needs a yes, and nobody is there to be asked.", "Add "+flag+".")
	}
	answer, err := c.Ask(ctx, question+" [y/N] ")
	if err != nil {
		return err
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return keyshift.Refuse(api.CodeDeclined, "Nothing was done.", "Answer y to go on.")
}
