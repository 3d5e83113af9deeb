// Command keyshift-hub is the company's hub and the command line of those who look after it.
//
// `serve` and its neighbors open the hub's own database; see server.go. Every other command talks to a hub over its API;
// see package cli.
package main

import (
	"context"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
	_ "time/tzdata" // not every computer has the time zones

	"github.com/keyshift-hq/keyshift/cmd/hub/internal/cli"
	"github.com/keyshift-hq/keyshift/internal/cliout"
	"github.com/keyshift-hq/keyshift/internal/osring"
)

// version is set by the build: -ldflags "-X main.version=1.2.3".
var version = "dev"

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the process at once
	p := cli.Program{
		Args: os.Args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Console: cliout.NewConsole(os.Stdin, os.Stderr), Now: time.Now,
		ConfigDir: configDir(), Keyring: osring.New(cli.Name), Label: hostname(), Version: version,
		Completing: os.Getenv("COMP_LINE") != "",
		Server:     &serverCommands{},
		Bindings:   []any{console{os.Stdout, os.Stderr}, buildVersion(version)},
		Vars:       serverVars(),
	}
	return int(p.Run(ctx))
}

// serverVars are what the help of server.go names.
func serverVars() map[string]string {
	dataDir, kekFile, err := defaultPlaces()
	if err != nil {
		dataDir, kekFile = "none", "none"
	}
	return map[string]string{"data_dir": dataDir, "kek_file": kekFile}
}

// configDir is the user's folder for settings of Keyshift, "" if there is none.
func configDir() string {
	dir, err := os.UserConfigDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "keyshift")
}

// hostname names this computer in the hub's list of logins.
func hostname() string {
	name, err := os.Hostname()
	if err != nil {
		return "unnamed computer"
	}
	return name
}
