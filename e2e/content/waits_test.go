package content

import (
	"strings"
	"testing"

	bt "github.com/keyshift-hq/keyshift/internal/browsertest"
)

// asked is what the background heard of a page that waits.
type asked []struct{ What string }

func (a asked) ends(what string) bool { return len(a) > 0 && a[len(a)-1].What == what }

// What only the user can do is said above the page and to the background, and the fill goes on afterwards.
func TestAPageWaitsForTheUser(t *testing.T) {
	inBoth(t, func(t *testing.T, k bt.Kind) {
		for path, tt := range map[string]struct{ what, says string }{
			"/two_step_verification/authentication/": {"human", "you are a person"},
			"/auth_platform/afad/":                   {"approve", "another device"},
			"/two_factor/remember_browser/":          {"choose", "press something first"},
		} {
			p := show(t, k, "https://www.facebook.com"+path, `<p>Not yet.</p>`)
			p.lease("facebook", nil)
			if why := p.fill(); why != "" {
				t.Fatalf("%s: refused: %s", path, why)
			}
			waitAsk(p, "calls", func(all asked) bool { return all.ends(tt.what) }, "fill.waits")
			waitAsk(p, "ours", func(all []drawn) bool {
				return len(all) == 1 && strings.Contains(strings.Join(all[0].Text, " "), tt.says)
			})
			p.eval(`(() => { history.pushState({}, "", "/two_step_verification/two_factor/"); document.body.innerHTML = "<form><input id=c type=text></form>"; })()`, nil)
			p.wantReport("code", "filled")
			waitAsk(p, "calls", func(all asked) bool { return all.ends("") }, "fill.waits")
			waitAsk(p, "ours", func(all []drawn) bool {
				return len(all) == 1 && !strings.Contains(strings.Join(all[0].Text, " "), tt.says)
			})
		}
	})
}

// For a delegated account the user signs in with an own login: nothing is filled in, and no colleague is asked for a code.
func TestNothingIsFilledForADelegatedAccount(t *testing.T) {
	inBoth(t, func(t *testing.T, k bt.Kind) {
		for path, html := range map[string]string{"/login": loginForm, "/two_step_verification/two_factor/": `<form><input id=u type=text></form>`} {
			p := show(t, k, "https://www.facebook.com"+path, html)
			state := stateOf(t, "facebook", map[string]any{"fields": []string{}, "fill": true})
			state["lease"].(map[string]any)["mode"] = "delegated"
			p.ask("set", nil, map[string]any{"state": state, "values": secrets})
			p.ask("begin", nil)
			if why := p.fill(); why != "field_refused" {
				t.Errorf("%s: %q, want field_refused", path, why)
			}
			p.eval("new Promise(done => setTimeout(done, 600))", nil)
			if n := len(p.calls("fill.value")) + len(p.calls("relay.ask")); n != 0 {
				t.Errorf("%s: %d questions", path, n)
			}
			p.wantValue("#u", "")
		}
	})
}

// Facebook's menu hangs on a picture, and its entry is a surrounding of what listens.
func TestSigningOutByAMenu(t *testing.T) {
	inBoth(t, func(t *testing.T, k bt.Kind) {
		p := show(t, k, "https://www.facebook.com/", `<div role=navigation><div role=button id=account><svg aria-label="Your profile" width=40 height=40><circle r=9 cx=20 cy=20 /></svg></div></div><div id=menu></div><script>
			account.onclick = () => setTimeout(() => { menu.innerHTML = "<div data-visualcompletion=ignore-dynamic data-nocookies=true><div role=button>Log out</div></div>";
				menu.querySelector("[role=button]").onclick = () => { document.title = "left"; }; }, 100);</script>`)
		p.lease("facebook", nil)
		var got struct {
			SignOut string `json:"sign_out"`
		}
		p.ask("send", &got, "sign_out", map[string]any{"pack": packOf(t, "facebook")})
		if title := p.text("document.title"); got.SignOut != "done" || title != "left" {
			t.Errorf("%s, the title is %q", got.SignOut, title)
		}
	})
}

// A page that draws its fields anew gets what was asked for already: a code works once, and nobody is asked twice.
func TestAFieldThatIsDrawnAnewNeedsNoOtherValue(t *testing.T) {
	inBoth(t, func(t *testing.T, k bt.Kind) {
		p := show(t, k, "https://www.instagram.com/accounts/login/two_factor", `<form><input id=c name=verificationCode></form>`)
		p.lease("instagram", nil)
		p.fill()
		p.wait(`c.value !== ""`)
		p.eval(`(() => { const next = c.cloneNode(); next.value = ""; c.replaceWith(next); })()`, nil)
		p.wantReport("code", "filled")
		p.wantValue("#c", "492817")
		if n := len(p.calls("fill.value")); n != 1 {
			t.Errorf("%d questions", n)
		}
	})
}

// The same field at another address, as of a second screen: it is asked for, and not typed before.
func TestTheSameFieldAtAnotherAddressIsAskedFor(t *testing.T) {
	inBoth(t, func(t *testing.T, k bt.Kind) {
		p := show(t, k, "https://www.instagram.com/accounts/login/two_factor", `<form><input id=c name=verificationCode></form>`)
		p.lease("instagram", nil)
		p.fill()
		p.wait(`c.value !== ""`)
		p.ask("set", nil, map[string]any{"values": map[string]any{"code": map[string]any{"refused": "rate_limited"}}})
		p.eval(`(() => { history.pushState({}, "", "/accounts/login/two_factor?again"); const next = c.cloneNode(); next.value = ""; c.replaceWith(next); })()`, nil)
		waitAsk(p, "calls", func(c []call) bool { return len(c) == 2 }, "fill.value")
		p.wantValue("#c", "")
	})
}

// A page whose first question nobody heard asks again when a fill is begun, and fills.
func TestAPageThatLostTrackAsksAgain(t *testing.T) {
	inBoth(t, func(t *testing.T, k bt.Kind) {
		p := show(t, k, "https://www.facebook.com/login", loginForm)
		p.ask("begin", nil) // there is no state yet
		p.ask("set", nil, map[string]any{"state": stateOf(t, "facebook", map[string]any{"fill": true}), "values": secrets})
		if why := p.fill(); why != "" {
			t.Errorf("refused: %s", why)
		}
		p.wantReport("password", "filled")
	})
}
