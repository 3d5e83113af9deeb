package browsertest

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// site answers every host with what it was asked for, a field, and a cookie.
func site(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html")
	http.SetCookie(w, &http.Cookie{Name: "seen", Value: "yes", Path: "/", HttpOnly: true, Secure: r.TLS != nil})
	fmt.Fprintf(w, `<!doctype html><title>%s</title><style>body{margin:200vh 0}</style><input id=name><button id=go>Go</button>
<script>window.log=[];addEventListener("keydown",e=>log.push([e.key,e.isTrusted]),true);
document.getElementById("go").addEventListener("click",e=>{document.title=e.isTrusted+":"+document.getElementById("name").value});</script>`, r.Host)
}

func start(t *testing.T, o Options) Browser {
	t.Helper()
	internet, err := NewFixture(http.HandlerFunc(site))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { internet.Close() })
	o.Internet = internet
	b, err := Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Kill() })
	return b
}

func eachKind(t *testing.T, test func(*testing.T, Kind)) {
	for _, k := range Kinds {
		t.Run(string(k), func(t *testing.T) { test(t, k) })
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestBrowserIsDriven goes once through everything that stories use.
func TestBrowserIsDriven(t *testing.T) {
	eachKind(t, func(t *testing.T, k Kind) {
		b := start(t, Options{Kind: k})
		p, err := b.Open("https://x.com/login")
		must(t, err)
		var title string
		must(t, p.Eval("document.title", &title))
		if title != "x.com" {
			t.Errorf("x.com is %q, want the fixture", title)
		}
		must(t, p.Type("#name", "dana"))
		must(t, p.Click("#go"))
		must(t, p.Wait(`document.title === "true:dana"`))
		must(t, p.Press("Enter"))
		must(t, p.Wait(`log.some(([key, trusted]) => key === "Enter" && trusted)`))
		wantAbove(t, p)
		wantCookie(t, b, "x.com")
		wantPicture(t, p)
		wantPlain(t, p)
		wantTabs(t, b, p)
		must(t, b.Close())
		if _, err := os.Stat(b.Profile()); !os.IsNotExist(err) {
			t.Errorf("the scratch profile is left: %v", err)
		}
	})
}

func wantCookie(t *testing.T, b Browser, domain string) {
	t.Helper()
	all, err := b.Cookies()
	must(t, err)
	for _, c := range all {
		if c.Name == "seen" && c.Value == "yes" && c.Domain == domain && c.HTTPOnly {
			return
		}
	}
	t.Errorf("no cookie of %s among %v", domain, all)
}

// wantAbove puts text into open and closed shadow roots: only what is in closed ones is above the page.
func wantAbove(t *testing.T, p Page) {
	t.Helper()
	must(t, p.Eval(`["open", "closed"].map((mode) => {
		const host = document.body.appendChild(document.createElement("div"));
		host.append("in the page");
		const root = host.attachShadow({mode});
		root.append(Object.assign(document.createElement("style"), {textContent: "p { color: green }"}));
		const inner = root.appendChild(document.createElement("p"));
		inner.append("You are ", Object.assign(document.createElement("b"), {textContent: mode}));
	}).length`, nil))
	if got, err := p.Above(); err != nil || got != "You are\nclosed" {
		t.Errorf("above the page is %q, %v", got, err)
	}
}

func wantPicture(t *testing.T, p Page) {
	t.Helper()
	png, err := p.Screenshot()
	must(t, err)
	if !bytes.HasPrefix(png, []byte("\x89PNG")) {
		t.Errorf("the screenshot is no PNG: %.16q", png)
	}
}

// wantPlain opens a site without TLS: it has to arrive as such.
func wantPlain(t *testing.T, p Page) {
	t.Helper()
	must(t, p.Go("http://plain.example/"))
	if at, err := p.URL(); err != nil || at != "http://plain.example/" {
		t.Errorf("at %q, %v", at, err)
	}
	must(t, p.Wait(`document.title === "plain.example" && location.protocol === "http:"`))
}

func wantTabs(t *testing.T, b Browser, p Page) {
	t.Helper()
	before, err := b.Pages()
	must(t, err)
	must(t, p.Close())
	after, err := b.Pages()
	must(t, err)
	if len(after) != len(before)-1 {
		t.Errorf("%d tabs after one of %d was closed", len(after), len(before))
	}
}

// TestAttach drives a browser that another program started through a launcher, and kills it.
func TestAttach(t *testing.T) {
	eachKind(t, func(t *testing.T, k Kind) {
		dir := t.TempDir()
		launcher := filepath.Join(dir, "launcher of "+string(k))
		must(t, Launcher(launcher, Options{Kind: k, Env: []string{"HOME=" + dir}}))
		profile := filepath.Join(dir, "profile")
		args := []string{"--user-data-dir=" + profile, "about:blank"}
		if k == Firefox {
			args = []string{"-no-remote", "--profile", profile, "about:blank"}
		}
		cmd := exec.Command(launcher, args...)
		must(t, cmd.Start())
		b, err := Attach(k, profile)
		must(t, err)
		if b.PID() != cmd.Process.Pid {
			t.Errorf("attached to process %d, started %d", b.PID(), cmd.Process.Pid)
		}
		must(t, b.Kill())
		if err := cmd.Wait(); !strings.Contains(fmt.Sprint(err), "killed") {
			t.Errorf("it ended by itself: %v", err)
		}
	})
}
