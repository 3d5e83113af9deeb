package e2e

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/keyshift-hq/keyshift/internal/systest/badnet"
	"github.com/keyshift-hq/keyshift/internal/until"
)

// patience bounds the wait for anything that a story expects.
const patience = 20 * time.Second

// commandLimit bounds one command. A keyring that hangs is given up after ten seconds, and twice in some commands.
const commandLimit = 60 * time.Second

// world is what one story has: its desktops and its hubs.
type world struct {
	t        testing.TB
	work     string // the story's own files
	logs     string
	desktops map[string]*desktop
	at       *desktop
	hubs     map[string]*hub
	started  []*program
	typed    string
	tunnel   *badnet.Tunnel
	squatter *program
}

type worldKey struct{}

func newWorld(env *testscript.Env) error {
	t, ok := env.T().(testing.TB)
	if !ok {
		return errors.New("stories are started by testscript.Run")
	}
	w := &world{t: t, work: env.WorkDir, logs: t.TempDir(), desktops: map[string]*desktop{}, hubs: map[string]*hub{}}
	env.Values[worldKey{}] = w
	env.Setenv("PASSWORD", "canary "+rand.Text())
	env.Setenv("SEED", rand.Text()) // 26 letters and digits of Base32
	env.Setenv("LONG", strings.Repeat("x", 5000))
	env.Setenv("CONTROL", "launch\x1b[2J\a")
	t.Cleanup(w.showLogs)
	env.Defer(w.endPrograms)
	return nil
}

func worldOf(ts *testscript.TestScript) *world {
	w, _ := ts.Value(worldKey{}).(*world)
	return w
}

// here is the desktop at which a command is typed.
func (w *world) here(ts *testscript.TestScript) *desktop {
	if w.at == nil {
		ts.Fatalf("nobody is at a desktop yet: say desktop NAME")
	}
	return w.at
}

// endPrograms kills what the story left running.
func (w *world) endPrograms() {
	for _, p := range w.started {
		p.kill()
	}
}

// showLogs prints what the programs logged when a story failed.
func (w *world) showLogs() {
	if !w.t.Failed() {
		return
	}
	for _, p := range w.started {
		w.t.Logf("log of %s:\n%s", p.name, p.log())
	}
}

// result is what a command did.
type result struct {
	out, err string
	exit     int
}

func (r result) all() string { return r.out + r.err }

// run runs a command at a desktop. It fails the story only if the command cannot be run at all.
func (d *desktop) run(ts *testscript.TestScript, input, name string, args ...string) result {
	ctx, cancel := context.WithTimeout(context.Background(), commandLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, programPath(name), args...)
	cmd.Dir, cmd.Env, cmd.Stdin = ts.MkAbs("."), d.env(), strings.NewReader(input)
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	err := cmd.Run()
	if _, ended := errors.AsType[*exec.ExitError](err); err != nil && !ended || ctx.Err() != nil {
		ts.Fatalf("run %s: %v\n%s%s", name, errors.Join(err, ctx.Err()), out.String(), errOut.String())
	}
	return result{out.String(), errOut.String(), cmd.ProcessState.ExitCode()}
}

// programPath is the path of one of our programs; others are looked up.
func programPath(name string) string {
	if strings.HasPrefix(name, "keyshift-") || name == "mocksecrets" {
		return filepath.Join(bin, name)
	}
	return name
}

// await repeats a look until it says yes. The text of the last look says what was there instead.
func await(ts *testscript.TestScript, what string, look func() (yes bool, seen string)) {
	ts.Check(until.Seen(what, patience, look))
}

func mustBe(ts *testscript.TestScript, ok bool, usage string) {
	if !ok {
		ts.Fatalf("usage: %s", usage)
	}
}

func quoteArgs(args []string) string { return fmt.Sprintf("%q", args) }
