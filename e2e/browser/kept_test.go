package browser

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/keyshift-hq/keyshift/internal/browsertest"
	"github.com/keyshift-hq/keyshift/internal/replica"
)

// keptBrowser: a company that wants it keeps a work browser between leases; no session is in it, nor in the next lease, nor in the
// browser of another account. A browser that it wants and that is not here is named.
func (d *desk) keptBrowser() {
	v := replica.Find("x-onboarding")
	d.world.EndSessions("x")
	d.world.Show(v)
	d.hub("", "accounts", "browser", "x/acme", "--use", "edge", "--keep")
	defer d.hub("", "accounts", "browser", "x/acme", "--use", "any")
	d.checkOut("x")
	if out := d.agentCommand("", "open", "x/acme"); !strings.Contains(out, "Your company wants Edge") {
		d.t.Errorf("opened, and said:\n%s", out)
	}
	w := d.attach("x/acme")
	w.wait(w.signIn(nil, v), `document.documentElement.dataset.traces === "left"`)
	w.bookmarks()
	d.agentCommand("", "checkin", "x/acme")
	d.removed("x")
	w.swept()
	d.leftTheNetwork()

	d.otherThanKept(w.profile)
	d.checkOut("x")
	again := d.open("x")
	if again.profile != w.profile {
		d.t.Errorf("the browser is in %s, and was in %s", again.profile, w.profile)
	}
	await(d.t, "the bookmark is there again", func() (bool, string) {
		entries, _ := os.ReadDir(w.profile)
		return again.hasBookmark(), fmt.Sprint(entries)
	})
	again.nothingStored()
	again.signIn(nil, v) // from the first screen on
	d.check(again.Browser.Kill())
	d.closed(again) // it may have kept a session
	d.agentCommand("", "checkin", "x/acme")
	d.removed("x")
}

// otherThanKept: the browser of another account has nothing of the one that is kept, and goes as always.
func (d *desk) otherThanKept(kept string) {
	d.t.Helper()
	d.checkOut("instagram")
	w := d.open("instagram")
	if w.profile == kept || w.hasBookmark() {
		d.t.Error("another account is opened in the browser that is kept")
	}
	d.agentCommand("", "checkin", acme("instagram"))
	d.closed(w)
	d.removed("instagram")
	if _, err := os.Stat(kept); err != nil {
		d.t.Errorf("the folder that is kept went with another: %v", err)
	}
}

// bookmark is what the user kept. A page of Chromium's own, and the window of a Firefox, know how that is done.
const bookmark = "Our notes"

func (w *work) bookmarks() {
	w.t.Helper()
	add := map[browsertest.Kind]string{
		browsertest.Chromium: `chrome.bookmarks.create({parentId: "1", title: %q, url: "https://notes.example/"}).then(() => true)`,
		browsertest.Firefox:  `PlacesUtils.bookmarks.insert({parentGuid: PlacesUtils.bookmarks.toolbarGuid, title: %q, url: "https://notes.example/"}).then(() => true)`,
	}[w.kind]
	w.check(w.inside().Eval(fmt.Sprintf(add, bookmark), nil))
	if w.kind != browsertest.Chromium {
		return
	}
	await(w.t, "the bookmark is written down", func() (bool, string) { // Chromium takes some seconds
		text, err := os.ReadFile(filepath.Join(w.profile, "Default/Bookmarks"))
		return bytes.Contains(text, []byte(bookmark)), fmt.Sprint(err)
	})
}

func (w *work) hasBookmark() bool {
	w.t.Helper()
	search := map[browsertest.Kind]string{
		browsertest.Chromium: `chrome.bookmarks.search({title: %q}).then((all) => all.length > 0)`,
		browsertest.Firefox:  `PlacesUtils.bookmarks.search({query: %q}).then((all) => all.length > 0)`,
	}[w.kind]
	has := false
	w.check(w.inside().Eval(fmt.Sprintf(search, bookmark), &has))
	return has
}

// inside is what knows of the browser's bookmarks.
func (w *work) inside() browsertest.Page {
	w.t.Helper()
	if w.kind == browsertest.Chromium {
		return w.tab("chrome://bookmarks/")
	}
	p, err := browsertest.Window(w.Browser)
	w.check(err)
	return p
}

// sessionFiles are where browsers keep sessions, and where they keep where somebody was.
var sessionFiles = []string{
	"Default/Cookies", "Default/Network", "Default/Local Storage", "Default/IndexedDB", "Default/Service Worker", "Default/WebStorage", "Default/History",
	"cookies.sqlite", "storage", "webappsstore.sqlite", "sessionstore-backups", "sessionstore.jsonlz4", "places.sqlite", "formhistory.sqlite",
}

// swept waits for the end of the browser, and looks into what is kept of its folder.
func (w *work) swept() {
	w.t.Helper()
	await(w.t, "the work browser is gone", func() (bool, string) {
		_, err := os.Stat(fmt.Sprintf("/proc/%d", w.PID()))
		return os.IsNotExist(err), fmt.Sprint(err)
	})
	await(w.t, "the folder is swept", func() (bool, string) {
		found, err := filepath.Glob(filepath.Join(w.profile, "*"))
		w.check(err)
		return len(found) > 0 && !slices.ContainsFunc(sessionFiles, func(name string) bool { _, err := os.Stat(filepath.Join(w.profile, name)); return err == nil }), fmt.Sprint(found)
	})
	settings := map[browsertest.Kind]string{browsertest.Chromium: "Default/Preferences", browsertest.Firefox: "prefs.js"}[w.kind]
	if _, err := os.Stat(filepath.Join(w.profile, settings)); err != nil {
		w.t.Errorf("what the company keeps is gone: %v", err)
	}
	if out, err := exec.Command("grep", "-rlaF", "-e", password, "-e", login, "--", w.profile).Output(); err == nil {
		w.t.Errorf("the login is in what is kept:\n%s", out)
	}
}

// nothingStored looks from inside a page of the network, in which nobody has signed in yet.
func (w *work) nothingStored() {
	w.t.Helper()
	if left := w.ofTheLease(); len(left) > 0 {
		w.t.Errorf("kept are the cookies of %q", left)
	}
	p := w.tab("https://x.com/replica/lib.js")
	var text string
	w.check(p.Eval(dump, &text))
	var all struct {
		Local     []any
		Databases map[string]any
		Caches    map[string]any
	}
	w.check(json.Unmarshal([]byte(text), &all))
	if len(all.Local)+len(all.Databases)+len(all.Caches) > 0 {
		w.t.Errorf("kept is %s", text)
	}
	workers := 0
	w.check(p.Eval(`navigator.serviceWorker.getRegistrations().then((all) => all.length)`, &workers))
	if workers > 0 {
		w.t.Errorf("kept are %d workers", workers)
	}
	w.check(p.Close())
}
