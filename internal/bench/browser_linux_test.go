package bench

import (
	"bytes"
	_ "embed"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	bundle "github.com/keyshift-hq/keyshift/extension"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/browsertest"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/network"
	"github.com/keyshift-hq/keyshift/internal/osring/osringtest"
	"github.com/keyshift-hq/keyshift/internal/replica"
	"github.com/keyshift-hq/keyshift/internal/systest"
)

// loginSite is a network's log-in as this chapter uses it.
type loginSite struct {
	network keyshift.Network
	variant replica.Variant
	step    string // what its first step asks for
	last    string // the type of the field that is filled last
	times   int    // how often a lease is asked after its first page: it gives six values a minute, and a page may lose one
}

func (s loginSite) account() string { return string(s.network) + "/acme" }

// sites are one whose first step has one field and whose sign-out wants a button pressed, and one with two fields.
var sites = []loginSite{
	{"x", replica.Find("x-onboarding"), "user name", "text", 4},
	{"instagram", replica.Find("instagram-email"), "user name and password", "password", 1},
}

// surf is what this chapter needs: a hub, networks, and for each kind of browser a desk and a browser with nothing of ours.
type surf struct {
	b        *testing.B
	hub      *systest.World
	networks *replica.World
	internet *browsertest.Fixture
	desks    map[browsertest.Kind]*surfDesk
}

func newSurf(b *testing.B) *surf {
	b.Helper()
	built(b)
	c := &surf{b: b, hub: systest.SQLite(b), networks: replica.New(atNetworks()...), desks: map[browsertest.Kind]*surfDesk{}}
	var err error
	c.internet, err = browsertest.NewFixture(clocked(c.networks))
	must(b, err)
	b.Cleanup(func() { _ = c.internet.Close() })
	folder := b.TempDir()
	must(b, bundle.Build(bundle.Options{Source: "../../extension", Out: folder, Version: "v1.2.3", Language: "en"}))
	c.hub.AddUser("dana")
	for _, s := range sites {
		c.networks.Show(s.variant)
		c.lend(s)
	}
	for _, kind := range browsertest.Kinds {
		c.desks[kind] = c.newDesk(kind, filepath.Join(folder, string(kind)))
	}
	return c
}

// atNetworks are the company's accounts and Dana's own.
func atNetworks() (all []replica.Account) {
	for _, s := range sites {
		all = append(all,
			replica.Account{Network: string(s.network), ID: "1001", Handle: "acme", Username: "acme", Password: systest.Password},
			replica.Account{Network: string(s.network), ID: "2002", Handle: "dana_private", Username: "dana@home.example", Password: "hers"})
	}
	return all
}

// lend makes the account of a network known to the hub and grants it to Dana.
func (c *surf) lend(s loginSite) {
	word := v1.Network(v1.Network_value["NETWORK_"+strings.ToUpper(string(s.network))])
	settings := &v1.AccountSettings{AccessMode: v1.AccessMode_ACCESS_MODE_SHARED_SECRET.Enum()}
	accounts := c.hub.Owner.Accounts
	systest.Do(c.b, accounts.AddAccount, &v1.AddAccountRequest{Network: word, Handle: "acme", Settings: settings})
	c.rotate(s)
	if clause, forbidden := network.Clause(s.network); forbidden {
		until := timestamppb.New(time.Now().AddDate(0, 1, 0))
		systest.Do(c.b, accounts.AcceptRisk, &v1.AcceptRiskRequest{Account: s.account(), TextHash: clause.Hash(), Until: until})
	}
	systest.Do(c.b, c.hub.Owner.Grants.AddGrant, &v1.AddGrantRequest{Account: s.account(), User: "dana"})
}

// rotate says that the password was changed, so that the account can be lent again.
func (c *surf) rotate(s loginSite) {
	systest.Do(c.b, c.hub.Owner.Accounts.SetCredential, &v1.SetCredentialRequest{Account: s.account(), Login: "acme", Password: systest.Password})
}

//go:embed testdata/clock/clock.js
var clockScript string

// clocked serves pages with a script that notes when things happen in them.
func clocked(pages http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/bench/clock.js" {
			w.Header().Set("Content-Type", "text/javascript")
			_, _ = io.WriteString(w, clockScript)
			return
		}
		pages.ServeHTTP(&clockedWriter{w}, r)
	})
}

