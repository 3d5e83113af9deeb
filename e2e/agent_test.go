package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"
)

// cmdAgentStart starts the agent of this desktop and waits until it answers.
func cmdAgentStart(ts *testscript.TestScript, neg bool, args []string) {
	mustBe(ts, !neg, "agent-start [FLAGS]")
	w := worldOf(ts)
	d := w.here(ts)
	name := "keyshift-agent"
	if other := ts.Getenv("AGENT"); other != "" {
		name = other
	}
	d.agent = w.start(ts, d, launch{
		label: "agent of " + d.name, name: name, args: append([]string{"run"}, args...), under: d.under, env: append([]string{"KEYSHIFT_TURNED_CLOCK=" + d.clockFile()}, d.vars...),
	})
	await(ts, "the agent answers", func() (bool, string) {
		if !d.agent.running() {
			ts.Fatalf("the agent ended: %v\n%s", d.agent.err, d.agent.log())
		}
		r := d.run(ts, "", "keyshift-agent", "status")
		return r.exit == 0, r.all()
	})
}

func cmdAgentStop(ts *testscript.TestScript, neg bool, args []string) {
	mustBe(ts, !neg && len(args) == 0, "agent-stop")
	worldOf(ts).here(ts).agent.stop(ts)
}

func cmdAgentKill(ts *testscript.TestScript, neg bool, args []string) {
	mustBe(ts, !neg && len(args) == 0, "agent-kill9")
	worldOf(ts).here(ts).agent.kill()
}

// cmdAgentFreeze keeps the agent from hearing anything, as a closed lid does.
func cmdAgentFreeze(ts *testscript.TestScript, neg bool, args []string) {
	mustBe(ts, !neg && len(args) == 0, "agent-freeze")
	worldOf(ts).here(ts).agent.signal(ts, syscall.SIGSTOP)
}

func cmdAgentThaw(ts *testscript.TestScript, neg bool, args []string) {
	mustBe(ts, !neg && len(args) == 0, "agent-thaw")
	worldOf(ts).here(ts).agent.signal(ts, syscall.SIGCONT)
}

func cmdAgentUnder(ts *testscript.TestScript, neg bool, args []string) {
	mustBe(ts, !neg, "agent-under COMMAND")
	worldOf(ts).here(ts).under = args
}

func cmdAgentEnv(ts *testscript.TestScript, neg bool, args []string) {
	mustBe(ts, !neg && len(args) == 1, "agent-env NAME=VALUE")
	d := worldOf(ts).here(ts)
	d.vars = append(d.vars, args[0])
}

func (d *desktop) clockFile() string { return filepath.Join(d.Home, "clock") }

// cmdTurn turns the clocks of an agent that reads them from a file.
func cmdTurn(ts *testscript.TestScript, neg bool, args []string) {
	mustBe(ts, !neg && len(args) == 2, "turn WALL BOOT")
	file := worldOf(ts).here(ts).clockFile()
	ts.Check(os.WriteFile(file+".new", []byte(strings.Join(args, " ")), 0o600))
	ts.Check(os.Rename(file+".new", file))
}
