//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/keyshift-hq/keyshift/internal/browsertest"
)

// demo is what the story needs to act.
type demo struct {
	ctx context.Context
	bin string
	dir string
	// long are the programs that keep running, in the order in which they were started.
	long     []*exec.Cmd
	enrolled bool
	hubURL   string
	// hubPin is the hash of the key of its certificate.
	hubPin string
	// once ends the demo after the story, and does not wait for people.
	once bool
	// extension is where the extension's source is.
	extension string
	// browser is the work browser, once it is driven.
	browser browsertest.Browser
	// home is the home folder of the next commands; empty is the user's.
	home string
	// foreign are the leases in the keyring that were there before.
	foreign map[string]bool
	// desktop is the session bus of the desktop, empty if there is none.
	desktop string
}

func (d *demo) path(name string) string { return filepath.Join(d.dir, name) }

// program is one of ours, in the demo's places.
func (d *demo) program(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(d.bin, name), args...) //nolint:gosec // our own programs
	cmd.Env = append(os.Environ(), d.places()...)
	if d.home != "" {
		cmd.Env = append(cmd.Env, "HOME="+d.home)
	}
	return cmd
}

// start runs a program until the demo ends, and gives its standard output. It does not hear Ctrl-C: the demo stops it
// when all that needs it is done.
func (d *demo) start(cmd *exec.Cmd) (io.Reader, error) {
	name := filepath.Base(cmd.Path)
	log, err := os.Create(d.path(name + ".log"))
	if err != nil {
		return nil, fmt.Errorf("create log: %w", err)
	}
	defer log.Close()
	cmd.Stderr = log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	d.long = append(d.long, cmd)
	return out, nil
}

// stopPrograms stops the newest first. Only ours have to end well.
func (d *demo) stopPrograms() error {
	var all error
	for i := len(d.long) - 1; i >= 0; i-- {
		cmd := d.long[i]
		err := cmd.Process.Signal(syscall.SIGTERM)
		if errors.Is(err, os.ErrProcessDone) {
			err = nil // the person quit it
		}
		if err = errors.Join(err, cmd.Wait()); err != nil && strings.HasPrefix(cmd.Path, d.bin) {
			all = errors.Join(all, fmt.Errorf("stop %s: %w", filepath.Base(cmd.Path), err))
		}
	}
	d.long = nil
	return all
}

// commandError is a command that did not succeed, with what it said.
type commandError struct {
	line, said string
	err        error
}

func (e *commandError) Error() string { return fmt.Sprintf("%s: %v\n%s", e.line, e.err, e.said) }
func (e *commandError) Unwrap() error { return e.err }

// command runs one command of a person and gives what it printed.
func (d *demo) command(ctx context.Context, input string, words ...string) (string, error) {
	args := words[1:]
	if words[0] == "keyshift-hub" {
		args = append([]string{"--profile", profile}, args...)
	}
	cmd := d.program(words[0], args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Stdin = strings.NewReader(input)
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	if err := cmd.Start(); err != nil {
		return "", fmt.Errorf("start %s: %w", words[0], err)
	}
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Signal(syscall.SIGTERM) })
	defer stop()
	if err := cmd.Wait(); err != nil {
		return out.String(), &commandError{typed(words), out.String() + errOut.String(), err}
	}
	return out.String(), nil
}

// show runs a command before the reader's eyes.
func (d *demo) show(words ...string) error { return d.showWith("", "", words...) }

// showWith is show with what the person types or pastes, described by a remark.
func (d *demo) showWith(input, remark string, words ...string) error {
	fmt.Printf("\n  $ %s\n", typed(words))
	if remark != "" {
		fmt.Printf("    (%s)\n", remark)
	}
	out, err := d.command(d.ctx, input, words...)
	indent(out)
	return err
}

// brief shows a command and only the first line of its answer.
func (d *demo) brief(input, remark string, words ...string) error {
	fmt.Printf("  $ %s\n", typed(words))
	if remark != "" {
		fmt.Printf("    (%s)\n", remark)
	}
	out, err := d.command(d.ctx, input, words...)
	line, _, _ := strings.Cut(out, "\n")
	indent(line + "\n")
	return err
}

func indent(text string) {
	for line := range strings.Lines(text) {
		fmt.Print("    ", line)
	}
}

// typed is a command as a person types it.
func typed(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = w
		if strings.Contains(w, " ") {
			quoted[i] = "'" + w + "'"
		}
	}
	return strings.Join(quoted, " ")
}

// ask runs a command with --json and reads the answer.
func (d *demo) ask(into any, words ...string) error {
	out, err := d.command(d.ctx, "", append(words, "--json")...)
	if err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(out), into); err != nil {
		return fmt.Errorf("read answer of %s: %w", typed(words), err)
	}
	return nil
}

// see waits until something is so, and says that it was seen.
func (d *demo) see(what string, within time.Duration, so func() (bool, error)) error {
	if err := d.await(what, within, so); err != nil {
		return err
	}
	fmt.Println("    ✓ seen:", what)
	return nil
}

func (d *demo) await(what string, within time.Duration, so func() (bool, error)) error {
	limit, tick := time.NewTimer(within), time.NewTicker(200*time.Millisecond)
	defer limit.Stop()
	defer tick.Stop()
	for {
		yes, err := so()
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		if yes {
			return nil
		}
		select {
		case <-d.ctx.Done():
			return d.ctx.Err()
		case <-limit.C:
			return fmt.Errorf("not seen within %v: %s", within, what)
		case <-tick.C:
		}
	}
}

func say(format string, args ...any) { fmt.Printf("\n"+format+"\n", args...) }

// drain keeps a program's output from filling its pipe.
func drain(r io.Reader) { go func() { _, _ = io.Copy(io.Discard, r) }() }
