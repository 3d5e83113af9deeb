package browser

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/keyshift-hq/keyshift/internal/browsertest"
	"github.com/keyshift-hq/keyshift/internal/replica"
)

// startOwn starts a browser of Dana's own, in the profile that she always uses, with the extension in it for good.
func (d *desk) startOwn(args ...string) *work {
	d.t.Helper()
	o := d.options()
	o.Profile, o.Home, o.Env = filepath.Join(d.Home, ".config", string(d.kind)), d.Home, d.env(d.Session)
	o.XPI, o.Args = filepath.Join(d.built, "keyshift.xpi"), append(o.Args, args...)
	b, err := browsertest.Start(o)
	d.check(err)
	d.t.Cleanup(func() { _ = b.Kill() })
	return &work{Browser: b, desk: d, profile: o.Profile}
}

// pair does once what every profile needs: the same digits here and there.
func (w *work) pair() {
	w.t.Helper()
	popup := w.popup()
	w.wait(popup, `document.querySelector('[data-key="pair"]')`)
	w.check(popup.Click(`[data-key="pair"]`))
	w.wait(popup, `document.querySelector("output.digits")`)
	digits := ""
	w.check(popup.Eval(`document.querySelector("output.digits").textContent`, &digits))
	w.agentCommand("", "browser", "pair", digits, "--yes")
	w.awaitState(popup, "the profile is paired", func(s popupState) bool { return s.Trouble == "none" })
	w.check(popup.Close())
}

// ownSites are where Dana keeps something of her own: a session at another network, and a site that has nothing to do with
// any. In a Firefox her own session at the leased network stays, too, because the lease has a container.
func (d *desk) ownSites() map[string]string {
	sites := map[string]string{"www.facebook.com": "/replica/become?handle=dana_private", "home.example": "/"}
	if d.kind == browsertest.Firefox {
		sites["x.com"] = "/replica/become?handle=dana_private"
	}
	return sites
}

const fillStorage = `(async () => {
	localStorage.setItem("diary", "mine");
	document.cookie = "home=mine; path=/; secure; max-age=86400";
	await (await caches.open("home")).put("/kept", new Response("mine"));
	document.documentElement.dataset.traces = "left";
	return true;
})()`

// keepsThings signs Dana in and fills every kind of storage.
func (w *work) keepsThings() {
	w.t.Helper()
	for host, path := range w.ownSites() {
		p := w.tab("https://" + host + path)
		if path == "/" {
			w.check(p.Eval(fillStorage, nil))
		}
		w.wait(p, `document.documentElement.dataset.traces === "left"`)
		w.check(p.Close())
	}
}

// dump is everything that a page can read of what its origin keeps.
const dump = `(async () => {
	const all = { local: Object.entries(localStorage).sort(), databases: {}, caches: {} };
	for (const { name } of await indexedDB.databases()) {
		const db = await new Promise((yes, no) => { const r = indexedDB.open(name); r.onsuccess = () => yes(r.result); r.onerror = no; });
		for (const store of db.objectStoreNames) {
			all.databases[name + " " + store] = await new Promise((yes, no) => { const r = db.transaction(store).objectStore(store).getAll(); r.onsuccess = () => yes(r.result); r.onerror = no; });
		}
		db.close();
	}
	for (const name of await caches.keys()) {
		const cache = await caches.open(name);
		for (const r of await cache.keys()) all.caches[name + " " + r.url] = await (await cache.match(r)).text();
	}
	return JSON.stringify(all);
})()`

