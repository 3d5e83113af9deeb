package main

import (
	"bufio"
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
)

// demo is what the story needs to act.
type demo struct {
	ctx  context.Context
	bin  string
	dir  string
	once bool
	// long are the programs that keep running, in the order in which they were started.
	long   []*exec.Cmd
	hubURL string
}

func (d *demo) path(name string) string { return filepath.Join(d.dir, name) }

// agentArgs keep the demo's agent apart from a real one on the same computer.
func (d *demo) agentArgs() []string {
	return []string{"--state-dir", d.path("agent"), "--socket", d.path("run/agent.sock")}
}

// environment keeps the demo's login at its hub apart from a real one.
func (d *demo) environment() []string {
	return append(os.Environ(), "XDG_CONFIG_HOME="+d.path("config"))
}

// start runs a program until the demo ends, and gives the lines of its standard output.
func (d *demo) start(name string, args ...string) (*bufio.Reader, error) {
	log, err := os.Create(d.path(name + ".log"))
	if err != nil {
		return nil, fmt.Errorf("create log: %w", err)
	}
	defer log.Close()
	cmd := exec.Command(filepath.Join(d.bin, name), args...) //nolint:gosec // our own programs
	cmd.Stderr = log
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	d.long = append(d.long, cmd)
	return bufio.NewReader(out), nil
}

func (d *demo) stopPrograms() error {
	var all error
	for i := len(d.long) - 1; i >= 0; i-- {
		cmd := d.long[i]
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			all = errors.Join(all, fmt.Errorf("stop %s: %w", filepath.Base(cmd.Path), err))
		}
		if err := cmd.Wait(); err != nil {
			all = errors.Join(all, fmt.Errorf("stop %s: %w", filepath.Base(cmd.Path), err))
		}
	}
	d.long = nil
	return all
}

// command runs one command of a person. What it prints comes back; a failure says what it printed.
func (d *demo) command(input, program string, args ...string) (string, error) {
	if program == "keyshift-agent" {
		args = append(args, d.agentArgs()...)
	}
	cmd := exec.CommandContext(d.ctx, filepath.Join(d.bin, program), args...) //nolint:gosec // our own programs
	cmd.Env = d.environment()
	cmd.Stdin = strings.NewReader(input)
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	if err := cmd.Run(); err != nil {
		return out.String(), &failure{fmt.Errorf("%s: %w", program, err), errOut.String()}
	}
	return out.String(), nil
}

// failure is a command that was refused, and what it said.
type failure struct {
	error
	said string
}

func (f *failure) Error() string { return f.error.Error() + "\n" + f.said }

// show runs a command before the reader's eyes.
func (d *demo) show(input, program string, args ...string) error {
	fmt.Printf("\n  $ %s %s\n", program, quoted(args))
	out, err := d.command(input, program, args...)
	for line := range strings.Lines(out) {
		fmt.Print("    ", line)
	}
	return err
}

func quoted(args []string) string {
	words := make([]string, len(args))
	for i, a := range args {
		words[i] = a
		if strings.ContainsAny(a, " @") {
			words[i] = "'" + a + "'"
		}
	}
	return strings.Join(words, " ")
}

// ask runs a command with --json and reads the answer.
func (d *demo) ask(into any, program string, args ...string) error {
	out, err := d.command("", program, append(args, "--json")...)
	if err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(out), into); err != nil {
		return fmt.Errorf("read answer of %s %s: %w", program, strings.Join(args, " "), err)
	}
	return nil
}

// see waits until something is so, and says that it was seen.
func (d *demo) see(what string, within time.Duration, so func() (bool, error)) error {
	limit := time.NewTimer(within)
	defer limit.Stop()
	for {
		yes, err := so()
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		if yes {
			fmt.Println("  ✓ seen:", what)
			return nil
		}
		select {
		case <-d.ctx.Done():
			return d.ctx.Err()
		case <-limit.C:
			return fmt.Errorf("not seen within %v: %s", within, what)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func say(format string, args ...any) { fmt.Printf("\n"+format+"\n", args...) }

// drain keeps a program's output from filling its pipe.
func drain(r io.Reader) { go func() { _, _ = io.Copy(io.Discard, r) }() }
