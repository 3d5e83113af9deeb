package content

import (
	"fmt"
	"strings"
	"testing"

	bt "github.com/keyshift-hq/keyshift/internal/browsertest"
)

var addresses = []struct{ address, want string }{
	{"https://x.com/login", ""},
	{"https://x.com:443/login", ""},
	{"https://someone@x.com/", ""}, // the browser drops who is named before the host
	{"http://x.com/login", "http"},
	{"http://evil-x.com/", "http"},
	{"https://x.com:8443/login", "look_alike"},
	{"https://evil-x.com/", "look_alike"},
	{"https://x.com.login-portal.example/", "look_alike"},
	{"https://x.com./login", "look_alike"},
	{"https://login.x.com/", "look_alike"}, // not one of the exact hosts
	{"https://x.com@evil.example/", "other_site"},
	{"https://faceb00k.com/", "look_alike"},
	{"https://www.facebok.com/", "look_alike"},
	{"https://instagrarn.com/", "look_alike"},
	{"https://xn--fcebook-8va.com/", "idn"},
	{"https://fàcebook.com/", "idn"},
	{"https://news.example/", "other_site"},
	{"https://box.example/", "other_site"}, // an x alone is not in it
	{"data:text/html,x.com", "other_site"},
	{"about:blank", "other_site"},
	{"blob:https://x.com/1", "other_site"},
	{"", "other_site"},
}

// Rules 1 and 4: https, the usual port, and exactly a host of the site pack.
func TestRule01And04OnlyExactHosts(t *testing.T) {
	hosts := []string{"x.com", "www.facebook.com", "www.instagram.com"}
	p := show(t, bt.Chromium, "https://x.com/", "")
	for _, tt := range addresses {
		var got string
		if p.ask("refuseAddress", &got, tt.address, hosts); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.address, got, tt.want)
		}
	}
}

// Rules 1 and 4, on such pages: the script is asked to fill, as if the background had been deceived.
func TestRule04LookAlikesStayEmpty(t *testing.T) {
	inBoth(t, func(t *testing.T, k bt.Kind) {
		for address, want := range map[string]string{
			"http://facebook.example/login":                "http",
			"https://www.faceboook.com/login":              "look_alike",
			"https://www.facebook.com.login.example/login": "look_alike",
			"https://xn--fcebook-8va.com/login":            "idn",
			"https://accountscenter.facebook.com/login":    "look_alike", // a host of the pack, but not one to fill
			"https://evil.example/login":                   "other_site",
		} {
			if k == bt.Firefox && want == "look_alike" && address != "https://www.faceboook.com/login" {
				continue
			}
			p := show(t, k, address, loginForm)
			p.lease("facebook", nil)
			if got := p.fill(); got != want {
				t.Errorf("%s: %q, want %q", address, got, want)
			}
			p.wantNothing(address)
			_ = p.Close()
		}
	})
}

// wantNothing says that no value was asked for and nothing typed.
func (p *tab) wantNothing(where string) {
	p.t.Helper()
	p.eval("new Promise(done => setTimeout(done, 300))", nil)
	if asked := p.calls("fill.value"); len(asked) > 0 {
		p.t.Errorf("%s: %d values were asked for", where, len(asked))
	}
	if got := p.text(`[...document.querySelectorAll("input:not([type=submit])")].map(i => i.value).join("")`); got != "" {
		p.t.Errorf("%s: %q was typed", where, got)
	}
}

// Rule 3: a network's page in a frame of somebody else is not filled; in a frame of its own it is.
func TestRule03FramesOfStrangers(t *testing.T) {
	inside := `<script>addEventListener("load", async () => {
		const ask = (op, args) => new Function("op", "args", "return " + ` + "`" + `ASK` + "`" + `)(op, args);
		parent.postMessage({framed: await ask("isOwnFrame", []), origin: self.origin}, "*");
	})</script>`
	inside = strings.Replace(inside, "ASK", strings.NewReplacer("%s, args: %s", "op, args").Replace(askHarness), 1)
	shared.put("https://x.com/inner", inside)
	shared.put("https://x.com/between", `<iframe src="https://x.com/inner"></iframe><script>addEventListener("message", e => e.data.framed !== undefined && parent.postMessage(e.data, "*"))</script>`)
	outer := `<iframe %s src="%s"></iframe><script>addEventListener("message", e => { if (e.data.framed !== undefined) document.title = e.data.framed + " " + e.data.origin })</script>`
	inBoth(t, func(t *testing.T, k bt.Kind) {
		for _, tt := range []struct{ address, frame, attributes, want string }{
			{"https://evil.example/", "https://x.com/inner", "", "false https://x.com"},
			{"https://evil.example/", "https://x.com/between", "", "false https://x.com"},
			{"https://x.com/outer", "https://x.com/inner", "", "true https://x.com"},
			{"https://x.com/outer", "https://x.com/inner", `sandbox="allow-scripts"`, "false null"},
			{"https://pro.x.com/", "https://x.com/inner", "", "false https://x.com"},
		} {
			p := show(t, k, tt.address, fmt.Sprintf(outer, tt.attributes, tt.frame))
			p.wait(`document.title !== ""`)
			if got := p.text("document.title"); got != tt.want {
				t.Errorf("%s in %s %s: %q, want %q", tt.frame, tt.address, tt.attributes, got, tt.want)
			}
			_ = p.Close()
		}
	})
}