// kept is what the profile holds of Dana's own, cookies with their values too. The pages that are opened for that change nothing.
func (w *work) kept() string {
	w.t.Helper()
	var all []string
	for host := range w.ownSites() {
		p := w.tab("https://" + host + "/replica/lib.js")
		text := ""
		w.check(p.Eval(dump, &text))
		w.check(p.Close())
		all = append(all, host+": "+text)
	}
	cookies, err := w.Cookies()
	w.check(err)
	for _, c := range cookies {
		domain := strings.TrimPrefix(c.Domain, ".")
		if _, own := w.ownSites()[domain]; own || domain == "facebook.com" {
			raw, err := json.Marshal(c)
			w.check(err)
			all = append(all, string(raw))
		}
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}

func (w *work) wantKept(before string) {
	w.t.Helper()
	if after := w.kept(); after != before || strings.Count(before, "\n") < 5 {
		w.t.Errorf("what is Dana's own is not as it was. Before:\n%s\nafter:\n%s", before, after)
	}
}

// lendOwn checks @acme out and signs in in this browser, from the popup, and gives the lease.
func (w *work) lendOwn(v replica.Variant) lease {
	w.t.Helper()
	w.checkOut("x")
	popup := w.popup()
	w.wait(popup, `document.querySelector(".card .primary")`)
	w.check(popup.Click(".card .primary"))
	p := w.signIn(nil, v)
	w.wait(p, `document.documentElement.dataset.traces === "left"`)
	popup = w.popup() // the other one closed itself
	w.awaitState(popup, "the session is known", func(s popupState) bool { return len(s.Leases) == 1 && s.Leases[0].Session })
	if !w.signedIn("acme") {
		w.t.Fatalf("the network has %v", w.world.Sessions("x"))
	}
	return w.newest("x")
}

func (d *desk) signedIn(handle string) bool {
	return slices.ContainsFunc(d.world.Sessions("x"), func(s replica.Session) bool { return s.Handle == handle })
}

// leaseOf is what the hub says of one lease.
func (d *desk) leaseOf(id string) lease {
	d.t.Helper()
	var list struct{ Leases []lease }
	d.check(json.Unmarshal([]byte(d.hub("", "leases", "list", "--all", "--json")), &list))
	i := slices.IndexFunc(list.Leases, func(l lease) bool { return l.ID == id })
	if i < 0 {
		d.t.Fatalf("the hub knows no lease %s", id)
	}
	return list.Leases[i]
}

func (d *desk) awaitPending(l lease) {
	d.t.Helper()
	await(d.t, "the hub says that a browser is missing", func() (bool, string) {
		l := d.leaseOf(l.ID)
		return l.Removal.BrowserPending && l.Removal.Step == "REMOVAL_STEP_SECRET_WIPED", fmt.Sprintf("%+v", l)
	})
}

func (d *desk) awaitRemoved(l lease) {
	d.t.Helper()
	await(d.t, "the hub says that access is removed", func() (bool, string) {
		l := d.leaseOf(l.ID)
		return l.Removal.Step == "REMOVAL_STEP_SESSION_CLOSED" && !l.Removal.BrowserPending, fmt.Sprintf("%+v", l)
	})
}

// nothingOfTheLease looks for what the replica set when @acme signed in.
func (w *work) nothingOfTheLease() {
	w.t.Helper()
	await(w.t, "nothing of the lease is in the browser", func() (bool, string) {
		left := w.ofTheLease()
		return len(left) == 0, fmt.Sprint(left)
	})
}

// onDisk waits until the browser has written down its cookies, which Chromium does every half a minute, or when many change, and
// what pages of Dana's own network stored, which it does some seconds later.
func (w *work) onDisk() {
	w.t.Helper()
	if w.kind != browsertest.Chromium {
		return
	}
	mark := "mark" + strings.ToLower(rand.Text())
	p := w.tab("https://flush.example/")
	w.check(p.Eval(fmt.Sprintf(`(() => { for (let i = 0; i < 700; i++) document.cookie = %q + i + "=1; max-age=86400; secure"; return true; })()`, mark), nil))
	await(w.t, "the cookies are on the disk", func() (bool, string) {
		out, err := exec.Command("grep", "-rlaF", "--", mark, filepath.Join(w.profile, "Default")).Output()
		return strings.Contains(string(out), "Cookies"), fmt.Sprintf("%s %v", out, err)
	})
	w.check(p.Close())
	await(w.t, "what pages stored is on the disk", func() (bool, string) {
		out, err := exec.Command("grep", "-rlaF", "--", "_https://www.facebook.com", filepath.Join(w.profile, "Default/Local Storage")).Output()
		return err == nil, fmt.Sprintf("%s %v", out, err)
	})
}

// ofTheLease lists the cookies that the replica set when @acme signed in.
func (w *work) ofTheLease() (names []string) {
	w.t.Helper()
	cookies, err := w.Cookies()
	w.check(err)
	for _, c := range cookies {
		if c.Name == "twid" && c.Value == "u%3D"+networks["x"] {
			names = append(names, c.Domain)
		}
	}
	return names
}

// ownProfile is A18, in the profile in which Dana keeps her own things: the lease ends while the browser is away, together
// with the agent, or with the hub. What of it is left goes with the next start, and nothing else.
func (d *desk) ownProfile() {
	if _, long := soak(); d.kind == browsertest.Firefox && !long {
		return // it starts five times: the long form
	}
	v := replica.Find("x-onboarding")
	d.world.EndSessions("x")
	d.world.Show(v)
	w := d.startOwn()
	w.pair()
	w.keepsThings()
	d.honestLabel(w)
	before := w.kept()
	first := w.lendOwn(v)
	w.onDisk()
	d.check(w.Close())

	d.agentCommand("", "checkin", "x/acme")
	d.awaitPending(first)
	d.checkOut("x") // the same account again, before the browser is back
	second := d.newest("x")
	w = d.startOwn(restoring[d.kind]...)
	d.awaitRemoved(first)
	w.nothingOfTheLease()
	w.wantKept(before)
	w.onceMore(v, second)
	w.onDisk()
	w.check(w.Kill())

	d.goneWithTheAgent(second)
	w = d.startOwn()
	d.awaitRemoved(second)
	w.nothingOfTheLease()
	w.wantKept(before)
	d.endsWithoutTheHub(w, v, before)
}

// restoring are arguments with which a browser opens again what was open.
var restoring = map[browsertest.Kind][]string{browsertest.Chromium: {"--restore-last-session"}}

// honestLabel: what keeps a lease apart is said by the agent and by the popup.
func (d *desk) honestLabel(w *work) {
	d.t.Helper()
	want := map[browsertest.Kind][2]string{browsertest.Chromium: {"same_profile", "nothing, it is cleaned up"}, browsertest.Firefox: {"container", "a container"}}[d.kind]
	popup := w.popup()
	if s := w.state(popup); s.Mode != want[0] {
		d.t.Errorf("the popup says %s, want %s", s.Mode, want[0])
	}
	d.check(popup.Close())
	if out := d.agentCommand("", "browser", "profiles"); !strings.Contains(out, want[1]) {
		d.t.Errorf("the agent says of the profile:\n%s", out)
	}
}

// onceMore signs in with a lease that was there before the browser was.
func (w *work) onceMore(v replica.Variant, want lease) {
	w.t.Helper()
	popup := w.popup()
	w.awaitState(popup, "the next lease is there", func(s popupState) bool { return len(s.Leases) == 1 && s.Leases[0].ID == want.ID })
	w.wait(popup, `document.querySelector(".card .primary")`)
	w.check(popup.Click(".card .primary"))
	w.signIn(nil, v)
	popup = w.popup()
	w.awaitState(popup, "the session is known", func(s popupState) bool { return len(s.Leases) == 1 && s.Leases[0].Session })
}

// goneWithTheAgent: agent and browser are killed, the hub takes the account back, and the computer is started anew: nothing
// but what is on the disk is there still. The browser is back before the agent, and does not make up a lease.
func (d *desk) goneWithTheAgent(l lease) {
	d.t.Helper()
	d.stopAgent(syscall.SIGKILL)
	d.hub("", "revoke", "--account", "x/acme", "--reason", "press inquiry", "--no-wait")
	sockets, err := filepath.Glob(filepath.Join(d.Runtime, "keyshift*"))
	d.check(err)
	for _, path := range sockets {
		d.check(os.RemoveAll(path))
	}
	w := d.startOwn()
	if d.kind == browsertest.Chromium { // Firefox opens no page of an extension so soon after it was killed
		popup := w.popup()
		w.awaitState(popup, "the popup says that the agent is away", func(s popupState) bool { return s.Trouble == "agent_down" && len(s.Leases) == 0 })
	}
	if len(w.ofTheLease()) == 0 {
		d.t.Error("the session was gone without anybody removing it, so nothing is proved")
	}
	d.check(w.Close())
	d.startAgent()
	d.awaitPending(l)
}

// endsWithoutTheHub: what is lent ends and goes without the hub, which hears of it later.
func (d *desk) endsWithoutTheHub(w *work, v replica.Variant, before string) {
	d.t.Helper()
	third := w.lendOwn(v)
	d.check(d.hubProgram().Signal(syscall.SIGSTOP))
	resume := func() { _ = d.hubProgram().Signal(syscall.SIGCONT) }
	defer resume()
	w.onDisk()
	d.check(w.Close())
	_, _ = d.run(d.Session, "", "keyshift-agent", "checkin", "x/acme") // it says that the hub is not there
	w = d.startOwn()
	w.nothingOfTheLease()
	w.wantKept(before)
	resume()
	d.awaitRemoved(third)
	d.check(w.Close())
}
