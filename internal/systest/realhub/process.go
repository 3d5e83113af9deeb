package realhub

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/greeting"
)

// Process is one replica. It is safe for concurrent use.
type Process struct {
	t       testing.TB
	program string
	log     string
	args    []string

	// URL is where it is, from the first start on, and Greeting what it said when it was started last.
	URL, Greeting string

	mu    sync.Mutex
	cmd   *exec.Cmd
	ended chan struct{}
}

// readyWithin is more than a hub may take; on a machine that others use too.
const readyWithin = 2 * time.Minute

// Start starts the process and waits until it serves. It gives how long that took.
func (p *Process) Start() time.Duration {
	p.t.Helper()
	took, err := p.Restart()
	if err != nil {
		p.t.Fatal(err)
	}
	return took
}

// Restart is Start for goroutines that may not end the test. A process that served before counts as serving when it has
// opened everything and listens: a thousand devices may be asking it already.
func (p *Process) Restart() (time.Duration, error) {
	began, before := time.Now(), p.URL != ""
	said, err := p.launch()
	if err != nil {
		return 0, fmt.Errorf("start hub: %w", err)
	}
	defer os.Remove(said.Name())
	defer said.Close()
	for limit := time.After(readyWithin); ; {
		if url := p.hear(said.Name()); url != "" && (before || answers(url)) {
			p.hear(said.Name()) // before it answered it may not have said all
			return time.Since(began), nil
		}
		select {
		case <-limit:
			return 0, fmt.Errorf("the hub does not serve after %v: %s", readyWithin, p.Log())
		case <-p.over():
			return 0, fmt.Errorf("the hub ended: %s", p.Log())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// launch starts the program. What it says on standard output goes to a file that is removed: a code is in it.
func (p *Process) launch() (*os.File, error) {
	said, err := os.CreateTemp("", "greeting-")
	if err != nil {
		return nil, err
	}
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.Command(p.program, p.args...) // #nosec G204 -- our own program
	cmd.Stdout, cmd.Stderr = said, log
	cmd.Env = append(os.Environ(), "GOTRACEBACK=all")
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cmd, p.ended = cmd, ended
	return said, nil
}

// hear reads what the hub has said, which is all once it answers. Its first address is its address for ever.
func (p *Process) hear(file string) (url string) {
	text, err := os.ReadFile(file)
	if err != nil {
		p.t.Errorf("read greeting: %v", err)
	}
	if url = greeting.URL(string(text)); p.URL == "" && url != "" {
		p.URL = url
		p.args[4] = p.Address()
	}
	if url != "" {
		p.Greeting = string(text)
	}
	return url
}

// Address is its host and port.
func (p *Process) Address() string { return strings.TrimPrefix(p.URL, "https://") }

func (p *Process) over() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ended
}

// Running reports whether the process has not ended.
func (p *Process) Running() bool {
	select {
	case <-p.over():
		return false
	default:
		return true
	}
}

// Kill ends the process as a power cut would, and waits until it is gone. It does nothing to one that has ended.
func (p *Process) Kill() { p.end(os.Kill) }

// Stop asks the process to end and waits for it.
func (p *Process) Stop() { p.end(syscall.SIGTERM) }

// Goroutines ends the process and gives what each of its goroutines was doing.
func (p *Process) Goroutines() []string {
	p.t.Helper()
	before := len(p.Log())
	p.end(syscall.SIGQUIT)
	var stacks []string
	for block := range strings.SplitSeq(p.Log()[before:], "\n\n") {
		if strings.HasPrefix(block, "goroutine ") && !strings.HasPrefix(block, "goroutine 0 ") {
			stacks = append(stacks, block)
		}
	}
	return stacks
}

func (p *Process) end(how os.Signal) {
	p.mu.Lock()
	cmd, ended := p.cmd, p.ended
	p.mu.Unlock()
	if cmd == nil {
		return
	}
	if err := cmd.Process.Signal(how); err != nil && !errors.Is(err, os.ErrProcessDone) {
		p.t.Errorf("end hub: %v", err)
	}
	<-ended
}

// Signal sends a signal to the process, and reports whether it was there.
func (p *Process) Signal(s os.Signal) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cmd.Process.Signal(s) == nil
}

// PID is the id of the process that was started last.
func (p *Process) PID() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cmd.Process.Pid
}

// Log is what the hub wrote to its log so far.
func (p *Process) Log() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// answers reports whether a hub answers anything there.
func answers(url string) bool {
	client := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{
		DisableKeepAlives: true,
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true}, // #nosec G402 -- who answers is not the question here
	}}
	answer, err := client.Get(url + "/healthz")
	return err == nil && answer.Body.Close() == nil
}
