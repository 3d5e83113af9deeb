package e2e

import (
	"crypto/tls"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/keyshift-hq/keyshift/internal/greeting"
	"github.com/keyshift-hq/keyshift/internal/loopback"
	"github.com/keyshift-hq/keyshift/internal/testpg"
)

// hub is a hub, or one replica of it, that was started once or more.
type hub struct {
	name string
	*program
	url  string
	args []string
	d    *desktop
}

// theHub is the name of a hub that has none.
const theHub = "hub"

// hubName takes an optional name in front of flags.
func hubName(args []string) (name string, flags []string) {
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		return args[0], args[1:]
	}
	return theHub, args
}

// cmdHubStart serves a hub from the home folder of this desktop, and waits until it has said where it is. A hub that ran
// before comes back at its address, from where it was, with the same flags if none are given.
func cmdHubStart(ts *testscript.TestScript, neg bool, args []string) {
	mustBe(ts, !neg, "hub-start [NAME] [FLAGS]")
	w := worldOf(ts)
	name, flags := hubName(args)
	h := w.hubs[name]
	if h == nil {
		h = &hub{name: name, d: w.here(ts), args: append([]string{"serve", "--name", "Acme", "--listen", listenAt(ts)}, flags...)}
		w.hubs[name] = h
	} else if len(flags) > 0 {
		h.args = append(h.args[:5:5], flags...)
	}
	h.serve(ts, w)
}

// listenAt is where a new hub listens: on this computer only, if the story does not say $LISTEN.
func listenAt(ts *testscript.TestScript) string {
	if at := ts.Getenv("LISTEN"); at != "" {
		return at
	}
	at, err := loopback.Address()
	ts.Check(err)
	return at
}

// serve starts the hub and reads what it says at first.
func (h *hub) serve(ts *testscript.TestScript, w *world) {
	said, err := os.CreateTemp("", "greeting-")
	ts.Check(err)
	defer os.Remove(said.Name())
	defer said.Close()
	h.program = w.start(ts, h.d, launch{label: h.name, name: "keyshift-hub", args: h.args, stdout: said})
	var text string
	await(ts, "the hub serves", func() (bool, string) {
		if !h.running() {
			ts.Fatalf("the hub ended: %v\n%s", h.err, h.log())
		}
		text = readText(ts, said.Name())
		return answers(greeting.URL(text)), text
	})
	text = readText(ts, said.Name()) // before it answered it may not have said all
	if h.url == "" {
		h.url = greeting.URL(text)
		h.args[4] = strings.TrimPrefix(strings.TrimPrefix(h.url, "https://"), "http://")
	}
	ts.Setenv("HUB_ADDRESS", h.args[4])
	code, err := greeting.Code(text)
	ts.Check(err)
	ts.Setenv("CODE", code)
}

func readText(ts *testscript.TestScript, path string) string {
	all, err := os.ReadFile(path)
	ts.Check(err)
	return string(all)
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

func hubNamed(ts *testscript.TestScript, args []string) *hub {
	name, _ := hubName(args)
	h := worldOf(ts).hubs[name]
	if h == nil {
		ts.Fatalf("there is no hub %q", name)
	}
	return h
}

func cmdHubStop(ts *testscript.TestScript, neg bool, args []string) {
	mustBe(ts, !neg && len(args) <= 1, "hub-stop [NAME]")
	hubNamed(ts, args).stop(ts)
}

func cmdHubKill(ts *testscript.TestScript, neg bool, args []string) {
	mustBe(ts, !neg && len(args) <= 1, "hub-kill9 [NAME]")
	hubNamed(ts, args).kill()
}

var anyURL = regexp.MustCompile(`https?://[^\s"]+`)

// cmdHubAt has the command line of this desktop ask another replica, as a load balancer would. The address is in a
// file that holds nothing secret.
func cmdHubAt(ts *testscript.TestScript, neg bool, args []string) {
	mustBe(ts, !neg && len(args) == 1, "hub-at NAME")
	file := filepath.Join(worldOf(ts).here(ts).Home, ".config", "keyshift", "hub.json")
	text, err := os.ReadFile(file)
	ts.Check(err)
	moved := anyURL.ReplaceAllLiteralString(string(text), hubNamed(ts, args).url)
	ts.Check(os.WriteFile(file, []byte(moved), 0o600))
}

func cmdPostgres(ts *testscript.TestScript, neg bool, args []string) {
	mustBe(ts, !neg && len(args) == 0, "postgres")
	ts.Setenv("POSTGRES", testpg.New(worldOf(ts).t))
}