// strange are forms with a field #f that looks like one of a log-in.
var strange = map[string]struct{ html, field, want string }{
	"a log-in":                        {`<form action=/login><input id=u><input id=f type=password><button>Log in</button></form>`, "password", ""},
	"a log-in with a way to sign up":  {`<form id=login><input id=f type=password><button>Log in</button><button type=button>Create new account</button></form>`, "password", ""},
	"a new password":                  {`<form><input id=f type=password autocomplete=new-password></form>`, "password", "new_password"},
	"one beside a new password":       {`<form><input id=f><input type=text autocomplete=new-password></form>`, "username", "new_password"},
	"two passwords":                   {`<form><input id=f type=password name=a><input type=password name=b></form>`, "password", "two_passwords"},
	"two by the same name":            {`<form><input id=f type=password name=p[]><input type=password name=p[]></form>`, "password", "two_passwords"},
	"two without a form":              {`<div><input id=f type=password><input type=password></div>`, "password", "two_passwords"},
	"a copy that nobody can use":      {`<form><input id=f type=password name=p><input type=password name=p style="opacity:0;pointer-events:none"></form>`, "password", ""},
	"a second one elsewhere":          {`<form id=form><input id=f type=password name=p></form><input type=password name=q form=form>`, "password", "two_passwords"},
	"a button elsewhere":              {`<form id=form><input id=f type=password></form><button form=form>Change password</button>`, "password", "change_password"},
	"one that is sent elsewhere":      {`<form action=https://evil.example/><input id=f type=password></form>`, "password", "sends_elsewhere"},
	"one that is sent in the clear":   {`<form action=http://forms.example/><input id=f type=password></form>`, "password", "sends_elsewhere"},
	"a button that sends elsewhere":   {`<form><input id=f type=password><button formaction=//evil.example>Log in</button></form>`, "password", "sends_elsewhere"},
	"an action hidden by a field":     {`<form action=https://evil.example/><input id=f type=password><input type=hidden name=action><input type=hidden name=getAttribute></form>`, "password", "sends_elsewhere"},
	"one that is sent to its site":    {`<form action=https://id.forms.example/sessions><input id=f type=password></form>`, "password", ""},
	"one that a script sends":         {`<form action="javascript:void(0)"><input id=f type=password></form>`, "password", ""},
	"a field called querySelectorAll": {`<form><input id=f type=password name=p><input type=password name=q><input type=hidden name=querySelectorAll></form>`, "password", "two_passwords"},
	"a hidden second one":             {`<form><input id=f type=password name=p><input type=password name=q style="opacity:0"></form>`, "password", "two_passwords"},
	"a sign-up by its form":           {`<form action=/account/register><input id=f type=password></form>`, "password", "sign_up"},
	"a sign-up by its button":         {`<form><input id=f type=password><button>Konto erstellen</button></form>`, "password", "sign_up"},
	"a change by its button":          {`<form><input id=f type=password><input type=submit value="Change password"></form>`, "password", "change_password"},
	"an e-mail change":                {`<form id=change-email><input id=f type=email></form>`, "username", "change_email"},
	"a newsletter":                    {`<form class=newsletter><input id=f type=email></form>`, "username", "newsletter"},
	"a newsletter by its button":      {`<form><input id=f type=email><button>Subscribe</button></form>`, "username", "newsletter"},
	"a search":                        {`<input id=f type=search>`, "username", "search"},
	"a search by its name":            {`<form><input id=f name=q></form>`, "username", "search"},
	"a search by its role":            {`<form role=search><input id=f></form>`, "username", "search"},
	"a payment":                       {`<form><input id=f autocomplete=username><input autocomplete="billing cc-number"></form>`, "username", "payment"},
	"a card number":                   {`<input id=f autocomplete=cc-number>`, "code", "payment"},
	"a password shown as letters":     {`<form><input id=f type=text name=pass></form>`, "password", "wrong_kind"},
	"a name in a password's place":    {`<form><input id=f type=password></form>`, "username", "wrong_kind"},
	"a log-in that leads to settings": {`<form action="/login?next=/settings/password"><input id=f type=password></form>`, "password", ""},
}

// Rule 6: what is never filled.
func TestRule06FieldsThatAreNoLogIn(t *testing.T) {
	inBoth(t, func(t *testing.T, k bt.Kind) {
		p := show(t, k, "https://forms.example/", "")
		for name, tt := range strange {
			p.draw(tt.html)
			var got string
			if p.ask("refuseField", &got, "#f", tt.field, "https://forms.example/login"); got != tt.want {
				t.Errorf("%s: %q, want %q", name, got, tt.want)
			}
		}
		p.wantAddresses()
	})
}

