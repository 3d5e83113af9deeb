package cli

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

// NewConsole asks by in and out if both are terminals; otherwise it is nil.
func NewConsole(in, out *os.File) Console {
	if !IsScreen(in) || !IsScreen(out) {
		return nil
	}
	return &terminal{in: in, out: out, lines: bufio.NewReader(in)}
}

// IsScreen reports whether a file is a terminal.
func IsScreen(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

type terminal struct {
	in    *os.File
	out   io.Writer
	lines *bufio.Reader
}

func (t *terminal) Ask(ctx context.Context, prompt string) (string, error) {
	return t.ask(ctx, prompt, func() (string, error) { return t.lines.ReadString('\n') })
}

// AskSecret gives the terminal back as it was also when nobody answers: reading in another goroutine goes on.
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
		b, err := term.ReadPassword(fd)
		return string(b), err
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
		return strings.TrimRight(a.line, "\r\n"), closed(a.err)
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func closed(err error) error {
	if errors.Is(err, io.EOF) {
		return keyshift.Refuse(api.CodeDeclined, "Nothing was done: there was no answer.", "")
	}
	return err
}
