package cli

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/keyshift-hq/keyshift/internal/api"
	"github.com/keyshift-hq/keyshift/internal/cliout"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/osring/osringtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var update = flag.Bool("update", false, "write the transcripts in testdata anew")

// desk is where somebody sits with a terminal, a keyring and a hub. Zero fields are filled in by sit.
type desk struct {
	t    *testing.T
	hub  *fakeHub
	ring *osringtest.Fake
	dir  string
	// answers are what the person says to questions; nil is nobody there.
	answers []string
	// context ends when the person presses Ctrl-C.
	context context.Context
	// every is the pause between two looks at a revocation.
	every time.Duration

	transcript strings.Builder
	said       strings.Builder
}

func sit(t *testing.T) *desk {
	t.Helper()
	return &desk{t: t, hub: newFakeHub(t), ring: osringtest.NewFake(), dir: t.TempDir(), context: t.Context(), every: time.Millisecond}
}

// loggedIn is a desk whose profile and token are there.
func loggedIn(t *testing.T) *desk {
	t.Helper()
	d := sit(t)
	if got := d.run(d.hub.code(keyshift.LoginCode), "login"); got.exit != api.ExitOK {
		t.Fatalf("log in: %+v", got)
	}
	d.transcript.Reset()
	return d
}

// outcome is what a command left.
type outcome struct {
	out, err string
	exit     api.Exit
}

// person answers questions, which show on standard error; what is typed in secret does not.
type person struct {
	d   *desk
	err io.Writer
}

func (p person) Ask(ctx context.Context, prompt string) (string, error) {
	return p.answer(ctx, prompt, true)
}

func (p person) AskSecret(ctx context.Context, prompt string) (string, error) {
	return p.answer(ctx, prompt, false)
}

func (p person) answer(ctx context.Context, prompt string, shows bool) (string, error) {
	if len(p.d.answers) == 0 {
		return "", ctx.Err()
	}
	answer := p.d.answers[0]
	p.d.answers = p.d.answers[1:]
	echo := ""
	if shows {
		echo = answer
	}
	fmt.Fprintf(p.err, "%s%s\n", prompt, echo)
	return answer, nil
}

// run runs one command with standard input.
func (d *desk) run(stdin string, args ...string) outcome {
	d.t.Helper()
	var out, errs bytes.Buffer
	p := &Program{
		Args: args, Stdin: strings.NewReader(stdin), Stdout: &out, Stderr: &errs, Now: func() time.Time { return now },
		ConfigDir: filepath.Join(d.dir, "config"), Keyring: d.ring, Label: "a laptop", Version: "1.0",
		FollowEvery: d.every, HTTP: d.http,
	}
	if d.answers != nil {
		p.Console = person{d, &errs}
	}
	got := outcome{exit: p.Run(d.context)}
	got.out, got.err = d.plain(out.String()), d.plain(errs.String())
	d.note(args, got)
	return got
}

// http gives each command a client of its own that leaves nothing running.
func (d *desk) http(target hubclient.Target) *http.Client {
	client := hubclient.NewHTTPClient(target)
	client.Transport.(*http.Transport).DisableKeepAlives = true
	return client
}

var _ cliout.Console = person{}

// plain takes out what differs from run to run.
func (d *desk) plain(s string) string {
	return strings.NewReplacer(d.hub.server.URL, "https://hub.example", d.dir, "DIR").Replace(s)
}

func (d *desk) note(args []string, got outcome) {
	d.said.WriteString(got.out + got.err)
	words := make([]string, len(args))
	for i, a := range args {
		if words[i] = d.plain(a); strings.Contains(a, " ") {
			words[i] = "'" + words[i] + "'"
		}
	}
	fmt.Fprintf(&d.transcript, "$ %s %s\n%s", Name, strings.Join(words, " "), got.out)
	for line := range strings.Lines(got.err) {
		d.transcript.WriteString("! " + line)
	}
	if got.exit != api.ExitOK {
		fmt.Fprintf(&d.transcript, "[exit %d]\n", got.exit)
	}
	d.transcript.WriteString("\n")
}

// golden compares all that was done at the desk with a transcript in testdata. Standard error has a "!" before it.
func (d *desk) golden(name string) {
	d.t.Helper()
	path := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(path, []byte(d.transcript.String()), 0o600); err != nil {
			d.t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		d.t.Fatal(err)
	}
	if diff := cmp.Diff(strings.ReplaceAll(string(want), "\r\n", "\n"), d.transcript.String()); diff != "" {
		d.t.Errorf("%s (-want +got; -update writes it anew):\n%s", path, diff)
	}
}

// both runs a command for people and for programs.
func (d *desk) both(args ...string) {
	d.t.Helper()
	d.run("", args...)
	d.run("", append(args, "--json")...)
}
