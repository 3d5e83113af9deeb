// Package cli is the command line of keyshift-agent.
//
// Nearly every command is a client of the running agent: it asks over the local API and prints what it hears. `run` is
// the agent itself. `install` and its neighbors make the agent a service of the user, and `doctor` also looks at what
// can be seen without an agent.
//
// Output is as package cliout says: words in local time, or with --json the API's own message where there is one. The
// exit code is that of package api either way. Secrets come in by a prompt without echo or by standard input, never by
// an argument, which every program of the computer could read.
//
// The package takes its process as a value, [Program], so that tests can give it another one.
package cli

import (
	"context"
	"errors"
	"io"
	"net"
	"time"

	"github.com/keyshift-hq/keyshift/internal/agent/localapi"
	"github.com/keyshift-hq/keyshift/internal/agent/service"
	"github.com/keyshift-hq/keyshift/internal/api"
	"github.com/keyshift-hq/keyshift/internal/cliout"
	"github.com/keyshift-hq/keyshift/internal/ipc"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/localclient"
)

// Name is what the program is called in texts.
const Name = "keyshift-agent"

// Program is one start of keyshift-agent: what it takes from its process, and what it is built of.
type Program struct {
	// Args are the arguments, without the program's own name.
	Args []string
	// Begun is the first question of the command, if it was asked when the program began; nil if not.
	Begun          *localclient.Begun
	Env            func(string) string
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// Console asks a person; nil if nobody is there to be asked.
	Console cliout.Console
	// Screen says that Stdout is a terminal, which can be cleared.
	Screen bool
	// Now tells the time, in the zone in which times are shown.
	Now func() time.Time
	// Executable is the absolute path of the program, as a service should start it.
	Executable string
	PID        int
	// Version looks up which program this is.
	Version func() cliout.Version

	// NewAgent makes the agent for `run`.
	NewAgent func(AgentConfig) (Agent, error)
	// NewService makes the manager of the user's service; service.New outside tests.
	NewService func(executable string, o service.Options) (service.Manager, error)
	// Keyring is looked at by `doctor` when no agent runs.
	Keyring Prober
	// Harden keeps the memory of the process to itself, before a secret is in it.
	Harden func() error
	// RequestID makes a name for one check-out, which stays the same when it is asked for again.
	RequestID func() string
	// RetryPause is the time before the first repetition of a check-out whose answer was lost; later ones wait longer.
	RetryPause time.Duration
}

// Agent is what `run` runs.
type Agent interface {
	localapi.Agent
	// Run works until ctx ends.
	Run(ctx context.Context) error
	// NoteRefused counts a caller of another OS user, for the hub.
	NoteRefused(kind keyshift.CallerKind)
	// ServeBrowsers answers the native hosts that browsers start, until ctx ends.
	ServeBrowsers(ctx context.Context, l net.Listener) error
	// Close keeps what was noted, without Run.
	Close() error
}

// Prober stores, reads and deletes something in the keyring, and says what did not work.
type Prober interface {
	Probe(ctx context.Context) error
}

// Run does what the arguments say and returns the exit code. A ctx that ends is the person's Ctrl-C.
func (p *Program) Run(ctx context.Context) api.Exit {
	inv := &invocation{Program: p, Printer: cliout.Printer{Program: Name, Out: p.Stdout, Err: p.Stderr, Now: p.Now}}
	if p.Env("COMP_LINE") != "" {
		return suggest(inv)
	}
	if len(p.Args) == 0 {
		p.Args = []string{"--help"}
	}
	err := inv.run(ctx)
	if _, told := errors.AsType[toldError](err); !told {
		inv.Report(err)
	}
	return api.ExitOf(err)
}

// toldError is an error that is part of an answer already. Only its exit code is left to give.
type toldError struct{ error }

func (e toldError) Unwrap() error { return e.error }

// DefaultSocket is where the agent of this user listens if --socket does not say otherwise.
func DefaultSocket(env func(string) string) (string, error) {
	dir, err := runtimeBase(env)
	if err != nil {
		return "", err
	}
	return ipc.DefaultPath(dir)
}
