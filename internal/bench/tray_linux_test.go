package bench

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/systest"
	"github.com/keyshift-hq/keyshift/internal/systest/realdesk"
)

const (
	trayBinary = "../../bin/keyshift-tray"
	uiBinary   = "../../bin/keyshift-tray-ui"
)

// trayDesk is a desktop with a tray, and an agent that is enrolled.
type trayDesk struct {
	*realdesk.Desk
	b    *testing.B
	hub  *systest.World
	bare string // a folder with bare Fyne programs
}

func newTrayDesk(b *testing.B) *trayDesk {
	b.Helper()
	for _, program := range []string{trayBinary, uiBinary} {
		if _, err := os.Stat(program); err != nil {
			b.Fatalf("%v: make build goes before", err)
		}
	}
	d := &trayDesk{Desk: realdesk.Start(b), b: b, hub: systest.SQLite(b), bare: b.TempDir()}
	d.StartPanel(b)
	d.StartNotifications(b)
	d.hub.AddUser("dana")
	d.hub.AddAccount("acme", nil, "dana")
	d.Run(b, agentBinary, "run")
	code := d.hub.EnrollmentCode(0, "dana")
	realdesk.Eventually(b, "the agent is enrolled", func() bool {
		return d.agent(code, "enroll", "--yes", "--device-name", "computer") == nil
	})
	return d
}

func (d *trayDesk) agent(stdin string, args ...string) error {
	cmd := exec.Command(agentBinary, args...)
	cmd.Env, cmd.Stdin = d.Env(), strings.NewReader(stdin)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", args, err, out)
	}
	return nil
}

// buildBare builds a program of Fyne alone, as keyshift-tray-ui is built.
func (d *trayDesk) buildBare(name string) string {
	d.b.Helper()
	program := filepath.Join(d.bare, name)
	build := exec.Command("go", "build", "-trimpath", "-tags", "x11,migrated_fynedo", "-ldflags=-s -w", "-o", program, "./testdata/"+name)
	if out, err := build.CombinedOutput(); err != nil {
		d.b.Fatalf("build %s: %v: %s", name, err, out)
	}
	return program
}

// processor is the time that all threads of a process ran.
func (p *program) processor() time.Duration {
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", p.cmd.Process.Pid))
	sum := int64(0)
	for _, task := range tasks {
		var ran int64
		text, _ := os.ReadFile(task)
		_, _ = fmt.Fscan(bytes.NewReader(text), &ran) // a thread that ended does not run any more
		sum += ran
	}
	return time.Duration(sum)
}

// rest is what a program did while nobody wanted anything of it.
type rest struct {
	moments, switches float64
	ran               time.Duration
	rss, anonymous    float64
	err               error
}

// watchRest watches a program for a while.
func watchRest(b *testing.B, p *program, d time.Duration) (r rest) {
	before := p.processor()
	r.moments, r.switches = wakeUps(b, p, d)
	r.ran = p.processor() - before
	r.rss, r.err = p.status("VmRSS")
	r.anonymous, _ = p.status("RssAnon")
	return r
}

func (r rest) figures(d time.Duration) []Figure {
	return []Figure{
		{"RSS", "MiB", r.rss / 1024}, {"of it not a file", "MiB", r.anonymous / 1024}, {"processor", "%", 100 * r.ran.Seconds() / d.Seconds()},
		{"wake-ups a minute", "", r.moments / d.Minutes()}, {"context switches a second", "", r.switches / d.Seconds()},
	}
}

// restTogether watches two programs at the same time.
func restTogether(b *testing.B, ours, floor *program, d time.Duration) (a, f rest) {
	done := make(chan rest, 1)
	go func() { done <- watchRest(b, floor, d) }()
	a = watchRest(b, ours, d)
	return a, <-done
}

const (
	trayNote = "keyshift-tray in the tray of Xfce's panel, with the real agent and a hub, beside an app of Fyne with an icon, a menu and no window, at the same time. "
	settling = 25 * time.Second // what starting left behind is given back by then
)

// resting is how long programs are looked at that nobody wants anything of.
const resting = 5 * time.Minute

// Both are looked at in the same minutes, on a desk each.
func BenchmarkTrayIdle(b *testing.B) {
	free, holding := newRestingDesk(b), newRestingDesk(b)
	must(b, holding.agent("", "checkout", "x/acme", "--reason", "launch", "--duration", "2h"))
	pause(b.Context(), settling)
	later := make(chan restingPair, 1)
	go func() { later <- holding.look(b) }()
	free.write(b, "nothing held", free.look(b), Goal{Figure: "wake-ups a minute", AtMost: 0.1})
	holding.write(b, "a lease running", <-later, Goal{Figure: "context switches a second", AtMost: 2})
}

// restingDesk is a desk with our program and a bare one.
type restingDesk struct {
	*trayDesk
	ours, floor *program
}

type restingPair struct{ ours, floor rest }

func newRestingDesk(b *testing.B) restingDesk {
	d := newTrayDesk(b)
	floor := &program{d.Run(b, d.buildBare("fynetray"))}
	ours := &program{d.Run(b, trayBinary)}
	d.waitForIcon(b)
	return restingDesk{d, ours, floor}
}

func (d restingDesk) look(b *testing.B) (p restingPair) {
	p.ours, p.floor = restTogether(b, d.ours, d.floor, resting)
	return p
}

func (d restingDesk) write(b *testing.B, name string, p restingPair, goal Goal) {
	b.Helper()
	Run(b, Case{
		Group: "Tray", Name: name, Rounds: 1, Note: trayNote + fmt.Sprintf("Looked at for %v.", resting),
		Goals: []Goal{goal, {Figure: "RSS", AtMost: 16}, {Figure: "RSS", AtMost: 0.15, Of: Floor}, {Figure: "processor", AtMost: 0.02, Of: Floor}},
		Subjects: []Subject{
			{Product, func() ([]Figure, error) { return p.ours.figures(resting), p.ours.err }},
			{Floor, func() ([]Figure, error) { return p.floor.figures(resting), p.floor.err }},
		},
	})
}

func (d *trayDesk) waitForIcon(b *testing.B) {
	b.Helper()
	realdesk.Eventually(b, "the icon is in the tray", func() bool {
		_, err := d.Item("Keyshift")
		return err == nil
	})
}

func BenchmarkTrayStart(b *testing.B) {
	d := newTrayDesk(b)
	bare := d.buildBare("fynetray")
	Run(b, Case{
		Group: "Tray", Name: "start", Note: "From the start of the process until its icon is in the tray of Xfce's panel.",
		Goals: []Goal{{Figure: "time to icon", AtMost: 1, Of: Floor}},
		Subjects: []Subject{
			{Product, func() ([]Figure, error) { return d.toIcon(trayBinary) }},
			{Floor, func() ([]Figure, error) { return d.toIcon(bare) }},
		},
	})
}

// toIcon starts a program, and measures until the tray has one icon more.
func (d *trayDesk) toIcon(name string) ([]Figure, error) {
	before := d.icons()
	p := &program{exec.Command(name)}
	p.cmd.Env = d.Env()
	start := time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	defer func() {
		p.stop()
		realdesk.Eventually(d.b, "the icon is gone", func() bool { return d.icons() == before })
	}()
	for d.icons() == before {
		if time.Since(start) > realdesk.Patience {
			return nil, fmt.Errorf("%s shows no icon", name)
		}
		pause(d.b.Context(), time.Millisecond)
	}
	return []Figure{{"time to icon", "ms", milliseconds(time.Since(start))}}, nil
}

func (d *trayDesk) icons() int {
	n, _ := d.Icons()
	return n
}
