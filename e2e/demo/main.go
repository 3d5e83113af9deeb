//go:build linux

// Command demo is the main job of Keyshift on real parts, told step by step: it starts a hub with a demo company and this
// computer's agent, checks an account out into the real OS keyring, renews it, checks it in, lets one expire, takes one
// back from afar, and shows what the audit log says of all that. Every step is looked at, not assumed. Then it stays up to
// be tried; with -once it ends, successfully only if every step was seen.
//
// Where no unlocked keyring answers, a private D-Bus session with gnome-keyring is started. What the demo writes lies in
// one folder of its own, and in the keyring under names of its own; both are gone afterwards.
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
	bin := flag.String("bin", "bin", "folder with keyshift-hub, keyshift-agent and keyshift-tray")
	once := flag.Bool("once", false, "end after the story")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, *bin, *once)
	switch {
	case err == nil:
		return
	case ctx.Err() != nil:
		err = errors.New("it was told to")
	}
	fmt.Fprintf(os.Stderr, "\nThe demo stopped before its end: %v\n", err)
	os.Exit(1)
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
	d := &demo{ctx: ctx, bin: bin, dir: dir}
	defer func() { err = errors.Join(err, d.cleanUp(), os.RemoveAll(dir)) }()
	if err := first(d.prepare, d.company, d.story); err != nil {
		return err
	}
	if once {
		fmt.Println("\nEvery step was seen.")
		return nil
	}
	return first(d.inviteToTry, d.wait)
}

// first runs steps up to the first that fails.
func first(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (d *demo) wait() error {
	<-d.ctx.Done()
	return nil
}
