//go:build linux && amd64

package faults

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/greeting"
	"github.com/keyshift-hq/keyshift/internal/localclient"
	"github.com/keyshift-hq/keyshift/internal/loopback"
	"github.com/keyshift-hq/keyshift/internal/osring/osringtest"
	"github.com/keyshift-hq/keyshift/internal/until"
)

// patience bounds the wait for anything that has to happen.
const patience = 90 * time.Second

const account = "x/acme"

// world is a company: Alice's hub with one exclusive account, and Dana's enrolled computer. Both programs are traced.
type world struct {
	t           *testing.T // of the part that is under way
	whole       *testing.T
	dir         string
	alice, dana *osringtest.Session
	password    string // the canary
	code        string // of the first owner

	hub, agent   *tracer
	listen       string
	hubArgs      []string
	hubMayEnd    bool // by a fault, at any moment: then it is started anew
	logs         []string
	checkOuts    int // since the hub was started
	acknowledged acknowledged
}

// newHub starts a hub that has an owner, and nothing else.
func newHub(t *testing.T, hubArgs ...string) *world {
	t.Helper()
	w := &world{t: t, whole: t, dir: t.TempDir(), hubArgs: hubArgs, password: "canary " + rand.Text()}
	t.Cleanup(w.showLogs)
	var err error
	if w.listen, err = loopback.Address(); err != nil {
		t.Fatal(err)
	}
	w.alice = osringtest.StartSession(t)
	w.alice.StartGnomeKeyring(t, "a login password")
	w.startHub()
	w.hubCLI(w.code+"\n", "login", "--name", "alice")
	return w
}

// newCompany is newHub with an account that is lent to Dana, and her computer.
func newCompany(t *testing.T, hubArgs ...string) *world {
	t.Helper()
	w := newHub(t, hubArgs...)
	w.addAccount()
	w.dana = osringtest.StartSession(t)
	w.dana.StartGnomeKeyring(t, "a login password")
	w.startAgent()
	w.enroll()
	return w
}

func (w *world) addAccount() {
	w.hubCLI("", "users", "add", "dana")
	w.hubCLI("", "accounts", "add", account, "--mode", "shared_secret", "--max-duration", "2h", "--allow-show")
	w.hubCLI("acme@example.com\n"+w.password+"\n\n", "credential", "set", account)
	w.hubCLI("", "grants", "add", account, "--user", "dana")
}

func (w *world) enroll() {
	w.t.Helper()
	var made struct{ Code string }
	w.json(w.hubCLI("", "codes", "enroll", "dana", "--json"), &made)
	w.agentCLI(made.Code+"\n", "enroll", "--yes", "--device-name", "desk")
}

func (w *world) json(text string, into any) {
	w.t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		w.t.Fatalf("%v: %s", err, text)
	}
}

// env is the environment of a program of a person.
func env(s *osringtest.Session) []string {
	return append(s.Env(), "PATH="+os.Getenv("PATH"), "TZ=UTC", "LANG=C.UTF-8")
}

// start starts a traced program, whose log goes to a file.
func (w *world) start(s *osringtest.Session, born *fault, out *os.File, name string, args ...string) *tracer {
	w.t.Helper()
	log, err := os.CreateTemp(w.dir, name+"-*.log")
	if err != nil {
		w.t.Fatal(err)
	}
	defer log.Close()
	w.logs = append(w.logs, log.Name())
	cmd := exec.Command(filepath.Join(bin, name), args...) // #nosec G204 -- our own programs
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = w.dir, env(s), out, log
	tr := startTraced(w.t, cmd, born)
	w.whole.Cleanup(tr.kill)
	return tr
}

// startHub starts the hub, again at its old address, and waits until it says where it is.
func (w *world) startHub() {
	w.t.Helper()
	said, err := os.CreateTemp("", "greeting-")
	if err != nil {
		w.t.Fatal(err)
	}
	defer os.Remove(said.Name())
	defer said.Close()
	tr := w.start(w.alice, nil, said, "keyshift-hub", append([]string{"serve", "--name", "Acme", "--listen", w.listen}, w.hubArgs...)...)
	w.hub = tr
	w.await("the hub serves", func() (bool, string) {
		if !tr.running() {
			w.t.Fatalf("the hub ended: %v", tr.status)
		}
		url := greeting.URL(w.read(said.Name()))
		return answers(url), url
	})
	text := w.read(said.Name())
	if w.code, err = greeting.Code(text); err != nil {
		w.t.Fatal(err)
	}
	w.checkOuts = 0
}

