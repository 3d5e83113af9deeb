package bench

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/osring/osringtest"
	"github.com/keyshift-hq/keyshift/internal/systest"
)

// desktop is a session with a real keyring in which the real agent runs, enrolled at the hub of a world.
type desktop struct {
	program
	env  []string
	home string
	log  string // a file
}

func newDesktop(b *testing.B, w *systest.World, user string) *desktop {
	b.Helper()
	session := osringtest.StartSession(b)
	session.StartGnomeKeyring(b, "pw")
	return startDesktop(b, w, user, session)
}

// startDesktop starts the agent in a session, with more arguments.
func startDesktop(b *testing.B, w *systest.World, user string, session *osringtest.Session, args ...string) *desktop {
	b.Helper()
	d := &desktop{env: session.Env(), home: session.Home, log: filepath.Join(b.TempDir(), "agent.log")}
	d.program = program{exec.Command(agentBinary, append([]string{"run"}, args...)...)}
	log, err := os.Create(d.log)
	must(b, err)
	defer log.Close()
	d.cmd.Env, d.cmd.Stderr = d.env, log
	must(b, d.cmd.Start())
	b.Cleanup(d.stop)
	code := w.EnrollmentCode(0, user)
	for range 100 {
		if _, err = d.cli(code, "enroll", "--yes", "--device-name", "computer"); err == nil {
			return d
		}
		pause(b.Context(), 100*time.Millisecond)
	}
	text, _ := os.ReadFile(d.log)
	b.Fatalf("%v\n%s", err, text)
	return nil
}

// cli asks the running agent as a person does.
func (d *desktop) cli(stdin string, args ...string) (string, error) {
	cmd := exec.Command(agentBinary, args...)
	cmd.Env = d.env
	if stdin != "" {
		cmd.Stdin = strings.NewReader(stdin)
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%s: %w: %s", args, err, out)
	}
	return string(out), err
}

// switches adds up how often the threads of a process went to sleep.
func (p *program) switches() float64 {
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", p.cmd.Process.Pid))
	sum := 0.0
	for _, task := range tasks {
		var n float64
		_, _ = fmt.Sscan(field(task, "voluntary_ctxt_switches"), &n) // a thread that ended does not wake up any more
		sum += n
	}
	return sum
}

// wakeUps counts at how many moments a process did something: tenths of a second in which one of its threads ran.
func wakeUps(b *testing.B, p *program, d time.Duration) (moments, switches float64) {
	first := p.switches()
	last := first
	for end := time.Now().Add(d); time.Now().Before(end); {
		pause(b.Context(), 100*time.Millisecond)
		if now := p.switches(); now != last {
			moments++
			last = now
		}
	}
	return moments, last - first
}

func BenchmarkAgentIdle(b *testing.B) {
	built(b)
	w := systest.SQLite(b)
	w.AddUser("dana")
	d := newDesktop(b, w, "dana")
	pause(b.Context(), 75*time.Second) // what starting left behind is collected by then
	Run(b, Case{
		Group: "Agent", Name: "idle", Rounds: 1,
		Note: "The program, enrolled and connected, holding nothing, with a real keyring; looked at for two minutes. A wake-up is a tenth of a second in which " +
			"any of its threads ran. `make test` counts them over 24 simulated hours without a hub.",
		Goals: []Goal{{Figure: "RSS", AtMost: 15}, {Figure: "wake-ups a minute", AtMost: 4}},
		Subjects: []Subject{{Product, func() ([]Figure, error) {
			const minutes = 2
			moments, switches := wakeUps(b, &d.program, minutes*time.Minute)
			rss, err := d.status("VmRSS")
			anonymous, _ := d.status("RssAnon")
			return []Figure{
				{"RSS", "MiB", rss / 1024}, {"of it not the program's file", "MiB", anonymous / 1024},
				{"wake-ups a minute", "", moments / minutes}, {"context switches a minute", "", switches / minutes},
			}, err
		}}},
	})
}

func BenchmarkCommandLine(b *testing.B) {
	built(b)
	w := systest.SQLite(b)
	w.AddUser("dana")
	d := newDesktop(b, w, "dana")
	bare := bareProgram(b)
	var floor []time.Duration
	Run(b, Case{
		Group: "Command line", Name: "keyshift-agent status",
		Note:  "From the start of the process to its end, with what it printed, each beside a bare Go program that prints a word.",
		Goals: []Goal{{Figure: "beyond the floor", AtMost: 10}},
		Subjects: []Subject{
			{Product, func() (figures []Figure, err error) {
				var ours []time.Duration
				floor = nil
				for range 40 {
					ours = append(ours, timed(&err, func() error { _, err := d.cli("", "status"); return err }))
					floor = append(floor, timed(&err, func() error { _, err := exec.Command(bare).CombinedOutput(); return err }))
				}
				return append(Latency(ours), Figure{"beyond the floor", "ms", Percentile(ours, 50) - Percentile(floor, 50)}), err
			}},
			{Floor, func() ([]Figure, error) {
				return Latency(floor), nil
			}},
		},
	})
}

// bareProgram builds a Go program that prints a word. It is a copy of what the linker wrote, as those of make build are.
func bareProgram(b *testing.B) string {
	b.Helper()
	bare := filepath.Join(b.TempDir(), "bare")
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", bare+".linked", "./testdata/bare")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	program, err := os.ReadFile(bare + ".linked")
	must(b, err)
	must(b, os.WriteFile(bare, program, 0o700))
	return bare
}

// timed tells how long something took, and keeps its error if there was none before.
func timed(err *error, do func() error) time.Duration {
	start := time.Now()
	if e := do(); e != nil && *err == nil {
		*err = e
	}
	return time.Since(start)
}
