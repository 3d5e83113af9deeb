// Command demo is the main job of Keyshift on real parts, told step by step: it starts a hub with a demo company and this
// computer's agent, checks an account out into the real OS keyring, renews it, checks it in, lets one expire, takes one
// back from afar, and shows what the audit log says of all that. Every step is looked at, not assumed. Then it stays up to
// be tried; with -once it ends, successfully only if every step was seen.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

func main() {
	bin := flag.String("bin", "bin", "folder with keyshift-hub and keyshift-agent")
	once := flag.Bool("once", false, "end after the story")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *bin, *once); err != nil {
		fmt.Fprintf(os.Stderr, "\nThe demo stopped: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, bin string, once bool) (err error) {
	bin, err = filepath.Abs(bin)
	if err != nil {
		return fmt.Errorf("find programs: %w", err)
	}
	dir, err := os.MkdirTemp("", "keyshift-demo-")
	if err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	d := &demo{ctx: ctx, bin: bin, dir: dir, once: once}
	defer func() { err = errors.Join(err, d.cleanUp(), os.RemoveAll(dir)) }()
	if err := d.company(); err != nil {
		return err
	}
	if err := d.story(); err != nil {
		return err
	}
	if once {
		fmt.Println("\nEvery step was seen.")
		return nil
	}
	d.inviteToTry()
	<-ctx.Done()
	return nil
}
