package replica

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/keyshift-hq/keyshift/internal/browsertest"
)

const code = "424242"

func accounts() []Account {
	var all []Account
	for i, network := range []string{"x", "facebook", "instagram", "pinterest", "desk"} {
		all = append(all, Account{
			Network: network, ID: fmt.Sprint(1001 + i), Handle: "acme", Username: "acme@example.com", Password: "open sesame",
			Code: func(typed string) bool { return typed == code },
		})
	}
	return all
}

// start serves a world to a Chromium.
func start(t *testing.T) (*World, browsertest.Page) {
	t.Helper()
	w := New(accounts()...)
	internet, err := browsertest.NewFixture(w)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = internet.Close() })
	b, err := browsertest.Start(browsertest.Options{Kind: browsertest.Chromium, Internet: internet})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Kill() })
	p, err := b.Open("about:blank")
	must(t, err)
	return w, p
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestEveryVariantSignsIn goes through every log-in by hand: a replica that nobody can sign in to proves nothing.
func TestEveryVariantSignsIn(t *testing.T) {
	w, p := start(t)
	for _, v := range Variants() {
		t.Run(v.ID, func(t *testing.T) {
			w.Show(v)
			w.Forget()
			w.EndSessions(v.Network)
			must(t, p.Go(v.LoginURL()))
			for i := range v.Screens {
				byHand(t, w, p, v, i)
			}
			must(t, p.Wait(`document.documentElement.dataset.page.endsWith("-home")`))
			if s := w.Sessions(v.Network); len(s) != 1 || s[0].Handle != "acme" || s[0].Code != v.NeedsCode() {
				t.Errorf("sessions %v", s)
			}
			wantTyped(t, w, v)
		})
	}
}

// byHand does what a person does at one screen.
func byHand(t *testing.T, w *World, p browsertest.Page, v Variant, i int) {
	t.Helper()
	s := v.Screens[i]
	must(t, p.Wait(fmt.Sprintf(`document.documentElement.dataset.screen === "%d" && location.href.includes(%q)`, i, strings.TrimSuffix(s.Path, "/"))))
	if strings.Contains(s.Script, "hydrate") {
		must(t, p.Wait(`document.documentElement.dataset.hydrated === "yes"`))
	}
	for _, what := range []Kind{Username, Password, Code} {
		selector, ok := s.Take[what]
		if !ok {
			continue
		}
		if selector == "boxes" {
			selector = "#boxes input"
		}
		must(t, p.Type(selector, map[Kind]string{Username: "acme@example.com", Password: "open sesame", Code: code}[what]))
	}
	switch {
	case s.Kind == Approve:
		w.Approve(v.Network)
	case s.Take[Code] == "boxes": // they send themselves
	default:
		must(t, p.Click(`#main [type=submit]:not([hidden]), #main [data-submit]`))
	}
}

// wantTyped: the world knows what stood in the fields.
func wantTyped(t *testing.T, w *World, v Variant) {
	t.Helper()
	for _, value := range []string{"acme@example.com", "open sesame"} {
		if !slices.ContainsFunc(w.Typed(), func(t Typed) bool { return t.Value == value && t.Page == v.ID && t.Host == v.Host }) {
			t.Errorf("nobody noticed that %q was typed: %v", value, w.Typed())
		}
	}
}

func TestThereAreEnoughVariants(t *testing.T) {
	count, ids := map[string]int{}, map[string]bool{}
	for _, v := range Variants() {
		count[v.Network]++
		if ids[v.ID] || v.About == "" || networkOf(v.Host) == "" {
			t.Errorf("variant %+v", v)
		}
		ids[v.ID] = true
	}
	for _, network := range []string{"x", "facebook", "instagram", "pinterest"} {
		if count[network] < 6 {
			t.Errorf("%s has %d variants", network, count[network])
		}
	}
	if len(ids) < 39 {
		t.Errorf("%d variants", len(ids))
	}
}

// TestWrongValuesDoNotSignIn asks the server directly.
func TestWrongValuesDoNotSignIn(t *testing.T) {
	w := New(accounts()...)
	w.Show(Find("instagram-two-factor"))
	internet, err := browsertest.NewFixture(w)
	must(t, err)
	defer internet.Close()
	for _, body := range []string{
		`{"Screen":0,"Values":{"username":"acme","password":"wrong"}}`,
		`{"Screen":0,"Values":{"username":"nobody","password":"open sesame"}}`,
		`{"Screen":1,"Values":{"code":"424242"}}`,
		`{"Screen":1,"Values":{}}`,
		`{"Screen":7,"Values":{}}`,
	} {
		r, err := http.NewRequest(http.MethodPost, "http://"+internet.Addr()+"/replica/submit", strings.NewReader(body))
		must(t, err)
		r.Host = "www.instagram.com"
		resp, err := http.DefaultClient.Do(r)
		must(t, err)
		_ = resp.Body.Close()
		if s := w.Sessions("instagram"); len(s) != 0 {
			t.Errorf("%s signed in: %v", body, s)
		}
	}
}

