package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/keyshift-hq/keyshift/internal/api"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

func TestUsage(t *testing.T) {
	d := sit(t)
	d.run("", "nonsense")
	d.run("", "accounts", "ad")
	d.run("", "users", "add", "--json")
	d.run("", "users", "add", "lee", "--rolle", "admin")
	d.run("", "leases", "list", "--limit", "many")
	d.run("", "whoami", theToken)
	d.golden("usage")
}

// TestHelpNamesEveryCommand reads the help of every command there is.
func TestHelpNamesEveryCommand(t *testing.T) {
	d := sit(t)
	inv := &invocation{Program: &Program{Stdout: os.Stdout, Stderr: os.Stderr}}
	parser, err := inv.parser()
	if err != nil {
		t.Fatal(err)
	}
	for _, leaf := range parser.Model.Leaves(false) {
		got := d.run("", append(commandWords(leaf), "--help")...)
		if got.exit != api.ExitOK || !strings.Contains(strings.Join(strings.Fields(got.out), " "), leaf.Help) {
			t.Errorf("%s: got %+v", leaf.Path(), got)
		}
		if leaf.Help == "" || !strings.HasSuffix(leaf.Help, ".") {
			t.Errorf("%s: help is %q", leaf.Path(), leaf.Help)
		}
	}
	if got := d.run("", "--help"); got.exit != api.ExitOK || !strings.Contains(got.out, "Leases and devices") {
		t.Errorf("got %+v", got)
	}
	if got := d.run(""); got.exit != api.ExitOK || !strings.Contains(got.out, "Usage:") {
		t.Errorf("without arguments: got %+v", got)
	}
}

func commandWords(n *kong.Node) (words []string) {
	for ; n != nil && n.Type == kong.CommandNode; n = n.Parent {
		words = append([]string{n.Name}, words...)
	}
	return words
}

// TestExitCodes: whatever the hub refuses ends with the exit code that is documented for it.
func TestExitCodes(t *testing.T) {
	d := loggedIn(t)
	for code, want := range map[keyshift.Code]api.Exit{
		keyshift.CodeTokenInvalid: 5, keyshift.CodeForbidden: 5, keyshift.CodeNotFound: 4, keyshift.CodeAlreadyExists: 9, keyshift.CodeFieldInvalid: 10,
		keyshift.CodeRollbackDetected: 11, keyshift.CodeStorageFull: 11, keyshift.CodeRateLimited: 3, keyshift.CodeLastOwner: 3, keyshift.CodeInternal: 1, "moon_phase": 1,
	} {
		d.hub.refuse(keyshift.Refuse(code, "Said by the hub.", "Do this.").With("fact", "value"))
		got := d.run("", "users", "add", "lee")
		if got.exit != want || got.err != "keyshift-hub: Said by the hub.\n  Do this.\n" || got.out != "" {
			t.Errorf("%s: got %+v, want %d", code, got, want)
		}
		got = d.run("", "users", "add", "lee", "--json")
		if got.exit != want || !strings.Contains(got.out, fmt.Sprintf(`"code": %q`, code)) || !strings.Contains(got.out, `"fact": "value"`) || got.err != "" {
			t.Errorf("%s: got %+v, want %d", code, got, want)
		}
	}
	d.hub.server.Close()
	if got := d.run("", "users", "list"); got.exit != api.ExitUnreachable || !strings.Contains(got.err, "does not answer") {
		t.Errorf("a hub that is away: got %+v", got)
	}
}

func TestCtrlC(t *testing.T) {
	d := loggedIn(t)
	ctx, cancel := context.WithCancel(t.Context())
	d.context = ctx
	d.hub.onLogin = cancel
	got := d.run(d.hub.code(keyshift.LoginCode), "login")
	if got.exit != api.ExitInterrupted {
		t.Errorf("got %+v", got)
	}
	d.answers = []string{}
	if got := d.run("", "revoke", "--all", "--reason", "x"); got.exit != api.ExitInterrupted {
		t.Errorf("while a question is open: got %+v", got)
	}
}

func TestVersion(t *testing.T) {
	d := sit(t)
	if got := d.run("", "version"); got.exit != api.ExitOK || !strings.HasPrefix(got.out, "keyshift-hub 1.0 (") {
		t.Errorf("got %+v", got)
	}
	if got := d.run("", "version", "--json"); !strings.Contains(got.out, `"version": "1.0"`) || !strings.Contains(got.out, `"go": "go1.`) {
		t.Errorf("got %+v", got)
	}
}

func TestCompletion(t *testing.T) {
	t.Setenv("COMP_LINE", Name+" accounts accept")
	var out strings.Builder
	p := &Program{Completing: true, Stdout: &out, Stderr: &out}
	if exit := p.Run(t.Context()); exit != api.ExitOK || out.String() != "accept-risk\n" {
		t.Errorf("got %d, %q", exit, out.String())
	}
	d := sit(t)
	if got := d.run("", "completion", "bash"); got.exit != api.ExitOK || !strings.Contains(got.out, "source <(keyshift-hub completion -c bash)") {
		t.Errorf("got %+v", got)
	}
}

// serving stands for the commands of the hub's own computer.
type serving struct {
	Serve serveCmd `cmd:"" help:"Serve from ${place}."`
}

type serveCmd struct {
	Fail  bool `help:"Fail."`
	Break bool `help:"Fail unforeseen."`
}

type where string

func (c serveCmd) Run(ctx context.Context, w where) error {
	if c.Fail {
		return errors.Join(errors.New("open /secret/path"), keyshift.Refuse(keyshift.CodeStorageReadonly, "The database cannot be written.", "Look at "+string(w)+"."))
	}
	if c.Break {
		return errors.New("listen: address already in use")
	}
	return ctx.Err()
}

func TestServerCommandsAreRunToo(t *testing.T) {
	run := func(args ...string) (string, api.Exit) {
		var out strings.Builder
		p := &Program{Args: args, Stdout: &out, Stderr: &out, Server: &serving{}, Bindings: []any{where("here")}, Vars: map[string]string{"place": "there"}}
		exit := p.Run(t.Context())
		return out.String(), exit
	}
	if out, exit := run("serve", "--break"); exit != api.ExitInternal || !strings.Contains(out, "Listen: address already in use.\n") {
		t.Errorf("serve --break: exit %d, %q, want what happened", exit, out)
	}
	if _, exit := run("serve"); exit != api.ExitOK {
		t.Errorf("serve: exit %d", exit)
	}
	if _, exit := run("serve", "--fail"); exit != api.ExitStorage {
		t.Errorf("serve --fail: exit %d", exit)
	}
	if _, exit := run("serve", "--help"); exit != api.ExitOK {
		t.Errorf("help: exit %d", exit)
	}
}