func (w *world) read(path string) string {
	w.t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		w.t.Fatal(err)
	}
	return string(text)
}

// answers reports whether a hub answers anything there. It says all it has to say before it does.
func answers(url string) bool {
	client := http.Client{Timeout: time.Second, Transport: &http.Transport{
		DisableKeepAlives: true,
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true}, // #nosec G402 -- who answers is not the question here
	}}
	answer, err := client.Get(url)
	return err == nil && answer.Body.Close() == nil
}

// reviveHub starts a hub anew that ended of a fault.
func (w *world) reviveHub() {
	w.t.Helper()
	if w.hubMayEnd && !w.hub.running() {
		w.startHub()
	}
}

// restartHub ends the hub in order, and starts it again.
func (w *world) restartHub() {
	w.t.Helper()
	w.stop(w.hub)
	w.startHub()
}

func (w *world) startAgent() {
	w.t.Helper()
	w.agent = w.start(w.dana, nil, nil, "keyshift-agent", "run")
	w.await("the agent answers", func() (bool, string) {
		if !w.agent.running() {
			w.t.Fatalf("the agent ended: %v", w.agent.status)
		}
		_, err := w.local().Status(w.t.Context())
		return err == nil, fmt.Sprint(err)
	})
}

// stop ends a program in order.
func (w *world) stop(tr *tracer) {
	w.t.Helper()
	_ = tr.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-tr.ended:
	case <-time.After(patience):
		w.t.Fatalf("%s does not end", tr.cmd.Path)
	}
}

func (w *world) local() *localclient.Client {
	return localclient.New(filepath.Join(w.dana.Runtime, "keyshift", "agent.sock"))
}

// stateDir is the agent's.
func (w *world) stateDir() string { return filepath.Join(w.dana.Home, ".local", "state", "keyshift") }

type result struct {
	out, err string
	exit     int
}

func (r result) all() string { return r.out + r.err }

// try runs a command of a person.
func (w *world) try(s *osringtest.Session, input, name string, args ...string) result {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...) // #nosec G204 -- our own programs
	cmd.Dir, cmd.Env, cmd.Stdin = w.dir, env(s), strings.NewReader(input)
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	err := cmd.Run()
	if _, ended := errors.AsType[*exec.ExitError](err); err != nil && !ended {
		return result{err: err.Error(), exit: -1}
	}
	return result{out.String(), errOut.String(), cmd.ProcessState.ExitCode()}
}

func (w *world) tryHub(input string, args ...string) result {
	return w.try(w.alice, input, filepath.Join(bin, "keyshift-hub"), args...)
}

func (w *world) tryAgent(input string, args ...string) result {
	return w.try(w.dana, input, filepath.Join(bin, "keyshift-agent"), args...)
}

// hubCLI is a command of Alice that has to succeed, if need be with a hub that was started anew.
func (w *world) hubCLI(input string, args ...string) string {
	w.t.Helper()
	var r result
	w.await(fmt.Sprintf("keyshift-hub %q", args), func() (bool, string) {
		r = w.tryHub(input, args...)
		if r.exit != 0 && !w.hubMayEnd {
			w.t.Fatalf("keyshift-hub %q: %s", args, r.all())
		}
		return r.exit == 0, r.all()
	})
	return r.out
}

func (w *world) agentCLI(input string, args ...string) string {
	w.t.Helper()
	r := w.tryAgent(input, args...)
	if r.exit != 0 {
		w.t.Fatalf("keyshift-agent %q: %s", args, r.all())
	}
	return r.out
}

// await repeats a look until it says yes.
func (w *world) await(what string, look func() (yes bool, seen string)) {
	w.t.Helper()
	err := until.Seen(what, patience, func() (bool, string) {
		w.reviveHub()
		return look()
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// showLogs prints the ends of the logs when a test failed.
func (w *world) showLogs() {
	if !w.t.Failed() {
		return
	}
	for _, name := range w.logs[max(0, len(w.logs)-6):] {
		text, err := os.ReadFile(name)
		w.t.Logf("%s: %v\n%s", filepath.Base(name), err, text[max(0, len(text)-4000):])
	}
}
