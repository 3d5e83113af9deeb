package e2e

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// program is a hub, an agent or a mock keyring that runs beside the story.
type program struct {
	name    string
	cmd     *exec.Cmd
	logFile string
	ended   chan struct{} // closed when err is set
	err     error
}

// launch says what to start.
type launch struct {
	label  string // for the log
	name   string
	args   []string
	under  []string // the command that starts it, if not nil
	env    []string // more variables
	stdin  *os.File // nil is empty
	stdout *os.File // nil is nowhere
}

// start starts a program at a desktop. Its standard error is logged to a file.
func (w *world) start(ts *testscript.TestScript, d *desktop, l launch) *program {
	p := &program{name: l.label, logFile: filepath.Join(w.logs, fmt.Sprintf("%d-%s.log", len(w.started), l.label)), ended: make(chan struct{})}
	log, err := os.Create(p.logFile)
	ts.Check(err)
	defer log.Close()
	line := slices.Concat(l.under, []string{programPath(l.name)}, l.args)
	p.cmd = exec.Command(line[0], line[1:]...)
	p.cmd.Dir, p.cmd.Env, p.cmd.Stderr = w.work, append(d.env(), l.env...), log
	if l.stdin != nil {
		p.cmd.Stdin = l.stdin
	}
	if l.stdout != nil {
		p.cmd.Stdout = l.stdout
	}
	ts.Check(p.cmd.Start())
	w.started = append(w.started, p)
	go func() {
		p.err = p.cmd.Wait()
		close(p.ended)
	}()
	return p
}

func (p *program) log() string {
	text, err := os.ReadFile(p.logFile)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func (p *program) running() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

func (p *program) signal(ts *testscript.TestScript, s syscall.Signal) {
	if p == nil || !p.running() {
		ts.Fatalf("it does not run")
	}
	ts.Check(p.cmd.Process.Signal(s))
}

// stop asks the program to end and wants it to do so well.
func (p *program) stop(ts *testscript.TestScript) {
	p.signal(ts, syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(patience):
		ts.Fatalf("%s does not end within %v of SIGTERM", p.name, patience)
	}
	if p.err != nil {
		ts.Fatalf("%s ended with %v:\n%s", p.name, p.err, p.log())
	}
}

// kill ends the program without asking, as a power cut does.
func (p *program) kill() {
	if err := p.cmd.Process.Kill(); err == nil || errors.Is(err, os.ErrProcessDone) {
		<-p.ended
	}
}
