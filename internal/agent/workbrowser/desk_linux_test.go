package workbrowser

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/browsertest"
	"github.com/keyshift-hq/keyshift/internal/native"
	"github.com/keyshift-hq/keyshift/internal/until"
)

// patience is long because the machine may be busy.
const patience = 30 * time.Second

// world is a desk whose browser is a program of the test.
type world struct {
	*Desk
	t     *testing.T
	ended chan string
}

// polite ends when asked to, stubborn does not; both note their command lines beside themselves.
const (
	polite   = "#!/bin/sh\ntrap 'exit 0' TERM\necho \"$@\" >>\"$0.lines\"\nwhile :; do sleep 0.05; done\n"
	stubborn = "#!/bin/sh\ntrap '' TERM\necho \"$@\" >>\"$0.lines\"\nwhile :; do sleep 0.05; done\n"
)

func newWorld(t *testing.T, folder, program string, change func(*Config)) *world {
	t.Helper()
	w := &world{t: t, ended: make(chan string, 10)}
	cfg := Config{
		Folder:  folder,
		Browser: func(string) (Browser, error) { return named(program), nil },
		Ended:   func(account string) { w.ended <- account },
		Env:     []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()},
		Grace:   patience,
	}
	if change != nil {
		change(&cfg)
	}
	w.Desk = New(cfg)
	t.Cleanup(w.killAll)
	return w
}

func (w *world) killAll() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, i := range w.running {
		force(i.PID)
	}
}

func script(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func (w *world) open(o Order) Opened {
	w.t.Helper()
	got, err := w.Open(o)
	if err != nil {
		w.t.Fatal(err)
	}
	return got
}

func (w *world) close(account string) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	if err := w.Close(ctx, account); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) awaitEnded(account string) {
	w.t.Helper()
	select {
	case got := <-w.ended:
		if got != account {
			w.t.Fatalf("the browser of %q ended, want %q", got, account)
		}
	case <-time.After(patience):
		w.t.Fatalf("the browser of %q did not end", account)
	}
}

func (w *world) pid(account string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.running[account].PID
}

// await repeats a look until it says yes.
func await(t *testing.T, what string, look func() bool) {
	t.Helper()
	if err := until.True(what, patience, look); err != nil {
		t.Fatal(err)
	}
}

func wantGone(t *testing.T, path string, want bool) {
	t.Helper()
	if _, err := os.Stat(path); os.IsNotExist(err) != want {
		t.Errorf("%s is gone: %v, want %v", path, !want, want)
	}
}

var order = Order{Account: "x/acme", URL: "https://x.com/login"}

func TestBrowserIsClosedAndItsFolderDeleted(t *testing.T) {
	for _, tt := range []struct {
		name, program string
		grace         time.Duration
	}{{"polite", polite, patience}, {"stubborn", stubborn, 200 * time.Millisecond}} {
		t.Run(tt.name, func(t *testing.T) {
			program := script(t, "chromium", tt.program)
			w := newWorld(t, filepath.Join(t.TempDir(), "work"), program, func(c *Config) { c.Grace = tt.grace })
			if got := w.open(order); !got.Apart || !got.Started {
				t.Errorf("opened %+v", got)
			}
			await(t, "the browser runs", func() bool { _, err := os.Stat(program + ".lines"); return err == nil })
			w.close(order.Account)
			w.awaitEnded(order.Account)
			wantGone(t, w.folder(order.Account), true)
		})
	}
}

