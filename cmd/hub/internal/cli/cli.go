// Package cli is the command line of keyshift-hub, as far as it talks to a hub over its API: what admins, auditors and
// owners do. The commands of the hub's own computer (serve, backup, …) are the main program's; [Program] runs both.
//
// # Who one is
//
// `login` turns a code into an API token. The token lies in the OS keyring or, where there is none, in a file that only
// its owner can read; it is never an argument, a variable or part of an address. What is not secret (address, id and
// signing key of the hub, the pin of its certificate) lies in a file of profiles; see profile.go. Every other command
// takes both and asks the hub.
//
// # Answers
//
// Output is as package cliout says: words in local time, or with --json the API's own message; errors with a stable
// code; the exit codes of package api. Secrets come in by a prompt without echo or by standard input.
package cli

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/keyshift-hq/keyshift/internal/api"
	"github.com/keyshift-hq/keyshift/internal/cliout"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
)

// Name is what the program is called in texts.
const Name = "keyshift-hub"

// Program is one start of keyshift-hub: what it takes from its process, and what it is built of.
type Program struct {
	// Args are the arguments, without the program's own name.
	Args           []string
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// Console asks a person; nil if nobody is there to be asked.
	Console cliout.Console
	// Now tells the time, in the zone in which times are shown.
	Now func() time.Time
	// ConfigDir is the user's folder for settings; "" if there is none.
	ConfigDir string
	// Keyring holds the tokens.
	Keyring Keyring
	// Label tells people where a token is kept: the computer's name.
	Label   string
	Version string
	// Completing says that a shell asks how the line goes on.
	Completing bool
	// Server adds commands of the hub's own computer: a pointer to a struct for kong. Nil adds none.
	Server any
	// Bindings are given, by type, to those commands' Run beside the context.
	Bindings []any
	// Vars are what their help texts name as ${name}.
	Vars map[string]string

	// HTTP makes the client below; nil is hubclient.NewHTTPClient.
	HTTP func(hubclient.Target) *http.Client
	// FollowEvery is the pause between two looks at a revocation; 0 is a second.
	FollowEvery time.Duration
}

// Keyring keeps tokens; *osring.OS is one, and its errors are understood.
type Keyring interface {
	Get(ctx context.Context, key string) ([]byte, error)
	Set(ctx context.Context, key string, value []byte) error
	Delete(ctx context.Context, key string) error
	Probe(ctx context.Context) error
}

// Run does what the arguments say and returns the exit code. A ctx that ends is the person's Ctrl-C.
func (p *Program) Run(ctx context.Context) api.Exit {
	inv := &invocation{Program: p, Printer: cliout.Printer{Program: Name, Out: p.Stdout, Err: p.Stderr, Now: p.Now}}
	if p.Completing {
		return inv.complete()
	}
	err := inv.run(ctx)
	inv.Report(err)
	return api.ExitOf(err)
}
