// Program keyshift-tray is the icon in the tray, and the windows of one user on one device. See package app for what it
// does. This file alone touches the process: arguments, environment, signals, exit code.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/keyshift-hq/keyshift/cmd/tray/internal/app"
	"github.com/keyshift-hq/keyshift/internal/cliout"
)

// version is set by the build: -ldflags "-X main.version=1.2.3".
var version = "dev"

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	executable, _ := os.Executable() // empty is refused where it is needed
	program := &app.Program{
		Args: os.Args[1:], Env: os.Getenv, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Now: time.Now, Executable: executable, Version: cliout.BuildOf(version), Windows: windows,
	}
	return program.Run(ctx)
}
