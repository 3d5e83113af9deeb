package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub/pace"
)

// roleVariable names what this binary is when a benchmark starts it a second time: a program of its own, whose memory and
// connections are nobody else's.
const roleVariable = "KEYSHIFT_BENCH_ROLE"

// roles read one question a line and answer each with one line, until standard input ends.
var roles = map[string]func(in *json.Decoder, out *json.Encoder) error{
	"crowd":  runCrowd,
	"stream": runStreamFloor,
}

func TestMain(m *testing.M) {
	role := roles[os.Getenv(roleVariable)]
	if role == nil {
		go pace.Keep(context.Background()) // as the hub's program does; the floor has the same
		os.Exit(m.Run())
	}
	if err := role(json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)); err != nil && err != io.EOF {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// child is this binary in another role.
type child struct {
	program
	ask    *json.Encoder
	answer *json.Decoder
	stdin  io.Closer
}

func startChild(b *testing.B, role string) *child {
	b.Helper()
	self, err := os.Executable()
	must(b, err)
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), roleVariable+"="+role)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	must(b, err)
	out, err := cmd.StdoutPipe()
	must(b, err)
	must(b, cmd.Start())
	c := &child{program: program{cmd: cmd}, ask: json.NewEncoder(in), answer: json.NewDecoder(out), stdin: in}
	b.Cleanup(c.stop)
	return c
}

// tell asks a child something and waits for its answer.
func (c *child) tell(question, answer any) error {
	if err := c.ask.Encode(question); err != nil {
		return fmt.Errorf("ask %s: %w", c.cmd.Path, err)
	}
	if err := c.answer.Decode(answer); err != nil {
		return fmt.Errorf("hear %s: %w", c.cmd.Path, err)
	}
	return nil
}

// program is a process that a benchmark started.
type program struct{ cmd *exec.Cmd }

// stop ends the process and waits for it. It may be called twice.
func (p *program) stop() {
	if p.cmd.ProcessState == nil {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
	}
}

// end asks the process to end, and waits until it did in order.
func (p *program) end() error {
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	return p.cmd.Wait()
}

// status reads a number of /proc/PID/status, in KiB if it is about memory.
func (p *program) status(name string) (float64, error) {
	var v float64
	_, err := fmt.Sscan(field(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid), name), &v)
	return v, err
}

// settled waits until the memory of a process has stopped growing and shrinking, and gives it in KiB.
func (p *program) settled(ctx context.Context) (float64, error) {
	before := -1.0
	for range 30 {
		pause(ctx, time.Second)
		now, err := p.status("VmRSS")
		if err != nil {
			return 0, err
		}
		if max(now-before, before-now) < 64 {
			return now, nil
		}
		before = now
	}
	return before, nil
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}
