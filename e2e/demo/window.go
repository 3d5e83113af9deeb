//go:build linux

package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/keyshift-hq/keyshift/internal/browsertest"
)

// patience is how long a browser may take for anything.
const patience = 45 * time.Second

// window is the work browser, looked at from outside. The demo presses and types in it as a user would: with the mouse and
// the keyboard, never past the pages.
type window struct {
	*demo
	browsertest.Browser
	folder string
	// page is the tab of the network.
	page browsertest.Page
}

// attach finds the work browser that the agent started.
func (d *demo) attach() (*window, error) {
	w := &window{demo: d}
	err := d.await("the folder of the work browser", patience, func() (bool, error) {
		if found := d.workFolders(); len(found) == 1 {
			w.folder = found[0]
		}
		return w.folder != "", nil
	})
	if err != nil {
		return nil, err
	}
	if w.Browser, err = browsertest.Attach(browsertest.Chromium, w.folder); err != nil {
		return nil, errors.Join(err, d.logOf("keyshift-agent"))
	}
	return w, d.await("a tab of the practice network", patience, func() (bool, error) {
		w.page, err = w.tab("https://"+practiceHost+"/", "")
		return w.page != nil, err
	})
}

// tab finds a tab by the beginning of its address, but not the one with an id; nil if there is none.
func (w *window) tab(prefix, not string) (browsertest.Page, error) {
	pages, err := w.Pages()
	for _, p := range pages {
		if at, err := p.URL(); err == nil && strings.HasPrefix(at, prefix) && p.ID() != not {
			return p, nil
		}
	}
	return nil, err
}

// press presses something on the network's page.
func (w *window) press(what, selector string) error {
	w.pause()
	fmt.Printf("    → %s\n", what)
	return w.page.Click(selector)
}

// read gives the value of an expression in a page.
func read(p browsertest.Page, expression string) (text string, err error) {
	return text, p.Eval(expression, &text)
}

// pageSays waits until an expression gives a text in the network's page, and tells it.
func (w *window) pageSays(what, expression string, want func(string) bool) error {
	return w.says(what, want, func() (string, error) { return read(w.page, expression) })
}

// aboveSays waits until what the extension shows above the page has a text, and tells all of it.
func (w *window) aboveSays(what, want string) error {
	return w.says(what, func(text string) bool { return strings.Contains(text, want) }, w.page.Above)
}

// says waits for a text that is wanted, and tells it. A page that is just being loaded says nothing.
func (d *demo) says(what string, want func(string) bool, look func() (string, error)) error {
	text := ""
	err := d.await(what, patience, func() (bool, error) {
		seen, err := look()
		if errors.Is(err, browsertest.ErrGone) {
			return false, err
		}
		if err == nil {
			text = seen
		}
		return err == nil && want(seen), nil
	})
	if err != nil {
		return fmt.Errorf("%w; it says %q", err, text)
	}
	fmt.Printf("    ✓ seen: %s: %s\n", what, oneLine(text))
	return nil
}

// oneLine puts lines beside each other, without the marks that keep the direction of names.
func oneLine(text string) string {
	text = strings.NewReplacer("\u2068", "", "\u2069", "").Replace(text)
	return "“" + strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == '\n' }), " · ") + "”"
}

// pause gives people time to look, where there is something to look at.
func (d *demo) pause() {
	if d.once || !visible() {
		return
	}
	timer := time.NewTimer(2500 * time.Millisecond)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-d.ctx.Done():
	}
}
