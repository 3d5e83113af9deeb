package app

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"sync"

	"github.com/keyshift-hq/keyshift/internal/tray"
)

// windows keeps the window process, if there is one.
type windows struct {
	// command makes a window process that begins with a request.
	command func(first tray.Request) *exec.Cmd
	// failed is told why a window was not shown.
	failed func(error)
	// drawn is told that a window was shown.
	drawn func()
	// saved is told that the user's wishes changed.
	saved func()

	mu    sync.Mutex
	child *child
	ended bool
}

// child is a running window process.
type child struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	// waiting are the requests that were not answered yet.
	waiting []tray.Request
	// drew says that one was.
	drew bool
}

// show has a window shown: by the process there is, or by a new one.
func (w *windows) show(r tray.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended || w.child != nil && w.child.ask(r) == nil {
		return
	}
	if err := w.start(r); err != nil {
		go w.failed(err)
	}
}

// mostWaiting is how many requests a process is asked before it has answered. They fit into its pipe, so that asking one
// that hangs does not hang.
const mostWaiting = 16

// ask passes a request on. It stays waiting even if that fails: the end of the process is seen soon. One that is waited for
// already, and those of somebody who asks without end, are not passed on.
func (c *child) ask(r tray.Request) error {
	if len(c.waiting) >= mostWaiting || slices.Contains(c.waiting, r) {
		return nil
	}
	c.waiting = append(c.waiting, r)
	return json.NewEncoder(c.stdin).Encode(r)
}

func (w *windows) start(r tray.Request) error {
	c := &child{cmd: w.command(r), waiting: []tray.Request{r}}
	stdin, err := c.cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("start window process: %w", err)
	}
	stdout, err := c.cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("start window process: %w", err)
	}
	c.stdin = stdin
	said := &tail{}
	c.cmd.Stderr = said
	if err := c.cmd.Start(); err != nil {
		return fmt.Errorf("start window process: %w", err)
	}
	w.child = c
	go w.attend(c, stdout, said)
	return nil
}

// attend hears what a window process says, until it ends.
func (w *windows) attend(c *child, stdout io.Reader, said *tail) {
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		var a answer
		switch err := json.Unmarshal(lines.Bytes(), &a); {
		case err == nil && a.Saved:
			w.saved()
		case err == nil && known(a.Request):
			w.answered(c)
			w.drawn()
		}
	}
	err := c.cmd.Wait()
	w.over(c, fmt.Errorf("show window: %w: %s", errOr(err), said.String()))
}

func (w *windows) answered(c *child) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c.drew = true
	if len(c.waiting) > 0 {
		c.waiting = c.waiting[1:]
	}
}

// over deals with what a process left open at its end. One that has drawn before may have ended just when it was asked
// again, so another is started; one that never drew cannot.
func (w *windows) over(c *child, why error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.child == c {
		w.child = nil
	}
	switch {
	case w.ended || len(c.waiting) == 0:
	case c.drew && w.child == nil:
		if err := w.start(c.waiting[len(c.waiting)-1]); err != nil {
			go w.failed(err)
		}
	default:
		go w.failed(why)
	}
}

// end lets the window process end, which it does when nobody can ask it any more.
func (w *windows) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = true
	if w.child != nil {
		_ = w.child.stdin.Close()
	}
}

var errEnded = fmt.Errorf("it ended")

func errOr(err error) error {
	if err == nil {
		return errEnded
	}
	return err
}

// tail keeps the end of what a process says.
type tail struct {
	mu   sync.Mutex
	text []byte
}

const longestTail = 500

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	t.text = t.text[max(0, len(t.text)-longestTail):]
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(bytes.TrimSpace(t.text))
}

// drawing is the ending of the program that draws windows, where the resident is built without them: what a desk runs all
// day then needs neither C nor OpenGL, and a fraction of the memory.
const drawing = "-ui"

// windowCommand makes the command of a window process.
func (p *Program) windowCommand(ctx context.Context, socket string) func(tray.Request) *exec.Cmd {
	return func(first tray.Request) *exec.Cmd {
		args := []string{"--child", "--socket=" + socket, "--window=" + first.Window}
		if first.Argument != "" {
			args = append(args, "--about="+first.Argument)
		}
		return exec.CommandContext(ctx, p.drawer(), args...) // #nosec G204 -- this program itself
	}
}

// drawer is the program that draws windows: this one, or its sibling.
func (p *Program) drawer() string {
	if p.Windows != nil {
		return p.Executable
	}
	name, isWindows := strings.CutSuffix(p.Executable, ".exe")
	if isWindows {
		return name + drawing + ".exe"
	}
	return name + drawing
}
