// Program keyshift-agent is the agent of one user on one device, and its command line. See package cli for what it does.
//
// This file alone touches the process: arguments, environment, signals, exit code.
package main

import (
	"context"
	"crypto/rand"
	"os"
	"os/signal"
	"syscall"
	"time"
	_ "time/tzdata" // not every computer has the time zones

	"github.com/keyshift-hq/keyshift/cmd/agent/internal/cli"
	"github.com/keyshift-hq/keyshift/internal/agent"
	"github.com/keyshift-hq/keyshift/internal/agent/browser"
	"github.com/keyshift-hq/keyshift/internal/agent/nativehost"
	"github.com/keyshift-hq/keyshift/internal/agent/service"
	"github.com/keyshift-hq/keyshift/internal/api"
	"github.com/keyshift-hq/keyshift/internal/cliout"
	"github.com/keyshift-hq/keyshift/internal/hardening"
	"github.com/keyshift-hq/keyshift/internal/i18n"
	"github.com/keyshift-hq/keyshift/internal/ipc"
	"github.com/keyshift-hq/keyshift/internal/light"
	"github.com/keyshift-hq/keyshift/internal/osring"
	"github.com/keyshift-hq/keyshift/internal/presence"
)

// version is set by the build: -ldflags "-X main.version=1.2.3".
var version = "dev"

func main() { os.Exit(run()) }

func run() int {
	if caller, ok := nativehost.Detect(os.Args[1:]); ok { // before anything is parsed, printed or logged
		return serveBrowser(caller)
	}
	begun, requestID := begin()
	executable, _ := os.Executable() // empty is refused where it is needed
	ring := osring.New("")
	program := &cli.Program{
		Args:       os.Args[1:],
		Begun:      begun,
		Env:        os.Getenv,
		Stdin:      os.Stdin,
		Stdout:     os.Stdout,
		Stderr:     os.Stderr,
		Console:    cliout.NewConsole(os.Stdin, os.Stderr),
		Screen:     cliout.IsTerminal(os.Stdout),
		Now:        time.Now,
		Executable: executable,
		PID:        os.Getpid(),
		Version:    func() cliout.Version { return cliout.BuildOf(version) },
		NewAgent:   func(c cli.AgentConfig) (cli.Agent, error) { return newAgent(c, ring) },
		NewService: service.New,
		Keyring:    ring,
		Harden:     hardening.Apply,
		RequestID:  requestID,
		RetryPause: time.Second,
	}
	return int(program.Run(untilSignaled()))
}

// soon is when a command that still runs listens for signals. Most have ended by then, also check-outs, and nobody pressed Ctrl-C
// yet.
const soon = 20 * time.Millisecond

// untilSignaled gives a context that the first Ctrl-C ends; the second is the system's. To listen for signals starts threads, of
// which a command that ends soon has nothing but the work. What comes before that ends the process.
func untilSignaled() context.Context {
	ctx, end := context.WithCancel(context.Background())
	time.AfterFunc(soon, func() {
		signaled, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
		defer stop()
		<-signaled.Done()
		end()
	})
	return ctx
}

func newAgent(c cli.AgentConfig, ring *osring.OS) (cli.Agent, error) {
	a, err := agent.New(agent.Config{
		StateDir: c.StateDir, RuntimeDir: c.RuntimeDir, Log: c.Log, Version: c.Version,
		Ring: ring, Clock: clock(), Random: rand.Reader, Desk: presence.New(),
		AtRest: func() { light.Release(c.Log) },
	})
	if err != nil {
		return nil, err
	}
	home, _ := os.UserHomeDir() // empty is no folder to look for browsers in
	return browser.Join(a, browser.Setup{
		StateDir: c.StateDir, Home: home, Browser: c.Browser, Extension: c.Extension, Env: os.Environ(), Version: c.Version,
		Words: i18n.For(os.Getenv("LC_ALL"), os.Getenv("LC_MESSAGES"), os.Getenv("LANG")), Random: rand.Reader, Log: c.Log,
		ShowMistake: func(ctx context.Context, lease string) error {
			return browser.AskTray(ctx, ipc.TrayPath(c.Socket), "mistake", lease)
		},
	})
}

// serveBrowser is the program as a native host. It says nothing but what the extension is told.
func serveBrowser(caller nativehost.Caller) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	err := hardening.NoCore()
	if err == nil {
		err = cli.ServeBrowser(ctx, caller, os.Getenv, os.Stdin, os.Stdout)
	}
	if err != nil {
		return int(api.ExitRefused)
	}
	return 0
}