func TestKeptFolderStaysUntilTheNextLease(t *testing.T) {
	program := script(t, "chromium", polite)
	w := newWorld(t, t.TempDir(), program, nil)
	kept := order
	kept.Keep = true
	w.open(kept)
	await(t, "the browser runs", func() bool { _, err := os.Stat(program + ".lines"); return err == nil })
	in := func(path string) string { return filepath.Join(w.folder(order.Account), path) }
	mark, rest := in("Default/Bookmarks"), []string{"Default/Cookies", "Default/Network/Cookies", "Default/Local Storage/leveldb/1.log", "Crash Reports/1"}
	for _, path := range append(rest, "Default/Bookmarks") {
		if err := errors.Join(os.MkdirAll(filepath.Dir(in(path)), 0o700), os.WriteFile(in(path), nil, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	w.close(order.Account)
	w.awaitEnded(order.Account)
	wantGone(t, mark, false)
	for _, path := range rest {
		wantGone(t, in(path), true)
	}
	w.open(order) // the policy changed: fresh
	wantGone(t, mark, true)
}

// TestKeptFolderGoes where helpers of the browser may write on, and where nothing is to be left.
func TestKeptFolderGoes(t *testing.T) {
	kept := order
	kept.Keep = true
	for _, tt := range []struct {
		name, program string
		end           func(*world)
	}{
		{"the browser is killed", polite, func(w *world) { force(w.pid(order.Account)) }},
		{"it does not end by itself", stubborn, func(w *world) { w.close(order.Account) }},
		{"everything goes", polite, func(w *world) {
			if err := w.CloseAll(w.t.Context()); err != nil {
				w.t.Error(err)
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			program := script(t, "chromium", tt.program)
			w := newWorld(t, t.TempDir(), program, func(c *Config) {
				if tt.program == stubborn {
					c.Grace = 200 * time.Millisecond
				}
			})
			w.open(kept)
			await(t, "the browser runs", func() bool { _, err := os.Stat(program + ".lines"); return err == nil })
			tt.end(w)
			w.awaitEnded(order.Account)
			await(t, "the folder is gone", func() bool { _, err := os.Stat(w.folder(order.Account)); return os.IsNotExist(err) })
		})
	}
}

// TestWantedBrowser: what the company wants is used where it is, and otherwise what is missing is said.
func TestWantedBrowser(t *testing.T) {
	firefox, chromium := script(t, "firefox", polite), script(t, "chromium", polite)
	w := newWorld(t, t.TempDir(), "", func(c *Config) {
		c.Browser = func(want string) (Browser, error) {
			return ChooseFor([]Browser{named(firefox), named(chromium)}, want, chromium)
		}
	})
	for i, tt := range []struct{ want, got, missing string }{
		{"", "chromium", ""}, {"firefox", "firefox", ""}, {"chromium", "chromium", ""}, {"edge", "chromium", "edge"},
	} {
		o := order
		o.Account, o.Browser = fmt.Sprint("x/", i), tt.want
		if got := w.open(o); got.Browser.ID != tt.got || got.Missing != tt.missing || got.Mode != native.ModeWork {
			t.Errorf("wanted %q: got %+v", tt.want, got)
		}
	}
}

func TestBrowserThatTheUserClosesIsNoticed(t *testing.T) {
	w := newWorld(t, t.TempDir(), script(t, "chromium", polite), nil)
	w.open(order)
	force(w.pid(order.Account))
	w.awaitEnded(order.Account)
	wantGone(t, w.folder(order.Account), true)
	w.close(order.Account) // nothing to do any more
}

func TestSecondOpenReachesTheRunningBrowser(t *testing.T) {
	for _, tt := range []struct {
		program string
		lines   int
		started bool
	}{{"chromium", 2, true}, {"firefox", 1, false}} {
		t.Run(tt.program, func(t *testing.T) {
			const handsOver = "#!/bin/sh\nif [ -e \"$0.lines\" ]; then echo \"$@\" >>\"$0.lines\"; exit; fi\n"
			program := script(t, tt.program, handsOver+polite)
			w := newWorld(t, t.TempDir(), program, nil)
			w.open(order)
			await(t, "the browser runs", func() bool { _, err := os.Stat(program + ".lines"); return err == nil })
			pid := w.pid(order.Account)
			if got := w.open(order); got.Started != tt.started {
				t.Errorf("the second time: %+v", got)
			}
			await(t, "the address was handed over", func() bool {
				text, _ := os.ReadFile(program + ".lines")
				return strings.Count(string(text), order.URL) == tt.lines
			})
			if got := w.pid(order.Account); got != pid {
				t.Errorf("browser %d was replaced by %d", pid, got)
			}
		})
	}
}

// TestNextAgentFindsTheBrowser: the first desk stands for an agent that was killed.
func TestNextAgentFindsTheBrowser(t *testing.T) {
	folder := t.TempDir()
	first := newWorld(t, folder, script(t, "chromium", polite), nil)
	first.open(order)
	second := newWorld(t, folder, "", nil)
	alive, ended, err := second.Adopt()
	if err != nil || len(alive) != 1 || len(ended) != 0 {
		t.Fatalf("alive %v, ended %v, %v", alive, ended, err)
	}
	if got, ok := second.AccountOf(first.pid(order.Account)); !ok || got != order.Account {
		t.Errorf("the browser is of %q, %v", got, ok)
	}
	second.close(order.Account)
	second.awaitEnded(order.Account)
	wantGone(t, second.folder(order.Account), true)
}

// TestNextAgentDeletesWhatIsLeft: the browser ended while there was no agent; the folder's note names a process that is another.
func TestNextAgentDeletesWhatIsLeft(t *testing.T) {
	d := newWorld(t, t.TempDir(), "", nil)
	for account, n := range map[string]note{
		"x/acme":  {Account: "x/acme", PID: os.Getpid(), Started: "1"},
		"x/dead":  {Account: "x/dead", PID: 1 << 30},
		"x/kept":  {Account: "x/kept", Keep: true},
		"x/lost":  {Account: "x/lost", Keep: true, PID: 1 << 30, Started: "1"}, // nobody saw whether it ended well
		"x/wrong": {Account: "x/somebody-else", Keep: true},
	} {
		if err := os.MkdirAll(d.folder(account), 0o700); err != nil {
			t.Fatal(err)
		}
		n.Browser = Browser{}
		if err := d.writeNote(n); err != nil && account != "x/wrong" {
			t.Fatal(err)
		}
	}
	alive, ended, err := d.Adopt()
	if err != nil || len(alive) != 0 || len(ended) != 3 {
		t.Fatalf("alive %v, ended %v, %v", alive, ended, err)
	}
	for account, gone := range map[string]bool{"x/acme": true, "x/dead": true, "x/kept": false, "x/lost": true, "x/wrong": true} {
		wantGone(t, d.folder(account), gone)
	}
}

func TestAccountOfProcessesBelowTheBrowser(t *testing.T) {
	program := script(t, "chromium", "#!/bin/sh\nsleep 60 & echo $! >\"$0.child\"; wait\n")
	w := newWorld(t, t.TempDir(), program, nil)
	w.open(order)
	child := 0
	await(t, "the helper runs", func() bool {
		text, _ := os.ReadFile(program + ".child")
		_, err := fmt.Sscan(string(text), &child)
		return err == nil
	})
	if got, ok := w.AccountOf(child); !ok || got != order.Account {
		t.Errorf("the helper is of %q, %v", got, ok)
	}
	if got, ok := w.AccountOf(os.Getpid()); ok {
		t.Errorf("this test is of %q", got)
	}
}

func TestSnapsAreConfined(t *testing.T) {
	for text, want := range map[string]bool{"#!/bin/sh\nexec /snap/bin/firefox \"$@\"\n": true, polite: false, "\x7fELF /snap/bin/": false} {
		if got := confined(script(t, "firefox", text)); got != want {
			t.Errorf("%.20q is confined: %v, want %v", text, got, want)
		}
	}
}

// TestRealBrowsers opens Chromium and Firefox, finds the page in them, and leaves nothing.
func TestRealBrowsers(t *testing.T) {
	internet, err := browsertest.NewFixture(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "hello from ", r.Host) })) //nolint:gosec // the host is ours
	if err != nil {
		t.Fatal(err)
	}
	defer internet.Close()
	for _, kind := range browsertest.Kinds {
		t.Run(string(kind), func(t *testing.T) {
			launcher := filepath.Join(t.TempDir(), string(kind))
			if err := browsertest.Launcher(launcher, browsertest.Options{Kind: kind, Internet: internet}); err != nil {
				t.Fatal(err)
			}
			w := newWorld(t, t.TempDir(), launcher, nil)
			w.open(order)
			folder := w.folder(order.Account)
			b, err := browsertest.Attach(kind, folder)
			if err != nil {
				t.Fatal(err)
			}
			if b.PID() != w.pid(order.Account) {
				t.Errorf("the browser is process %d, the desk watches %d", b.PID(), w.pid(order.Account))
			}
			wantPage(t, b)
			w.close(order.Account)
			w.awaitEnded(order.Account)
			wantGone(t, folder, true)
			if out, err := exec.Command("pgrep", "-f", folder).Output(); err == nil {
				t.Errorf("processes are left: %s", out)
			}
		})
	}
}

func wantPage(t *testing.T, b browsertest.Browser) {
	t.Helper()
	await(t, "the page is open", func() bool {
		pages, _ := b.Pages()
		for _, p := range pages {
			text := ""
			if p.Eval("document.body.innerText", &text) == nil && text == "hello from x.com" {
				return true
			}
		}
		return false
	})
}
