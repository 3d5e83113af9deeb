package e2e

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/keyshift-hq/keyshift/internal/api"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

type command = func(ts *testscript.TestScript, neg bool, args []string)

func commands() map[string]command {
	return map[string]command{
		"desktop":        cmdDesktop,
		"keyring":        cmdKeyring,
		"keyring-lock":   cmdKeyringLock,
		"keyring-unlock": cmdKeyringUnlock,
		"keyring-kill9":  cmdKeyringKill,
		"session-end":    cmdSessionEnd,
		"session-begin":  cmdSessionBegin,
		"mock":           cmdMock,
		"screen":         cmdScreen,
		"token":          cmdToken,
		"hub-start":      cmdHubStart,
		"hub-stop":       cmdHubStop,
		"hub-kill9":      cmdHubKill,
		"hub-at":         cmdHubAt,
		"postgres":       cmdPostgres,
		"company":        cmdCompany,
		"enroll":         cmdEnroll,
		"agent-start":    cmdAgentStart,
		"agent-stop":     cmdAgentStop,
		"agent-kill9":    cmdAgentKill,
		"agent-freeze":   cmdAgentFreeze,
		"agent-thaw":     cmdAgentThaw,
		"agent-under":    cmdAgentUnder,
		"agent-env":      cmdAgentEnv,
		"turn":           cmdTurn,
		"cable":          cmdCable,
		"unplug":         cable("down"),
		"plug":           cable("up"),
		"tunnel":         cmdTunnel,
		"tunneled":       cmdTunneled,
		"keyshift-hub":   person("keyshift-hub"),
		"keyshift-agent": person("keyshift-agent"),
		"type":           cmdType,
		"refused":        cmdRefused,
		"eventually":     cmdEventually,
		"gone":           cmdGone,
		"json":           cmdJSON,
		"remember":       cmdRemember,
		"capture":        cmdCapture,
		"guess":          cmdGuess,
		"sweep":          cmdSweep,
		"neighbor":       cmdNeighbor,
		"squatter":       cmdSquatter,
		"squatted":       cmdSquatted,
		"memory":         cmdMemory,
		"agent-crash":    cmdCrash,
		"companion":      cmdCompanion,
		"tamper-packs":   cmdTamper,
	}
}

// cmdType keeps lines for the next program: a secret never lies in a file of the story.
func cmdType(ts *testscript.TestScript, neg bool, args []string) {
	mustBe(ts, !neg, "type LINES")
	worldOf(ts).typed = strings.Join(args, "\n") + "\n"
}

// takeTyped gives the typed lines once.
func (w *world) takeTyped() string {
	typed := w.typed
	w.typed = ""
	return typed
}

// person is a person who types a command.
func person(name string) command {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		w := worldOf(ts)
		r := w.here(ts).run(ts, w.takeTyped(), name, args...)
		r.show(ts)
		if (r.exit != 0) != neg {
			ts.Fatalf("%s ended with exit code %d", name, r.exit)
		}
	}
}

// show gives the output to the commands stdout and stderr of testscript.
func (r result) show(ts *testscript.TestScript) {
	fmt.Fprint(ts.Stdout(), r.out)
	fmt.Fprint(ts.Stderr(), r.err)
}

// cmdRefused runs a command for programs and for people: both hear of the same error, in their own way.
func cmdRefused(ts *testscript.TestScript, neg bool, args []string) {
	mustBe(ts, !neg && len(args) >= 2, "refused CODE keyshift-... ARGS")
	w, code := worldOf(ts), keyshift.Code(args[0])
	d, typed := w.here(ts), w.takeTyped()
	asked := d.run(ts, typed, args[1], append(args[2:len(args):len(args)], "--json")...)
	told := errorOf(ts, asked)
	words := d.run(ts, typed, args[1], args[2:]...)
	words.show(ts)
	want := api.ExitOf(&keyshift.Error{Code: code})
	switch {
	case told.Code != code:
		ts.Fatalf("with --json the code is %q, want %q: %s", told.Code, code, asked.out)
	case asked.exit != int(want) || words.exit != int(want):
		ts.Fatalf("the exit code is %d with --json and %d without, want %d", asked.exit, words.exit, want)
	case asked.err != "" || words.err == "":
		ts.Fatalf("standard error is %q with --json, %q without", asked.err, words.err)
	case told.Text == "" || told.Hint == "":
		ts.Fatalf("the error leaves a person alone: %+v", told)
	}
}

type toldError struct {
	Code       keyshift.Code
	Text, Hint string
}

func errorOf(ts *testscript.TestScript, r result) toldError {
	var doc struct{ Error toldError }
	if err := json.Unmarshal([]byte(r.out), &doc); err != nil {
		ts.Fatalf("with --json standard output is not one document: %v\n%s%s", err, r.out, r.err)
	}
	return doc.Error
}

func cmdEventually(ts *testscript.TestScript, neg bool, args []string) {
	mustBe(ts, !neg && len(args) >= 2, "eventually REGEX COMMAND")
	repeat(ts, args, func(r result, matches bool) bool { return r.exit == 0 && matches })
}

func cmdGone(ts *testscript.TestScript, neg bool, args []string) {
	mustBe(ts, !neg && len(args) >= 2, "gone REGEX COMMAND")
	repeat(ts, args, func(r result, matches bool) bool { return r.exit == 0 && !matches })
}

// repeat repeats a command until it is good, and shows the last one.
func repeat(ts *testscript.TestScript, args []string, good func(r result, matches bool) bool) {
	want, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	var last result
	await(ts, quoteArgs(args), func() (bool, string) {
		last = look(ts, args[1:])
		return good(last, want.MatchString(last.all())), last.all()
	})
	last.show(ts)
}

// cmdCapture puts what the group of a pattern finds in the last standard output into a variable.
func cmdCapture(ts *testscript.TestScript, neg bool, args []string) {
	mustBe(ts, !neg && len(args) == 2, "capture NAME REGEX")
	find, err := regexp.Compile("(?m)" + args[1])
	ts.Check(err)
	found := find.FindStringSubmatch(ts.ReadFile("stdout"))
	if len(found) != 2 {
		ts.Fatalf("%q finds nothing, or has not one group", args[1])
	}
	ts.Setenv(args[0], found[1])
}

// look runs a command that asks for something; "keyring" and "mock" are such, too.
func look(ts *testscript.TestScript, args []string) result {
	d := worldOf(ts).here(ts)
	switch args[0] {
	case "files":
		return result{out: d.files(ts)}
	case "keyring":
		return d.keyring(ts)
	case "mock":
		return result{out: d.tellMock(ts, args[1:])}
	}
	return d.run(ts, "", args[0], args[1:]...)
}
