package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/keyshift-hq/keyshift/internal/browsertest"
	"github.com/keyshift-hq/keyshift/internal/extensionid"
	"github.com/keyshift-hq/keyshift/internal/native"
	"github.com/keyshift-hq/keyshift/internal/systest"
)

const (
	// tripsInARow is how many round trips one round has.
	tripsInARow = 1000
	echoHost    = "com.keyshift.echo"
	extension   = "chrome-extension://" + extensionid.Chromium + "/"
)

// hosts are the native hosts that are compared: that of the agent, which is asked something by a paired profile and answers,
// and one that says back what it hears.
type hosts struct {
	*desktop
	echo string
}

func newHosts(b *testing.B) *hosts {
	b.Helper()
	built(b)
	w := systest.SQLite(b)
	w.AddUser("dana")
	h := &hosts{desktop: newDesktop(b, w, "dana"), echo: filepath.Join(b.TempDir(), "echo")}
	build := exec.Command("go", "build", "-trimpath", "-o", h.echo, "./testdata/echo")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("build echo: %v: %s", err, out)
	}
	return h
}

// pair says yes to the profile that shows a code.
func (h *hosts) pair(b *testing.B, code string) {
	b.Helper()
	if out, err := h.cli("", "browser", "pair", code, "--yes"); err != nil {
		b.Fatalf("pair: %v: %s", err, out)
	}
}

// BenchmarkNativeHost measures in browsers, where it matters: from an extension's page to the agent and back.
func BenchmarkNativeHost(b *testing.B) {
	h := newHosts(b)
	for _, kind := range browsertest.Kinds {
		page := h.browser(b, kind)
		trips := func(host string) Subject {
			return Subject{Name: map[bool]string{true: Floor, false: Product}[host == echoHost], Measure: func() ([]Figure, error) {
				var ms []float64
				err := page.Eval(fmt.Sprintf("measure(%q, %d)", host, tripsInARow), &ms)
				return Latency(durations(ms)), err
			}}
		}
		Run(b, Case{
			Group: "Native host", Name: "Round trip from " + kindNames[kind],
			Note: "One message after the other from a page of an extension: over the native host to the agent and back, and to a native host that says back what it hears. Chromium's clock has steps of 0.1 ms, " +
				"Firefox's is made to have steps of 0.02 ms.",
			Goals:    []Goal{{Figure: "p50", AtMost: 1.5, Of: Floor}, {Figure: "p99", AtMost: 1.5, Of: Floor}},
			Subjects: []Subject{trips(native.Name), trips(echoHost)},
		})
	}
}

func durations(ms []float64) []time.Duration {
	list := make([]time.Duration, len(ms))
	for i, m := range ms {
		list[i] = time.Duration(m * float64(time.Millisecond))
	}
	return list
}

// browser starts a browser that knows both hosts, with a page that is connected to them.
func (h *hosts) browser(b *testing.B, kind browsertest.Kind) browsertest.Page {
	b.Helper()
	o := browsertest.Options{Kind: kind, Profile: b.TempDir(), Extension: absolute(b, "testdata/roundtrip"), Env: h.env}
	manifests, who, name := filepath.Join(o.Profile, "NativeMessagingHosts"), "allowed_origins", extension
	if kind == browsertest.Firefox {
		manifests, who, name = filepath.Join(h.home, ".mozilla/native-messaging-hosts"), "allowed_extensions", extensionid.Firefox
		o.Args = []string{"--remote-allow-system-access"} // or it opens no page of an extension
		must(b, os.WriteFile(filepath.Join(o.Profile, "prefs.js"), []byte(finestClock), 0o600))
	}
	must(b, os.MkdirAll(manifests, 0o700))
	for host, program := range map[string]string{native.Name: absolute(b, agentBinary), echoHost: h.echo} {
		raw, err := json.Marshal(map[string]any{"name": host, "description": host, "path": program, "type": "stdio", who: []string{name}})
		must(b, err)
		must(b, os.WriteFile(filepath.Join(manifests, host+".json"), raw, 0o600))
	}
	browser, err := browsertest.Start(o)
	must(b, err)
	b.Cleanup(func() { _ = browser.Kill() })
	address, err := browsertest.ExtensionPage(kind, o.Extension, "bench.html")
	must(b, err)
	page, err := browser.Open(address)
	must(b, err)
	h.connect(b, page)
	return page
}

// connect opens ports to both hosts, and makes the profile known to the agent.
func (h *hosts) connect(b *testing.B, page browsertest.Page) {
	b.Helper()
	must(b, page.Eval(fmt.Sprintf("(open(%q), open(%q), 1)", native.Name, echoHost), nil))
	must(b, page.Eval(fmt.Sprintf("hello(%q)", native.Name), nil))
	var asked struct{ Body native.PairCode }
	must(b, page.Eval(fmt.Sprintf("ask(%q, 'pair.begin', {})", native.Name), &asked))
	h.pair(b, asked.Body.Code)
}

func absolute(b *testing.B, path string) string {
	b.Helper()
	path, err := filepath.Abs(path)
	must(b, err)
	return path
}

// BenchmarkNativeHostAlone measures without a browser, which would add the same to both.
func BenchmarkNativeHostAlone(b *testing.B) {
	h := newHosts(b)
	agent := systest.NewExtension(b, h.spawn(b, absolute(b, agentBinary), extension), nil)
	agent.Hello(native.ModeSameProfile)
	var code native.PairCode
	must(b, agent.Ask(native.TypePairBegin, native.Empty{}, &code))
	h.pair(b, code.Code)
	echo := systest.NewExtension(b, h.spawn(b, h.echo), nil)
	trips := func(name string, x *systest.Extension) Subject {
		return Subject{Name: name, Measure: func() ([]Figure, error) {
			var times []time.Duration
			for range tripsInARow {
				begin := time.Now()
				if err := x.Ask(native.TypeFocus, native.Focus{}, nil); err != nil {
					return nil, err
				}
				times = append(times, time.Since(begin))
			}
			return Latency(times), nil
		}}
	}
	Run(b, Case{
		Group: "Native host", Name: "Round trip over pipes, without a browser",
		Note:     "The same without a browser: what the second process and the agent's checks add.",
		Subjects: []Subject{trips(Product, agent), trips(Floor, echo)},
	})
}

// spawn starts a native host, and gives both ends of it.
func (h *hosts) spawn(b *testing.B, program string, args ...string) io.ReadWriter {
	b.Helper()
	cmd := exec.Command(program, args...)
	cmd.Env = h.env
	in, err := cmd.StdinPipe()
	must(b, err)
	out, err := cmd.StdoutPipe()
	must(b, err)
	must(b, cmd.Start())
	b.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	return struct {
		io.Reader
		io.Writer
	}{out, in}
}
