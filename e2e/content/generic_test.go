package content

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	bt "github.com/keyshift-hq/keyshift/internal/browsertest"
	"github.com/keyshift-hq/keyshift/internal/network/pack"
)

// logins are pages of sites of which nothing but the host is known, and what is found there.
var logins = map[string]struct {
	html string
	want []string
}{
	"both on one page": {`<form><input id=u name=user><input id=p type=password></form>`, []string{"username:u", "password:p"}},
	"named by a label": {`<form><label>E-Mail <input id=u></label><input id=p type=password></form>`, []string{"username:u", "password:p"}},
	"without any name": {`<form><input id=a><input id=u><input id=p type=password></form>`, []string{"username:u", "password:p"}},
	"the name first":   {`<form action=/signin><input id=u autocomplete=username></form>`, []string{"username:u"}},
	"the password then": {`<form><input type=hidden value=acme><input id=p type=password autocomplete=current-password></form>`,
		[]string{"password:p"}},
	"a code":          {`<form><input id=c autocomplete=one-time-code></form>`, []string{"code:c"}},
	"a code by name":  {`<form><input id=c name=totp inputmode=numeric maxlength=6></form>`, []string{"code:c"}},
	"a code in boxes": {`<form>` + strings.Repeat(`<input id=b maxlength=1 inputmode=numeric>`, 6) + `</form>`, []string{"code:b+b+b+b+b+b"}},
	"a search":        {`<form role=search><input id=q name=login></form>`, []string{}},
	"a newsletter":    {`<form class=newsletter><input id=e type=email name=email></form>`, []string{}},
	"a contact form":  {`<form action=/contact><input id=e type=email name=email><textarea></textarea></form>`, []string{}},
	"a sign-up":       {`<form action=/register><input id=u name=user><input id=p type=password></form>`, []string{}},
	"a new password":  {`<form><input id=p type=password autocomplete=new-password></form>`, []string{}},
	"a change":        {`<form><input id=o type=password name=old><input id=n type=password name=new></form>`, []string{}},
	"a payment":       {`<form><input id=n autocomplete=cc-number inputmode=numeric maxlength=6 name=securitycode></form>`, []string{}},
	"a hidden trap":   {`<form><input id=t name=user style="opacity:0"><input id=u name=email><input id=p type=password></form>`, []string{"username:u", "password:p"}},
	"a date":          {`<form><input id=d inputmode=numeric maxlength=6 name=birthday></form>`, []string{}},
	"nothing":         {`<p>Welcome</p>`, []string{}},
}

func TestLogInsOfSitesThatAnAdminAdded(t *testing.T) {
	inBoth(t, func(t *testing.T, k bt.Kind) {
		p := show(t, k, "https://desk.acme.example/start", "")
		for name, tt := range logins {
			p.draw(tt.html)
			var got []string
			if p.ask("guess", &got); !cmp.Equal(got, tt.want) {
				t.Errorf("%s: %q, want %q", name, got, tt.want)
			}
		}
	})
}

// A site that an admin added is filled on its exact host only.
func TestASiteIsFilledOnItsHost(t *testing.T) {
	site := pack.Site("desk.acme.example", "Desk", "https://desk.acme.example/login")
	encoded, err := site.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]string{"https://desk.acme.example/login": "", "https://www.desk.acme.example/login": "look_alike", "https://acme.example/login": "look_alike", "https://news.example/login": "other_site"} {
		p := show(t, bt.Chromium, address, `<form><input id=u name=user><input id=p type=password></form>`)
		p.lease("x", map[string]any{"network": site.Network, "pack": json.RawMessage(encoded)})
		if got := p.fill(); got != want {
			t.Errorf("%s: %q, want %q", address, got, want)
		}
		if want == "" {
			p.wantReport("password", "filled")
			p.wantValue("#p", "correct horse")
		}
	}
}

// A code that the lease does not have is asked from a custodian once, and typed when the background has it.
func TestACodeFromACustodian(t *testing.T) {
	p := show(t, bt.Chromium, "https://www.instagram.com/accounts/login/two_factor", `<form><input id=c name=verificationCode></form>`)
	p.lease("instagram", map[string]any{"fields": []string{"username", "password"}, "has_code": false})
	p.fill()
	waitAsk(p, "calls", func(c []call) bool { return len(c) == 1 }, "relay.ask")
	p.eval("new Promise(done => setTimeout(done, 600))", nil)
	if got := len(p.calls("relay.ask")) + len(p.calls("fill.value")); got != 1 {
		t.Errorf("%d questions while the custodian types, want the first only", got)
	}
	p.ask("send", nil, "fill.start", map[string]any{"only": "code"})
	p.wantReport("code", "filled")
	p.wantValue("#c", "492817")
}

// Signing out presses what the site pack says, as it appears.
func TestSigningOut(t *testing.T) {
	inBoth(t, func(t *testing.T, k bt.Kind) {
		p := show(t, k, "https://x.com/logout", `<button data-testid=other>No</button><script>setTimeout(() => {
			document.body.insertAdjacentHTML("beforeend", "<button data-testid=confirmationSheetConfirm onclick='document.title = this.textContent'>Log out</button>") }, 300)</script>`)
		p.lease("x", nil)
		var got struct {
			SignOut string `json:"sign_out"`
		}
		p.ask("send", &got, "sign_out", map[string]any{"pack": packOf(t, "x")})
		if title := p.text("document.title"); got.SignOut != "done" || title != "Log out" {
			t.Errorf("%s, the page says %q", got.SignOut, title)
		}
		p.ask("send", &got, "sign_out", map[string]any{"pack": packOf(t, "pinterest")})
		if got.SignOut != "not_possible" {
			t.Errorf("with nothing to press: %s", got.SignOut)
		}
	})
}

// What is asked for ends with the lease: a value that is on its way is forgotten.
func TestAFillEndsWithTheLease(t *testing.T) {
	inBoth(t, func(t *testing.T, k bt.Kind) {
		p := show(t, k, "https://www.facebook.com/login", loginForm)
		p.lease("facebook", nil)
		p.ask("set", nil, map[string]any{"delay": 300})
		p.fill()
		waitAsk(p, "calls", func(c []call) bool { return len(c) == 1 }, "fill.value")
		over := stateOf(t, "facebook", nil)
		over["lease"], over["pack"] = nil, nil
		p.ask("send", nil, "page.state", map[string]any{"state": over})
		p.eval("new Promise(done => setTimeout(done, 600))", nil)
		p.wantValue("#u", "")
		waitAsk(p, "ours", func(all []drawn) bool { return len(all) == 0 })
		if why := p.fill(); why != "no_lease" {
			t.Errorf("a fill begins after the end: %q", why)
		}
	})
}
