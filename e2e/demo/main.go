//go:build linux

// Command demo is the main job of Keyshift on real parts, told step by step: it starts a hub with a demo company and this
// computer's agent, checks an account out into the real OS keyring, renews it, checks it in, and lets one expire. Then it does
// the whole job in a real Chromium on the hub's practice network: opened, filled in, signed in, renewed, warned about a draft,
// kept from a closed page, and taken back from afar. At the end it shows what the audit log says of all that. Every step is
// looked at, not assumed. Then it stays up to be tried; with -once it ends, successfully only if every step was seen.
//
// With a display the browser and the tray are on it, and the demo presses slowly enough to be watched; without one the browser
// works without a window.
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
	"time"
)

func main() {
	bin := flag.String("bin", "bin", "folder with keyshift-hub, keyshift-agent and keyshift-tray")
	source := flag.String("extension", "extension", "folder with the extension's source")
	once := flag.Bool("once", false, "end after the story")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, &demo{ctx: ctx, bin: *bin, once: *once, extension: *source})
	switch {
	case err == nil:
		return
	case ctx.Err() != nil:
		err = errors.New("it was told to")
	}
	fmt.Fprintf(os.Stderr, "\nThe demo stopped before its end: %v\n", err)
	os.Exit(1)
}

func run(ctx context.Context, d *demo) error {
	return d.inPlace(func() error {
		if err := first(d.company, d.story); err != nil {
			return err
		}
		if d.once {
			fmt.Println("\nEvery step was seen.")
			return nil
		}
		return first(d.inviteToTry, func() error { <-ctx.Done(); return nil })
	})
}

// inPlace makes the demo's folder and its keyring, does something there, and leaves nothing behind.
func (d *demo) inPlace(do func() error) (err error) {
	if d.bin, err = filepath.Abs(d.bin); err != nil {
		return fmt.Errorf("find programs: %w", err)
	}
	if d.dir, err = os.MkdirTemp("", "keyshift-demo-"); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	defer func() { err = errors.Join(err, d.cleanUp(), d.removeFolder()) }()
	return first(d.prepare, do)
}

// removeFolder tries for a while: helpers of a browser that was closed write a little longer.
func (d *demo) removeFolder() error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(5 * time.Second); ; {
		err := os.RemoveAll(d.dir)
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-late:
			return fmt.Errorf("remove the demo's folder: %w", err)
		}
	}
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
