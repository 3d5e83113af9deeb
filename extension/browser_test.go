package extension

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/keyshift-hq/keyshift/internal/browsertest"
	"github.com/keyshift-hq/keyshift/internal/native"
	"github.com/keyshift-hq/keyshift/internal/until"
)

// site is every page of the internet of these tests: a frame when asked for one, cookies of all kinds, all kinds of storage, a sign-out
// that takes the session away, and pages that are never loaded.
func site(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/robots.txt":
		return
	case r.Host == "x.com" && r.URL.Path == "/logout":
		w.Header().Add("Set-Cookie", "auth_token=; Path=/; Domain=x.com; Max-Age=0; Secure")
	case r.URL.Query().Has("cookies"):
		setCookies(w, r)
	case r.URL.Query().Has("becomes"): // somebody else, without any navigation
		w.Header().Add("Set-Cookie", "twid=u%3D"+r.URL.Query().Get("becomes")+"; Path=/; Domain="+r.Host+"; Secure")
	}
	w.Header().Set("Content-Type", "text/html")
	if r.URL.Query().Has("personal") {
		w.Header().Add("Set-Cookie", "twid=u%3D"+personalID+"; Path=/; Domain=x.com; Secure")
		fmt.Fprint(w, personalPage)
	}
	fmt.Fprint(w, "<!doctype html><title>Page</title><body><script>", pageScript, "</script>")
	if r.URL.Query().Has("late") { // the rest never comes
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}
}

// setCookies sets one of each kind that is easily missed: for the domain and HttpOnly, for the host, for a deep path, for a partition.
func setCookies(w http.ResponseWriter, r *http.Request) {
	domain := strings.TrimPrefix(r.Host, "www.")
	for _, c := range []string{
		"auth_token=secret; Path=/; HttpOnly; Domain=" + domain,
		"host_only=secret; Path=/",
		"deep=secret; Path=/a/deep/path",
		"parted=secret; Path=/; SameSite=None; Partitioned",
	} {
		w.Header().Add("Set-Cookie", c+"; Secure")
	}
}

// pageScript lets a test send messages through the content script of tests, and fill the storage.
const pageScript = `
const src = new URLSearchParams(location.search).get("frame");
if (src) document.body.append(Object.assign(document.createElement("iframe"), { src }));
let last = 0;
window.ask = (message) => new Promise((resolve) => {
  const id = ++last;
  document.addEventListener("answer", (e) => { const got = JSON.parse(e.detail); if (got.id === id) resolve(got); });
  document.dispatchEvent(new CustomEvent("ask", { detail: JSON.stringify({ id, message }) }));
});
window.store = async () => {
  localStorage.setItem("kept", "secret");
  await new Promise((done) => { const r = indexedDB.open("kept", 1); r.onsuccess = () => { r.result.close(); done(); }; });
  await caches.open("kept").then((c) => c.put("/kept", new Response("secret")));
  return true;
};
window.stored = async () => [localStorage.length, (await indexedDB.databases()).length, (await caches.keys()).length];
if (window !== top && location.search === "?asks") onload = () => ask({ type: "fill.value", field: "password" }).then((got) => parent.postMessage(got.answer, "*"));
if (window !== top && location.search === "?counts") onload = () => {
  document.addEventListener("counted", (e) => parent.postMessage(JSON.parse(e.detail), "*"));
  document.dispatchEvent(new CustomEvent("count"));
};
onmessage = (e) => { window.fromFrame = e.data; };
document.addEventListener("sign-out", () => fetch("/logout"));
`

// front brings the tab at an address to the front, as seen from a page of the extension.
func (w *world) front(popup browsertest.Page, address string) {
	w.Helper()
	w.wait(popup, fmt.Sprintf(`chrome.tabs.query({}).then((all) => chrome.tabs.update(all.find((t) => t.url === %q).id, {active: true})).then((t) => t.active)`, address))
}

// picture keeps a screenshot where the environment says, to be looked at.
func (w *world) picture(p browsertest.Page, name string) {
	w.Helper()
	dir := os.Getenv("KEYSHIFT_PICTURES")
	if dir == "" {
		return
	}
	png, err := p.Screenshot()
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, string(w.kind)+"-"+name+".png"), png, 0o600)
	}
	w.check(err)
}

// world is a browser with the extension, an agent, and an internet.
type world struct {
	*testing.T
	kind     browsertest.Kind
	agent    *agent
	browser  browsertest.Browser
	dir      string
	options  browsertest.Options
	internet *browsertest.Fixture
	slow     *slowSite
	personal []string // cookies of another network
}

func eachKind(t *testing.T, test func(t *testing.T, k browsertest.Kind)) {
	for _, k := range browsertest.Kinds {
		t.Run(string(k), func(t *testing.T) { test(t, k) })
	}
}

