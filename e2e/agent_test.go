package e2e

import (
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"
)

// cmdAgentStart starts the agent of this desktop and waits until it answers.
func cmdAgentStart(ts *testscript.TestScript, neg bool, args []string) {
	mustBe(ts, !neg, "agent-start [FLAGS]")
	w := worldOf(ts)
	d := w.here(ts)
	d.agent = w.start(ts, d, launch{label: "agent of " + d.name, name: "keyshift-agent", args: append([]string{"run"}, args...)})
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