func (p *tab) wantAddresses() {
	for address, want := range map[string]string{
		"/login": "", "/login/?next=https%3A%2F%2Fwww.facebook.com%2Fsettings%2Fpassword": "", "/i/jf/onboarding/web?mode=login": "",
		"/i/jf/onboarding/web?mode=signup": "sign_up", "/accounts/emailsignup/": "sign_up", "/r.php": "sign_up", "/register": "sign_up",
		"/settings/password": "change_password", "/accounts/password/reset/": "change_password", "/recover/initiate": "change_password",
		"/settings/email": "change_email", "/newsletter": "newsletter", "/checkout": "payment", "/research": "", "/registered-trademarks/login": "",
		"/two_factor/remember_browser": "", "/accounts/login/": "",
	} {
		var got string
		if p.ask("byAddress", &got, "https://forms.example"+address); got != want {
			p.t.Errorf("%s: %q, want %q", address, got, want)
		}
	}
}

// Rule 6 again, with the whole way from the popup's wish to the reason that it shows.
func TestRule06ThePopupHearsWhy(t *testing.T) {
	inBoth(t, func(t *testing.T, k bt.Kind) {
		p := show(t, k, "https://www.facebook.com/login", `<form><input name=email><input name=pass type=password><input type=password name=again></form>`)
		p.lease("facebook", nil)
		if got := p.fill(); got != "two_passwords" {
			t.Errorf("refused because of %q, want two_passwords", got)
		}
		p.wantNothing("two passwords")
	})
}

// Rule 9: nothing in a page begins a fill, and what a page covers is not filled.
func TestRule09ThePageCannotAskForAFill(t *testing.T) {
	inBoth(t, func(t *testing.T, k bt.Kind) {
		p := show(t, k, "https://www.facebook.com/login", loginForm)
		p.lease("facebook", nil)
		p.eval(`(() => {
			for (const type of ["click", "focus", "pointerdown", "keydown", "input", "submit", "message", "fill.start"]) {
				for (const on of [window, document, u, p]) on.dispatchEvent(new Event(type, {bubbles: true}));
			}
			u.focus(); u.click(); p.focus();
			postMessage({type: "fill.start"}, "*"); postMessage({type: "page.state", state: {fill: true}}, "*");
		})()`, nil)
		if err := p.Click("#p"); err != nil {
			t.Fatal(err)
		}
		p.wantNothing("unasked")
		p.eval(`(document.body.insertAdjacentHTML("beforeend", "<div id=o popover style='inset:0;width:100%;height:100%;opacity:.01'></div>"), o.showPopover())`, nil)
		if got := p.fill(); got != "covered" {
			t.Errorf("under an overlay: %q, want covered", got)
		}
		p.wantNothing("under an overlay")
	})
}

// Rule 7: one value per question, at most six questions, and a value is nowhere but in its field.
func TestRule07OneValueAndNoTrace(t *testing.T) {
	inBoth(t, func(t *testing.T, k bt.Kind) {
		p := show(t, k, "https://www.facebook.com/login", loginForm)
		p.lease("facebook", nil)
		p.fill()
		p.wantReport("username", "filled")
		p.wantReport("password", "filled")
		if asked := p.calls("fill.value"); len(asked) != 2 || asked[0].Field != "username" || asked[1].Field != "password" {
			t.Errorf("asked for %+v, want the name and the password, once each", asked)
		}
		where := p.text(`JSON.stringify([document.documentElement.outerHTML, {...localStorage}, {...sessionStorage}, document.cookie,
			Object.keys(window).filter(k => typeof window[k] === "string").map(k => window[k])])`)
		if strings.Contains(where, "correct horse") {
			t.Errorf("the password is left in the page: %s", where)
		}
	})
}

func TestRule07AtMostSixQuestions(t *testing.T) {
	p := show(t, bt.Chromium, "https://www.facebook.com/login", loginForm+`<script>setInterval(() => document.forms[0].outerHTML = document.forms[0].outerHTML, 20)</script>`)
	p.lease("facebook", nil)
	p.ask("set", nil, map[string]any{"delay": 40})
	p.fill()
	waitAsk(p, "calls", func(c []call) bool { return len(c) >= 6 }, "fill.value")
	p.eval("new Promise(done => setTimeout(done, 1000))", nil)
	if asked := p.calls("fill.value"); len(asked) != 6 {
		t.Errorf("asked %d times, want 6", len(asked))
	}
}

// A value that came too late is forgotten, and asked for anew.
func TestRule07AValueHasItsTime(t *testing.T) {
	inBoth(t, func(t *testing.T, k bt.Kind) {
		p := show(t, k, "https://x.com/i/jf/onboarding/web?mode=login", xPage)
		p.lease("x", nil)
		p.ask("set", nil, map[string]any{"ttl": -1})
		p.fill()
		waitAsk(p, "calls", func(c []call) bool { return len(c) == 6 }, "fill.value")
		p.wantValue("#u", "")
		p.ask("set", nil, map[string]any{"ttl": 60_000})
		p.fill()
		p.wantReport("username", "filled")
	})
}
