package e2e

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// strangerUID is a user who owns nothing on the computer. Only root can be somebody else; for anyone else the neighbor
// stays the same user, and the story says so.
const strangerUID = "54321"

// neighborCommand is a command line of the neighbor as the same user without any privilege, or as another user.
func neighborCommand(who string, args []string) (name string, full []string, err error) {
	full = append([]string{filepath.Join(bin, "neighbor")}, args...)
	switch {
	case who == "same" && os.Geteuid() == 0:
		return "setpriv", append([]string{"--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all", "--no-new-privs"}, full...), nil
	case who == "same":
		return full[0], full[1:], nil
	case who == "other" && os.Geteuid() == 0:
		return "setpriv", append([]string{"--reuid=" + strangerUID, "--regid=" + strangerUID, "--clear-groups"}, full...), nil
	case who == "other":
		return "", nil, errors.New("run the stories of other users as root: only root can be somebody else")
	}
	return "", nil, fmt.Errorf("nobody is called %q", who)
}

// cmdNeighbor lets the neighbor try something. $AGENT stands for the agent's process.
func cmdNeighbor(ts *testscript.TestScript, neg bool, args []string) {
	mustBe(ts, !neg && len(args) >= 3, "neighbor same|other PART ARGS")
	w := worldOf(ts)
	d := w.here(ts)
	for i, arg := range args {
		if arg == "AGENT" {
			args[i] = fmt.Sprint(d.agent.cmd.Process.Pid)
		}
	}
	name, full, err := neighborCommand(args[0], args[1:])
	ts.Check(err)
	d.run(ts, "", name, full...).show(ts)
}

// cmdSquatter lets the other user listen at a socket until the story ends. What is sent there is in its log.
func cmdSquatter(ts *testscript.TestScript, neg bool, args []string) {
	mustBe(ts, !neg && len(args) == 1, "squatter SOCKET")
	w := worldOf(ts)
	name, full, err := neighborCommand("other", []string{"squat", args[0]})
	ts.Check(err)
	outRead, outWrite, err := os.Pipe()
	ts.Check(err)
	w.t.Cleanup(func() { _ = outRead.Close() })
	w.squatter = w.start(ts, w.here(ts), launch{label: "squatter", name: name, args: full, stdout: outWrite})
	ts.Check(outWrite.Close())
	line, err := bufio.NewReader(outRead).ReadString('\n')
	if err != nil || line != "ready\n" {
		ts.Fatalf("the squatter says %q, %v: %s", line, err, w.squatter.log())
	}
}

// cmdSquatted prints what the squatter said so far.
func cmdSquatted(ts *testscript.TestScript, neg bool, args []string) {
	mustBe(ts, !neg && len(args) == 0, "squatted")
	fmt.Fprint(ts.Stdout(), worldOf(ts).squatter.log())
}

// cmdMemory looks for secrets in the whole memory of the agent at hand. It needs root: nobody else may look there.
func cmdMemory(ts *testscript.TestScript, neg bool, args []string) {
	mustBe(ts, len(args) > 0, "memory SECRETS")
	d := worldOf(ts).here(ts)
	var last error
	await(ts, "the memory is as it should be", func() (bool, string) {
		last = sweepMemory(ts, d.agent.cmd.Process.Pid, args)
		return (last != nil) == neg, fmt.Sprint(last)
	})
	if last != nil {
		fmt.Fprintln(ts.Stdout(), last)
	}
}

// sweepMemory is an error if a secret is in memory that a process can write.
func sweepMemory(ts *testscript.TestScript, pid int, secrets []string) error {
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	ts.Check(err)
	mem, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if errors.Is(err, fs.ErrPermission) {
		ts.Fatalf("run the stories about memory as root: %v", err)
	}
	ts.Check(err)
	defer mem.Close()
	looked, hits := 0, map[string]int{}
	for line := range strings.Lines(string(maps)) {
		var from, to int64
		var mode string
		if _, err := fmt.Sscanf(line, "%x-%x %s", &from, &to, &mode); err != nil || !strings.HasPrefix(mode, "rw") {
			continue
		}
		data, err := io.ReadAll(io.NewSectionReader(mem, from, to-from))
		if err != nil && len(data) == 0 {
			continue // given back meanwhile
		}
		looked += len(data)
		for i, secret := range secrets {
			for _, form := range forms(secret) {
				if n := bytes.Count(data, []byte(form)); n > 0 {
					hits[fmt.Sprintf("secret %d", i+1)] += n
				}
			}
		}
	}
	if looked < 1<<20 {
		ts.Fatalf("looked at %d bytes only", looked)
	}
	if len(hits) > 0 {
		return fmt.Errorf("in %d MiB of memory: %v", looked>>20, hits)
	}
	return nil
}

// cmdCrash ends the agent as a bug would, and says where a core file could be.
func cmdCrash(ts *testscript.TestScript, neg bool, args []string) {
	mustBe(ts, !neg && len(args) == 0, "agent-crash")
	w := worldOf(ts)
	d := w.here(ts)
	limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", d.agent.cmd.Process.Pid))
	ts.Check(err)
	fmt.Fprint(ts.Stdout(), string(limits))
	ts.Check(exec.Command("kill", "-SEGV", fmt.Sprint(d.agent.cmd.Process.Pid)).Run())
	<-d.agent.ended
	if d.agent.cmd.ProcessState.Success() {
		ts.Fatalf("the agent did not crash")
	}
}
