// Package app is what keyshift-tray does at a desk.
//
// Started plainly it is the resident: it shows icon, menu and notifications, and never a window. Windows belong to a second
// process of the same program, the window process, which the resident starts when one is asked for; it ends a minute after
// its last window was closed. They speak over the window process's standard input and output, a line of JSON each way: a
// request, and the same request once its window is there.
//
// A desk has one resident. A second start asks the first one for a window, and ends.
//
// The package takes its process as a value, [Program].
package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/keyshift-hq/keyshift/cmd/internal/parsing"
	"github.com/keyshift-hq/keyshift/internal/api"
	"github.com/keyshift-hq/keyshift/internal/cliout"
	"github.com/keyshift-hq/keyshift/internal/i18n"
	"github.com/keyshift-hq/keyshift/internal/ipc"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/tray"
)

// Program is one start of keyshift-tray: what it takes from its process.
type Program struct {
	// Args are the arguments, without the program's own name.
	Args           []string
	Env            func(string) string
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Now            func() time.Time
	// Executable is the absolute path of the program; the agent is looked for beside it.
	Executable string
	Version    cliout.Version
	// Windows draws windows, on the main goroutine; nil if this build has none.
	Windows func(context.Context, tray.WindowOptions) error
}

// Run does what the arguments say and returns the exit code. It belongs to the main goroutine.
func (p *Program) Run(ctx context.Context) int {
	f, err := p.parse()
	if errors.Is(err, parsing.ErrHelp) {
		return int(api.ExitOf(nil))
	}
	if err == nil {
		err = p.start(ctx, f)
	}
	if err != nil {
		_, _ = fmt.Fprintf(p.Stderr, "keyshift-tray: %s\n", explain(err))
	}
	return int(api.ExitOf(err))
}

// explain is an error in words for people.
func explain(err error) string {
	e, ok := errors.AsType[*keyshift.Error](err)
	if !ok {
		return err.Error()
	}
	return strings.TrimSpace(e.Text + " " + e.Hint)
}

func (p *Program) start(ctx context.Context, f flags) error {
	if f.Version {
		_, err := fmt.Fprintln(p.Stdout, p.Version.Version)
		return err
	}
	if f.Socket == "" {
		dir, err := runtimeDir(p.Env)
		if err != nil {
			return err
		}
		if f.Socket, err = ipc.DefaultPath(dir); err != nil {
			return err
		}
	}
	if f.Child {
		return p.serveWindows(ctx, f)
	}
	return p.reside(ctx, f)
}

// wishes are the user's own; where there is no folder for settings, those of a new user.
func (p *Program) wishes() tray.Settings {
	settings, _, ok := userFolders(p.Env)
	if !ok {
		return tray.Settings{}
	}
	return tray.LoadSettings(settings)
}

// words are the texts in the language that the user chose, or else in that of the desk.
func (p *Program) words() i18n.Catalog { return p.wishes().Catalog(p.languages()...) }

// languages are those of the desk, the best first.
func (p *Program) languages() []string {
	return append([]string{p.Env("LC_ALL"), p.Env("LC_MESSAGES"), p.Env("LANG")}, systemLanguages()...)
}

func (p *Program) log() *slog.Logger { return slog.New(slog.NewTextHandler(p.Stderr, nil)) }