// waysOut are pressed one after the other.
var waysOut = map[string][]string{
	"x": {"#out", `[data-testid="confirmationSheetConfirm"]`}, "facebook": {"#account", "#menu:not([hidden]) #log-out"},
	"instagram": {"#out"}, "pinterest": {"#out"}, "desk": {"#out"},
}

// TestFacebookIsNotLeftByAnAddress: whoever could send somebody to it would sign them out.
func TestFacebookIsNotLeftByAnAddress(t *testing.T) {
	w, p := start(t)
	must(t, p.Go("https://www.facebook.com/replica/become?handle=acme"))
	must(t, p.Go("https://www.facebook.com/logout.php"))
	must(t, p.Wait(`document.documentElement.dataset.page === "facebook-home"`))
	if s := w.Sessions("facebook"); len(s) != 1 {
		t.Errorf("sessions %v", s)
	}
}

// TestActingAsAnotherAccount: who signed in stays the same, and pages say as whom that one acts.
func TestActingAsAnotherAccount(t *testing.T) {
	w, p := start(t)
	for network, shows := range map[string]string{
		"x":         `document.querySelector("[data-testid=SideNav_AccountSwitcher_Button]").textContent.includes("@acme_page") && document.cookie.includes("twid=u%3D2001")`,
		"facebook":  `document.cookie.includes("i_user=2001") && document.cookie.includes("c_user=9001")`,
		"pinterest": `document.querySelector("[data-test-id=header-profile] a").getAttribute("href") === "/acme_page/"`,
	} {
		w.accounts = append(w.accounts, Account{Network: network, ID: "2001", Handle: "acme_page"}, Account{Network: network, ID: "9001", Handle: "dana", Acts: "acme_page"})
		must(t, p.Go("https://"+w.shown[network].Host+"/replica/become?handle=dana"))
		must(t, p.Click("#act"))
		must(t, p.Wait(shows))
		if s := w.Sessions(network); len(s) != 1 || s[0].Handle != "dana" || s[0].As != "acme_page" {
			t.Errorf("%s: sessions %v", network, s)
		}
	}
}

func TestSigningInLeavesTracesAndSigningOutEndsTheSession(t *testing.T) {
	w, p := start(t)
	for _, a := range accounts() {
		v := w.shown[a.Network]
		must(t, p.Go("https://"+v.Host+"/replica/become?handle=acme"))
		must(t, p.Wait(`document.documentElement.dataset.traces === "left"`))
		for _, button := range waysOut[a.Network] {
			must(t, p.Click(button))
		}
		must(t, p.Wait(`document.documentElement.dataset.screen !== undefined`))
		if s := w.Sessions(a.Network); len(s) != 0 {
			t.Errorf("%s still has %v", a.Network, s)
		}
	}
}

func TestHostilePages(t *testing.T) {
	all := HostilePages()
	if len(all) != 200 {
		t.Errorf("%d pages, want 200", len(all))
	}
	seen := map[string]string{}
	for _, h := range all {
		key := h.URL + h.Change
		for at, body := range h.Pages {
			key += at + body
		}
		if len(h.Pages) == 1 && seen[key] != "" {
			t.Errorf("%s is the same as %s", h.ID, seen[key])
		}
		seen[key] = h.ID
		if h.Why == "" || len(h.Pages) == 0 || (h.Want == "") != h.Unasked {
			t.Errorf("%s says nothing", h.ID)
		}
	}
}

// TestHostilePageNoticesValues: a page that would not notice a value would be a test that cannot fail.
func TestHostilePageNoticesValues(t *testing.T) {
	w, p := start(t)
	noticed := map[string]bool{}
	for _, h := range HostilePages() {
		if noticed[h.Rule] {
			continue
		}
		w.Threaten(&h)
		must(t, p.Go(h.URL))
		must(t, p.Eval(`(() => { const fill = w => { for (const i of w.document.querySelectorAll("input")) i.value = "canary";
			for (let n = 0; n < w.length; n++) try { fill(w[n]); } catch {} }; fill(window); })()`, nil))
		if h.Rule == "frame" {
			continue // a stranger's frame cannot be reached from here
		}
		must(t, p.Wait(`told.size > 0 || document.querySelectorAll("input").length === 0`))
		noticed[h.Rule] = slices.ContainsFunc(w.Typed(), func(t Typed) bool { return t.Value == "canary" && t.Page == h.ID })
	}
	if len(noticed) < 7 {
		t.Errorf("noticed in %v", noticed)
	}
}
