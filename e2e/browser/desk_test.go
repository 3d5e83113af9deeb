package browser

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/keyshift-hq/keyshift/internal/browsertest"
	"github.com/keyshift-hq/keyshift/internal/osring/osringtest"
)

// desk is Dana's: a session with a keyring, an agent, and a kind of browser.
type desk struct {
	*company
	t    *testing.T
	kind browsertest.Kind
	*osringtest.Session
	extension string
	agentLog  int
	agent     *exec.Cmd
	signOuts  []string // how they went in work browsers
}

func newDesk(c *company, t *testing.T, kind browsertest.Kind) *desk {
	t.Helper()
	d := &desk{company: c, t: t, kind: kind, Session: osringtest.StartSession(t), extension: filepath.Join(c.built, string(kind))}
	d.StartGnomeKeyring(t, "dana's")
	d.check(browsertest.Launcher(d.launcher(), d.options()))
	d.agentCommand("", "browser", "install", "--browser", string(kind))
	d.startAgent()
	d.agentCommand(c.enrollment("dana")+"\n", "enroll", "--yes", "--device-name", string(kind)+"-desk")
	return d
}

func (d *desk) check(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

// launcher is the program that the agent knows as the browser.
func (d *desk) launcher() string { return filepath.Join(d.Home, "bin", string(d.kind)) }

func (d *desk) options() browsertest.Options {
	o := browsertest.Options{Kind: d.kind, Internet: d.internet, Extension: d.extension}
	if d.kind == browsertest.Firefox {
		o.Args = []string{"--remote-allow-system-access"} // or it opens no page of an extension
		o.XPI = filepath.Join(d.built, "keyshift.xpi")
	}
	return o
}

// startAgent starts the agent and waits until it answers.
func (d *desk) startAgent() {
	d.t.Helper()
	cmd := exec.Command(filepath.Join(d.bin, "keyshift-agent"), "run", "--browser", d.launcher(), "--log-level", "debug")
	cmd.Env = d.env(d.Session)
	d.agentLog = len(d.logs)
	d.start("agent-"+string(d.kind), cmd)
	d.agent = cmd
	await(d.t, "the agent answers", func() (bool, string) {
		out, err := d.run(d.Session, "", "keyshift-agent", "status")
		return err == nil, fmt.Sprint(out, err)
	})
}

// stopAgent ends the agent with a signal, and waits for its end.
func (d *desk) stopAgent(how syscall.Signal) {
	d.t.Helper()
	d.check(d.agent.Process.Signal(how))
	_ = d.agent.Wait() // how it ended is known
}

// agentCommand runs a command of Dana, which has to succeed.
func (d *desk) agentCommand(input string, args ...string) string {
	d.t.Helper()
	out, err := d.run(d.Session, input, "keyshift-agent", args...)
	d.check(err)
	return out
}

// checkOut takes @acme of a network.
func (d *desk) checkOut(network string) {
	d.t.Helper()
	d.take(acme(network), "23m")
}

// take checks out, and gives what the command said. The hub lends ten times a minute to somebody, and the stories are quicker.
func (d *desk) take(account, duration string) (out string) {
	d.t.Helper()
	await(d.t, account+" is lent", func() (bool, string) {
		var err error
		out, err = d.run(d.Session, "", "keyshift-agent", "checkout", account, "--reason", "answer comments", "--duration", duration, "--json")
		return err == nil, fmt.Sprint(out, err)
	})
	return out
}

// giveBack checks in what a story that failed still holds, so that the next one can be told.
func (d *desk) giveBack() {
	if d.t.Failed() {
		_, _ = d.run(d.Session, "", "keyshift-agent", "checkin", "--all")
	}
}

// open opens the account in the work browser, and drives it.
func (d *desk) open(network string) *work {
	d.t.Helper()
	return d.openAccount(acme(network))
}

func (d *desk) openAccount(name string) *work {
	d.t.Helper()
	d.agentCommand("", "open", name)
	return d.attach(name)
}

// attach drives the work browser of an account, which runs.
func (d *desk) attach(name string) *work {
	d.t.Helper()
	w := &work{desk: d, profile: d.workFolder(name)}
	var err error
	w.Browser, err = browsertest.Attach(d.kind, w.profile)
	d.check(err)
	d.t.Cleanup(func() { _ = w.Kill() })
	return w
}

// workFolder waits for the folder of the browser of an account.
func (d *desk) workFolder(name string) (folder string) {
	d.t.Helper()
	await(d.t, "the work browser's folder", func() (bool, string) {
		notes, _ := filepath.Glob(filepath.Join(d.Home, ".local/state/keyshift*/work/*/keyshift-browser.json"))
		for _, path := range notes {
			var note struct{ Account string }
			text, err := os.ReadFile(path)
			if err == nil && json.Unmarshal(text, &note) == nil && note.Account == name {
				folder = filepath.Dir(path)
			}
		}
		return folder != "", fmt.Sprint(notes)
	})
	return folder
}

// log is what the agent logged.
func (d *desk) log() string {
	text, err := os.ReadFile(d.logs[d.agentLog])
	d.check(err)
	return string(text)
}

// work is a work browser.
type work struct {
	browsertest.Browser
	*desk
	profile string
}

// Kind is the browser's.
func (w *work) Kind() browsertest.Kind { return w.kind }

// page waits for a tab at an address that begins so.
func (w *work) page(prefix string) (found browsertest.Page) {
	w.t.Helper()
	await(w.t, "a tab at "+prefix, func() (bool, string) {
		pages, err := w.Pages()
		seen := fmt.Sprint(err)
		for _, p := range pages {
			at, _ := p.URL()
			if strings.HasPrefix(at, prefix) {
				found = p
				return true, ""
			}
			seen += "\n" + at
		}
		return false, seen
	})
	return found
}

// tab opens an address in a new tab.
func (w *work) tab(address string) browsertest.Page {
	w.t.Helper()
	p, err := w.Open(address)
	w.check(err)
	return p
}

// wait waits until an expression is true in a page.
func (w *work) wait(p browsertest.Page, expression string) {
	w.t.Helper()
	if err := p.Wait(expression); err != nil {
		text := ""
		_ = p.Eval("document.body.innerText", &text)
		w.picture(p, "failed")
		w.t.Fatalf("%v; the page says:\n%s\nthe popup is told %s", err, text, w.told())
	}
}

// told is what the popup is told, and which tabs there are, for a story that failed.
func (w *work) told() string {
	address, err := browsertest.ExtensionPage(w.kind, w.extension, "popup.html")
	if err != nil {
		return err.Error()
	}
	p, err := w.Open(address)
	if err != nil {
		return err.Error()
	}
	text := ""
	err = p.Eval(`Promise.all([chrome.runtime.sendMessage({type: "popup.state"}), chrome.tabs.query({})]).then(([s, t]) => JSON.stringify([s, t.map((t) => t.url)]))`, &text)
	return fmt.Sprint(text, err)
}

// popup opens the extension's popup in a tab of its own.
func (w *work) popup() browsertest.Page {
	w.t.Helper()
	address, err := browsertest.ExtensionPage(w.kind, w.extension, "popup.html")
	w.check(err)
	return w.tab(address)
}

// popupState is what the popup is told.
type popupState struct {
	Trouble     string
	PairingCode string `json:"pairing_code"`
	Mode        string
	Leases      []popupLease
	Cleaning    []struct{ Network string }
}

type popupLease struct {
	ID, Network, Handle, Mode, Relation, Waits string
	Fields                                     []string
	Session, Ending                            bool
	EndsAt                                     int64 `json:"ends_at"`
	Refused                                    *struct{ Code, Host string }
}

// lease gives one of the leases.
func (s popupState) lease(id string) (l popupLease, ok bool) {
	i := slices.IndexFunc(s.Leases, func(l popupLease) bool { return l.ID == id })
	if i < 0 {
		return l, false
	}
	return s.Leases[i], true
}

func (w *work) state(popup browsertest.Page) (s popupState) {
	w.t.Helper()
	w.check(popup.Eval(`chrome.runtime.sendMessage({type: "popup.state"})`, &s))
	return s
}

// awaitState waits until the popup is told something.
func (w *work) awaitState(popup browsertest.Page, what string, so func(popupState) bool) {
	w.t.Helper()
	await(w.t, what, func() (bool, string) {
		s := w.state(popup)
		return so(s), fmt.Sprintf("%+v", s)
	})
}

// picture saves what is to be seen, for people.
func (w *work) picture(p browsertest.Page, name string) {
	w.t.Helper()
	png, err := p.Screenshot()
	if err != nil {
		w.t.Logf("no picture of %s: %v", name, err)
		return
	}
	dir := filepath.Join("..", "..", "build", "screenshots")
	w.check(os.MkdirAll(dir, 0o755))
	w.check(os.WriteFile(filepath.Join(dir, string(w.kind)+"-"+name+".png"), png, 0o644))
}