// start starts a browser; prepare may change the agent before.
func start(t *testing.T, k browsertest.Kind, mode native.ProfileMode, o Options, prepare ...func(*agent)) *world {
	t.Helper()
	w := arrange(t, k, mode, o, prepare...)
	w.launch()
	return w
}

// arrange is start without the start.
func arrange(t *testing.T, k browsertest.Kind, mode native.ProfileMode, o Options, prepare ...func(*agent)) *world {
	t.Helper()
	slow := newSlowSite()
	internet, err := browsertest.NewFixture(slow)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { internet.Close() })
	o.Version = "v1.2.3"
	if o.instead == nil {
		o.instead = map[string]string{"content": "testdata/content.ts", "second": "testdata/nothing.ts"}
	}
	w := &world{T: t, kind: k, agent: newAgent(t, mode), dir: filepath.Join(built(t, o), string(k)), internet: internet, slow: slow}
	for _, p := range prepare {
		p(w.agent)
	}
	w.options = browsertest.Options{Kind: k, Internet: internet, Extension: w.dir, Profile: scratch(t), Home: scratch(t)}
	if k == browsertest.Firefox {
		w.options.Args = []string{"--remote-allow-system-access"} // or it opens no page of an extension
	}
	w.agent.installHost(w.options.Profile, w.options.Home)
	return w
}

// scratch is a folder that goes when the browser's last helper stopped writing into it.
func scratch(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "keyshift-extension-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = until.True("the folder is removed", browsertest.Patience, func() bool { return os.RemoveAll(dir) == nil })
	})
	return dir
}

func (w *world) launch() {
	w.Helper()
	b, err := browsertest.Start(w.options)
	if err != nil {
		w.Fatal(err)
	}
	w.browser = b
	w.Cleanup(func() { _ = b.Kill() })
}

func (w *world) check(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) open(address string) browsertest.Page {
	w.Helper()
	p, err := w.browser.Open(address)
	if err != nil {
		w.Fatal(err)
	}
	return p
}

func (w *world) extensionPage(name string) browsertest.Page {
	w.Helper()
	address, err := browsertest.ExtensionPage(w.kind, w.dir, name)
	if err != nil {
		w.Fatal(err)
	}
	return w.open(address)
}

func (w *world) popup() browsertest.Page { return w.extensionPage("popup.html") }

func (w *world) wait(p browsertest.Page, expression string) {
	w.Helper()
	if err := p.Wait(expression); err != nil {
		var page string
		_ = p.Eval("document.body.innerText", &page)
		w.Fatalf("%s: %v; the page says:\n%s", expression, err, page)
	}
}

// waitText waits until a page says something.
func (w *world) waitText(p browsertest.Page, text string) {
	w.Helper()
	w.wait(p, fmt.Sprintf("document.body.innerText.includes(%q)", text))
}

// waitCard waits for the card of a lease.
func (w *world) waitCard(popup browsertest.Page, held native.Lease) {
	w.Helper()
	w.wait(popup, fmt.Sprintf(`document.querySelector('[data-key="%s.renew"]') !== null`, held.ID))
}

// press clicks the button with this label.
func (w *world) press(p browsertest.Page, label string) {
	w.Helper()
	w.wait(p, fmt.Sprintf(`(() => { const b = [...document.querySelectorAll("button")].find((b) => b.textContent === %q); b?.click(); return !!b; })()`, label))
}

// ask sends a message from the content script of a page, and gives the answer.
func ask[T any](w *world, p browsertest.Page, message string) T {
	w.Helper()
	var got struct {
		Answer T
		Broken string
	}
	if err := p.Eval("ask("+message+")", &got); err != nil {
		w.Fatalf("ask %s: %v", message, err)
	}
	if got.Broken != "" {
		w.Fatalf("ask %s: %s", message, got.Broken)
	}
	return got.Answer
}

func decode[T any](t *testing.T, body json.RawMessage) T {
	t.Helper()
	var v T
	if err := native.Decode(body, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// cookies are the names of the cookies of a domain and below, sorted.
func (w *world) cookies(domain string) (names []string) {
	w.Helper()
	for _, c := range w.jar(domain) {
		name, _, _ := strings.Cut(c, "=")
		names = append(names, name)
	}
	return names
}

// jar are the cookies of a domain and below, with their values, domains and paths, sorted.
func (w *world) jar(domain string) []string {
	w.Helper()
	all, err := w.browser.Cookies()
	if err != nil {
		w.Fatal(err)
	}
	var names []string
	for _, c := range all {
		if d := strings.TrimPrefix(c.Domain, "."); d == domain || strings.HasSuffix(d, "."+domain) {
			names = append(names, fmt.Sprintf("%s=%s; %s%s; %v %v", c.Name, c.Value, c.Domain, c.Path, c.Secure, c.HTTPOnly))
		}
	}
	slices.Sort(names)
	return names
}