type clockedWriter struct{ http.ResponseWriter }

// Write puts the script before all others. The replicas write the beginning of a page at once.
func (w *clockedWriter) Write(text []byte) (int, error) {
	_, err := w.ResponseWriter.Write(bytes.Replace(text, []byte("<head>"), []byte(`<head><script src="/bench/clock.js"></script>`), 1))
	return len(text), err
}

// surfDesk is a computer of Dana's with a kind of browser.
type surfDesk struct {
	*desktop
	c         *surf
	kind      browsertest.Kind
	extension string
	bare      browsertest.Browser // without anything of ours, but with an extension that does nothing
}

func (c *surf) newDesk(kind browsertest.Kind, folder string) *surfDesk {
	c.b.Helper()
	session := osringtest.StartSession(c.b)
	session.StartGnomeKeyring(c.b, "pw")
	d := &surfDesk{c: c, kind: kind, extension: folder}
	launcher := filepath.Join(session.Home, "bin", string(kind))
	must(c.b, browsertest.Launcher(launcher, d.options(folder)))
	install := exec.Command(agentBinary, "browser", "install", "--browser", string(kind))
	install.Env = session.Env()
	if out, err := install.CombinedOutput(); err != nil {
		c.b.Fatalf("install native host: %v: %s", err, out)
	}
	d.desktop = startDesktop(c.b, c.hub, "dana", session, "--browser", launcher)
	var err error
	d.bare, err = browsertest.Start(d.options(absolute(c.b, "testdata/bareextension")))
	must(c.b, err)
	c.b.Cleanup(func() { _ = d.bare.Kill() })
	return d
}

func (d *surfDesk) options(folder string) browsertest.Options {
	o := browsertest.Options{Kind: d.kind, Internet: d.c.internet, Extension: folder}
	if d.kind == browsertest.Firefox {
		o.Args = []string{"--remote-allow-system-access"} // or it opens no page of an extension
	}
	return o
}

// work is the work browser of a lease.
type work struct {
	*surfDesk
	browsertest.Browser
	site  loginSite
	popup browsertest.Page
}

// open checks an account out and opens it; done when the first page is filled, as the user asked for by opening.
func (d *surfDesk) open(s loginSite) (*work, error) {
	d.c.networks.Forget()
	d.c.networks.EndSessions(string(s.network))
	if _, err := d.cli("", "checkout", s.account(), "--reason", "post", "--duration", "1h"); err != nil {
		return nil, err
	}
	if _, err := d.cli("", "open", s.account()); err != nil {
		return nil, err
	}
	folder, err := d.folder()
	if err != nil {
		return nil, err
	}
	w := &work{surfDesk: d, site: s}
	if w.Browser, err = browsertest.Attach(d.kind, folder); err != nil {
		return nil, err
	}
	d.c.b.Cleanup(func() { _ = w.Kill() })
	if d.kind == browsertest.Firefox {
		if _, err = w.Install(d.extension); err != nil {
			return nil, err
		}
	}
	if err := d.c.until("the first page is filled", func() bool { return len(d.c.networks.Typed()) >= len(s.variant.Screens[0].Take) }); err != nil {
		return nil, err
	}
	address, err := browsertest.ExtensionPage(d.kind, d.extension, "popup.html")
	if err == nil {
		w.popup, err = w.Open(address)
	}
	return w, err
}

// folder waits for the folder of the work browser: there is one at a time.
func (d *surfDesk) folder() (folder string, err error) {
	err = d.c.until("the work browser has a folder", func() bool {
		found, _ := filepath.Glob(filepath.Join(d.home, ".local/state/keyshift*/work/*"))
		if len(found) == 1 {
			folder = found[0]
		}
		return folder != ""
	})
	return folder, err
}

// until looks again and again, every 2 ms.
func (c *surf) until(what string, look func() bool) error {
	for start := time.Now(); !look(); pause(c.b.Context(), 2*time.Millisecond) {
		if time.Since(start) > browsertest.Patience {
			return fmt.Errorf("not in time: %s", what)
		}
	}
	return nil
}

// gone waits until the browser and its folder are gone.
func (w *work) gone() error {
	folder := w.Profile()
	return w.c.until("the work browser is gone", func() bool {
		_, err := os.Stat(folder)
		return os.IsNotExist(err)
	})
}
