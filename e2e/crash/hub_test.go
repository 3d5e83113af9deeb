package crash

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/greeting"
	"github.com/keyshift-hq/keyshift/internal/loopback"
)

// patience bounds the wait for whatever has to happen; nothing waits that long unless something is wrong.
const patience = 60 * time.Second

// hubProcess is one replica: a process at an address that stays the same when it is started again.
type hubProcess struct {
	t        testing.TB
	args     []string
	home     string
	log      string
	database string

	mu      sync.Mutex
	address string
	cmd     *exec.Cmd
	ended   chan struct{}
	// greeting is how many lines the process says at its start: with a first-owner code, kept in code, two more.
	greeting int
	code     string
}

// newHub prepares a replica; home is where it keeps what it is not told another place for. Database "" is SQLite.
func newHub(t testing.TB, home, database string) *hubProcess {
	t.Helper()
	address, err := loopback.Address()
	if err != nil {
		t.Fatal(err)
	}
	h := &hubProcess{t: t, home: home, database: database, address: address, log: filepath.Join(t.TempDir(), "hub.log"), args: []string{"serve", "--name", "Acme"}, greeting: 2}
	if database != "" {
		h.args = append(h.args, "--database", database)
	}
	t.Cleanup(func() {
		h.kill()
		if t.Failed() {
			t.Logf("log of the hub at %s:\n%s", h.address, h.said())
		}
	})
	return h
}

func (h *hubProcess) said() string {
	text, err := os.ReadFile(h.log)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// at is the hub's address.
func (h *hubProcess) at() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.address
}

// start starts the process and gives how long it took until it answered.
func (h *hubProcess) start() (time.Duration, error) {
	log, err := os.OpenFile(h.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, err
	}
	defer log.Close()
	h.mu.Lock()
	defer h.mu.Unlock()
	cmd := exec.Command(program, append(h.args, "--listen", h.address)...)
	cmd.Env = []string{"HOME=" + h.home, "PATH=" + os.Getenv("PATH")}
	cmd.Stderr = log
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	h.cmd, h.ended = cmd, make(chan struct{})
	if err := h.listen(out); err != nil {
		return 0, err
	}
	return time.Since(began), nil
}

// listen reads what the process says first: where it is, its key, and while there is no owner, two lines with a code. A
// hub that has said where it is holds the port; it answers as soon as it can.
func (h *hubProcess) listen(out io.Reader) error {
	cmd, ended := h.cmd, h.ended
	lines := bufio.NewReader(out)
	var said string
	for range h.greeting {
		line, _ := lines.ReadString('\n') // at the end of a process that failed it is empty
		said += line
	}
	go func() {
		_, _ = io.Copy(io.Discard, lines)
		_ = cmd.Wait() // how it ended is in its log, or was our doing
		close(ended)
	}()
	if greeting.URL(said) == "" {
		return errors.New("the hub did not start: " + said + h.said())
	}
	var err error
	if h.code, err = greeting.Code(said); err != nil {
		return err
	}
	return h.answers()
}

// answers waits for any answer.
func (h *hubProcess) answers() error {
	client := http.Client{Timeout: patience, Transport: &http.Transport{
		DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // #nosec G402 -- who answers is not the question here
	}}
	answer, err := client.Get("https://" + h.address)
	if err != nil {
		return err
	}
	return answer.Body.Close()
}

func (h *hubProcess) mustStart() time.Duration {
	h.t.Helper()
	took, err := h.start()
	if err != nil {
		h.t.Fatal(err)
	}
	return took
}

func (h *hubProcess) running() bool {
	select {
	case <-h.ended:
		return false
	default:
		return true
	}
}

// kill ends the process as a power cut does.
func (h *hubProcess) kill() { h.end(syscall.SIGKILL) }

// stop asks the process to end.
func (h *hubProcess) stop() { h.end(syscall.SIGTERM) }

func (h *hubProcess) end(s os.Signal) {
	h.mu.Lock()
	cmd, ended := h.cmd, h.ended
	h.mu.Unlock()
	if cmd == nil {
		return
	}
	_ = cmd.Process.Signal(s) // it may have ended already
	select {
	case <-ended:
	case <-time.After(patience):
		h.t.Errorf("the hub does not end within %v of %v", patience, s)
	}
}

// command runs a command of keyshift-hub in the hub's home, with text typed, and gives what it printed.
func (h *hubProcess) command(typed string, args ...string) string {
	h.t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Env, cmd.Stdin = []string{"HOME=" + h.home}, strings.NewReader(typed)
	out, err := cmd.CombinedOutput()
	if err != nil {
		h.t.Fatalf("keyshift-hub %q: %v\n%s", args, err, out)
	}
	return string(out)
}
