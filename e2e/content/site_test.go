package content

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	bt "github.com/keyshift-hq/keyshift/internal/browsertest"
	"github.com/keyshift-hq/keyshift/internal/until"
)

// world is what all tests share: sites under every host name, and one browser of each kind.
type world struct {
	mu       sync.Mutex
	pages    map[string]string // by host and path
	headers  map[string]string // the content security policy, by host and path
	internet *bt.Fixture
	folder   string
	browsers map[bt.Kind]bt.Browser
}

var shared = &world{pages: map[string]string{}, headers: map[string]string{}, browsers: map[bt.Kind]bt.Browser{}}

func TestMain(m *testing.M) {
	if err := shared.open(); err != nil {
		fmt.Fprintln(os.Stderr, "content:", err)
		os.Exit(1)
	}
	code := m.Run()
	if err := shared.close(); err != nil {
		fmt.Fprintln(os.Stderr, "content:", err)
		code = 1
	}
	os.Exit(code)
}

func (w *world) open() (err error) {
	if w.internet, err = bt.NewFixture(w); err != nil {
		return err
	}
	if w.folder, err = os.MkdirTemp("", "keyshift-content-"); err != nil {
		return err
	}
	return Build("../..", w.folder)
}

func (w *world) close() error {
	var all error
	for _, b := range w.browsers {
		all = errors.Join(all, b.Kill())
	}
	return errors.Join(all, w.internet.Close(), os.RemoveAll(w.folder))
}

func (w *world) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	host, _, _ := strings.Cut(r.Host, ":")
	html, ok := w.pages[host+r.URL.Path]
	if !ok {
		http.NotFound(rw, r)
		return
	}
	if policy := w.headers[host+r.URL.Path]; policy != "" {
		rw.Header().Set("Content-Security-Policy", policy)
	}
	rw.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = rw.Write([]byte("<!doctype html>" + html))
}

func (w *world) put(address, html string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, where, _ := strings.Cut(address, "://")
	where, _, _ = strings.Cut(where, "?")
	w.pages[where] = html
}

func (w *world) browser(t *testing.T, k bt.Kind) bt.Browser {
	t.Helper()
	if b := w.browsers[k]; b != nil {
		return b
	}
	b, err := bt.Start(bt.Options{Kind: k, Internet: w.internet, Extension: w.folder})
	if err != nil {
		t.Fatal(err)
	}
	w.browsers[k] = b
	return b
}

// inBoth runs a test in each kind of browser.
func inBoth(t *testing.T, test func(t *testing.T, k bt.Kind)) {
	t.Helper()
	for _, k := range bt.Kinds {
		t.Run(string(k), func(t *testing.T) { test(t, k) })
	}
}

// tab is a page with the harness in it.
type tab struct {
	t *testing.T
	bt.Page
}

// show opens a page of this text.
func show(t *testing.T, k bt.Kind, address, html string) *tab {
	t.Helper()
	shared.put(address, html)
	p, err := shared.browser(t, k).Open(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return &tab{t, p}
}

// ask has the harness do something, and decodes what it answers.
func (p *tab) ask(op string, into any, args ...any) {
	p.t.Helper()
	if err := Ask(p, op, into, args...); err != nil {
		p.t.Fatal(err)
	}
}

// eval evaluates in the page's own world.
func (p *tab) eval(expression string, into any) {
	p.t.Helper()
	if err := p.Eval(expression, into); err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
}

func (p *tab) text(expression string) (s string) {
	p.t.Helper()
	p.eval(expression, &s)
	return s
}

func (p *tab) wait(expression string) {
	p.t.Helper()
	if err := p.Wait(expression); err != nil {
		p.t.Fatal(err)
	}
}

// waitAsk asks the harness again and again until test says yes.
func waitAsk[T any](p *tab, op string, test func(T) bool, args ...any) T {
	p.t.Helper()
	var got T
	err := until.Seen(fmt.Sprint(op, args), bt.Patience, func() (bool, string) {
		got = *new(T)
		p.ask(op, &got, args...)
		return test(got), fmt.Sprintf("%+v", got)
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return got
}

// call is one question to the background.
type call struct {
	Type, Field, Outcome, Why, Relation, Action string
	PageClass                                   string `json:"page_class"`
	Verified, Focused                           bool
	Place                                       map[string]float64
	At                                          float64
	Hits                                        []struct {
		Class string
		Count int
	}
}

func (p *tab) calls(kind string) (all []call) {
	p.t.Helper()
	p.ask("calls", &all, kind)
	return all
}

// picture keeps a screenshot where the environment says, to be looked at.
func (p *tab) picture(name string) {
	p.t.Helper()
	dir := os.Getenv("KEYSHIFT_PICTURES")
	if dir == "" {
		return
	}
	png, err := p.Screenshot()
	if err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600); err != nil {
		p.t.Fatal(err)
	}
}

func jsonText(v any) string {
	text, _ := json.Marshal(v) // what came from JSON goes back
	return string(text)
}
