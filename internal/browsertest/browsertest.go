// Package browsertest drives real browsers for tests and for the demo: Chromium over the DevTools protocol, Firefox over
// WebDriver BiDi, behind one small interface, without drivers, Node or a display.
//
// A [Fixture] stands in for the internet: one TLS listener on loopback that answers under every host name with a
// certificate of a test CA. Browsers started with it reach nothing else, whatever address they open.
//
//	internet, err := browsertest.NewFixture(handler)
//	b, err := browsertest.Start(browsertest.Options{Kind: browsertest.Firefox, Internet: internet, Extension: dir})
//	page, err := b.Open("https://x.com/login")
//	err = page.Type("input", "acme")      // real key events
//
// Everything here has a time limit of its own, [Patience]. A browser has a scratch profile and home folder; both are
// deleted when it is closed or killed. A browser that somebody else starts, such as the agent, is started through a
// [Launcher] and driven after [Attach].
package browsertest

import (
	"errors"
	"fmt"
	"os/exec"
	"time"
)

// Patience bounds every wait for a browser. It is long because machines that run tests are busy.
const Patience = 90 * time.Second

// Kind is a family of browsers.
type Kind string

const (
	Chromium Kind = "chromium"
	Firefox  Kind = "firefox"
)

// Kinds are the families that everything is tested in.
var Kinds = []Kind{Chromium, Firefox}

// programs are the commands of each kind, the first that is installed counts.
var programs = map[Kind][]string{
	Chromium: {"chromium", "chromium-browser"},
	Firefox:  {"firefox-esr", "firefox"},
}

// Program is the path of the installed browser of a kind, or an error that says what to install.
func Program(k Kind) (string, error) {
	for _, name := range programs[k] {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("find %s: not installed; scripts/setup.sh test installs it", k)
}

// ErrGone is answered for a page or browser that is not there any more.
var ErrGone = errors.New("browser or page is gone")

// Browser is a running browser.
type Browser interface {
	Kind() Kind
	// Profile is the folder of the user data (Chromium) or the profile (Firefox).
	Profile() string
	// PID is the id of the browser's main process.
	PID() int
	// Open opens an address in a new tab and waits until it is loaded. An address that cannot be reached is no error.
	Open(address string) (Page, error)
	// Pages are all tabs, those of the extension included.
	Pages() ([]Page, error)
	// Install loads an unpacked extension until the browser ends, and answers its id.
	Install(folder string) (id string, err error)
	// Cookies are those of every site and partition, of the default store and of containers.
	Cookies() ([]Cookie, error)
	// Close asks the browser to end as a user would, and waits for it.
	Close() error
	// Kill ends the process without warning, and waits for it.
	Kill() error
}

// Page is one tab.
type Page interface {
	// ID names the tab as long as it exists.
	ID() string
	URL() (string, error)
	// Go loads an address in this tab and waits until it is loaded.
	Go(address string) error
	// Eval evaluates an expression in the page's own world, waits for a promise, and decodes the JSON value; nil discards it.
	Eval(expression string, into any) error
	// Wait evaluates an expression again and again, also over navigations, until it is true.
	Wait(expression string) error
	// Click presses the mouse at the center of the first element that matches, wherever that is, as a user would.
	Click(selector string) error
	// Drag presses the mouse at one place of the viewport, moves it to another, and lets it go there.
	Drag(from, to Point) error
	// Type clicks the element and presses the keys of text.
	Type(selector, text string) error
	// Press presses one key by its name in KeyboardEvent.key: Enter, Tab, Escape, Backspace.
	Press(key string) error
	// Above is the text in the page's closed shadow roots, which the page's own scripts cannot read, a line for each piece:
	// what an extension shows above a page. Style sheets are no text.
	Above() (string, error)
	// Resize makes the viewport so wide and high, in CSS pixels, whatever its window is.
	Resize(width, height int) error
	// Screenshot is a PNG of what is to be seen.
	Screenshot() ([]byte, error)
	Close() error
}

// Point is a place in the viewport in CSS pixels.
type Point struct{ X, Y float64 }

// Cookie is a cookie as the browser stores it.
type Cookie struct {
	Name, Value, Domain, Path string
	HTTPOnly, Secure          bool
}
