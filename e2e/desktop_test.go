package e2e

import (
	"bufio"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/keyshift-hq/keyshift/internal/osring/osringtest"
)

// keyringPassword opens the keyrings of all desktops.
const keyringPassword = "a login password"

// desktop is where one person works: a session with a home folder and a keyring of its own.
type desktop struct {
	name string
	*osringtest.Session
	stopKeyring func()
	mock        *mock
	screen      *screen
	agent       *program
	companion   *companion
	// under and vars are how the agent is started.
	under, vars []string
}

// env is the whole environment of what runs there.
func (d *desktop) env() []string {
	return append(d.Env(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "TZ=UTC", "LANG=C.UTF-8")
}

// cmdDesktop goes to a person's desktop.
func cmdDesktop(ts *testscript.TestScript, neg bool, args []string) {
	mustBe(ts, !neg && (len(args) == 1 || len(args) == 2), "desktop NAME [gnome|none|mock]")
	w, kind := worldOf(ts), "gnome"
	for _, said := range args[1:] {
		kind = said
	}
	if w.desktops[args[0]] == nil {
		w.desktops[args[0]] = w.newDesktop(ts, args[0], kind)
	}
	w.at = w.desktops[args[0]]
	ts.Setenv("HOME", w.at.Home)
}

func (w *world) newDesktop(ts *testscript.TestScript, name, kind string) *desktop {
	d := &desktop{name: name, Session: osringtest.StartSession(w.t)}
	switch kind {
	case "gnome":
		d.stopKeyring = d.StartGnomeKeyring(w.t, keyringPassword)
	case "mock":
		d.mock = w.startMock(ts, d)
	case "none":
	default:
		ts.Fatalf("there is no keyring of the kind %q", kind)
	}
	return d
}

func cmdKeyringLock(ts *testscript.TestScript, neg bool, args []string) {
	mustBe(ts, !neg && len(args) == 0, "keyring-lock")
	w := worldOf(ts)
	w.here(ts).LockGnomeKeyring(w.t)
}

// cmdKeyringUnlock starts the keyring anew: only its start takes a password without a display.
func cmdKeyringUnlock(ts *testscript.TestScript, neg bool, args []string) {
	mustBe(ts, !neg && len(args) == 0, "keyring-unlock")
	w := worldOf(ts)
	d := w.here(ts)
	d.stopKeyring()
	d.stopKeyring = d.StartGnomeKeyring(w.t, keyringPassword)
}

// cmdKeyringKill kills the keyring, and nobody starts it anew.
func cmdKeyringKill(ts *testscript.TestScript, neg bool, args []string) {
	mustBe(ts, !neg && len(args) == 0, "keyring-kill9")
	worldOf(ts).here(ts).stopKeyring()
}

// cmdSessionEnd kills the session bus, as a logout does; the keyring goes with it. The agent stays, as that of a user who
// lingers.
func cmdSessionEnd(ts *testscript.TestScript, neg bool, args []string) {
	mustBe(ts, !neg && len(args) == 0, "session-end")
	d := worldOf(ts).here(ts)
	d.stopKeyring()
	d.StopBus()
}

// cmdSessionBegin logs in again: a new bus at the old address, and the keyring with what it had.
func cmdSessionBegin(ts *testscript.TestScript, neg bool, args []string) {
	mustBe(ts, !neg && len(args) == 0, "session-begin")
	w := worldOf(ts)
	d := w.here(ts)
	d.StartBus(w.t)
	d.stopKeyring = d.StartGnomeKeyring(w.t, keyringPassword)
}

// cmdKeyring prints the keyring with a program that knows nothing of us.
func cmdKeyring(ts *testscript.TestScript, neg bool, args []string) {
	mustBe(ts, !neg && len(args) == 0, "keyring")
	r := worldOf(ts).here(ts).keyring(ts)
	fmt.Fprint(ts.Stdout(), r.all())
}

// keyring lists our items. secret-tool ends with 1 when there are none.
func (d *desktop) keyring(ts *testscript.TestScript) result {
	r := d.run(ts, "", "secret-tool", "search", "--all", "--unlock", "service", "keyshift")
	if r.exit == 1 && r.all() == "" {
		r.exit = 0
	}
	return r
}

// files lists the names of all files at the desktop.
func (d *desktop) files(ts *testscript.TestScript) string {
	var names strings.Builder
	ts.Check(filepath.WalkDir(d.Home, func(path string, _ fs.DirEntry, err error) error {
		fmt.Fprintln(&names, path)
		return gone(err)
	}))
	return names.String()
}

// cmdToken reads the API token out of the keyring, as a thief would.
func cmdToken(ts *testscript.TestScript, neg bool, args []string) {
	mustBe(ts, !neg && len(args) == 1, "token NAME")
	r := worldOf(ts).here(ts).run(ts, "", "secret-tool", "lookup", "service", "keyshift-hub", "username", "token:default")
	token, err := base64.StdEncoding.DecodeString(strings.TrimSpace(r.out))
	if err != nil || !strings.HasPrefix(string(token), "ks_") {
		ts.Fatalf("there is no token in the keyring: %v %s", err, r.err)
	}
	ts.Setenv(args[0], string(token))
}

// mock is a running mocksecrets.
type mock struct {
	in  io.Writer
	out *bufio.Scanner
}

func (w *world) startMock(ts *testscript.TestScript, d *desktop) *mock {
	inRead, inWrite, err := os.Pipe()
	ts.Check(err)
	outRead, outWrite, err := os.Pipe()
	ts.Check(err)
	w.start(ts, d, launch{label: "mock keyring of " + d.name, name: "mocksecrets", stdin: inRead, stdout: outWrite})
	ts.Check(errors.Join(inRead.Close(), outWrite.Close()))
	w.t.Cleanup(func() { _ = errors.Join(inWrite.Close(), outRead.Close()) })
	m := &mock{inWrite, bufio.NewScanner(outRead)}
	m.await(ts, "ready")
	return m
}

// await gives what is said before the last line, which must be this one.
func (m *mock) await(ts *testscript.TestScript, last string) (before string) {
	for m.out.Scan() {
		line := m.out.Text()
		if line == last {
			return before
		}
		if strings.HasPrefix(line, "error:") {
			ts.Fatalf("mocksecrets: %s", line)
		}
		before += line + "\n"
	}
	ts.Fatalf("mocksecrets ended")
	return ""
}

// cmdMock tells the mock keyring what to do, and prints what it answers.
func cmdMock(ts *testscript.TestScript, neg bool, args []string) {
	mustBe(ts, !neg && len(args) >= 1, "mock WORDS")
	fmt.Fprint(ts.Stdout(), worldOf(ts).here(ts).tellMock(ts, args))
}

func (d *desktop) tellMock(ts *testscript.TestScript, words []string) (answer string) {
	if d.mock == nil {
		ts.Fatalf("the keyring of this desktop is not a mock")
	}
	_, err := io.WriteString(d.mock.in, strings.Join(words, " ")+"\n")
	ts.Check(err)
	return d.mock.await(ts, "ok")
}
