package content

import (
	"strings"
	"testing"

	bt "github.com/keyshift-hq/keyshift/internal/browsertest"
	"github.com/keyshift-hq/keyshift/internal/network/pack"
)

// secrets are what the test's background has.
var secrets = map[string]any{"username": "acme-news", "password": "correct horse", "code": "492817"}

// stateOf is what a background would tell a page of a network during a lease.
func stateOf(t *testing.T, network string, changes map[string]any) map[string]any {
	t.Helper()
	state, err := State(network)
	if err != nil {
		t.Fatal(err)
	}
	lease, _ := state["lease"].(map[string]any)
	for key, value := range changes {
		if _, ok := state[key]; ok {
			state[key] = value
		} else {
			lease[key] = value
		}
	}
	return state
}

// lease starts the content script on the page as if a lease of the network were there.
func (p *tab) lease(network string, changes map[string]any) {
	p.t.Helper()
	p.ask("set", nil, map[string]any{"state": stateOf(p.t, network, changes), "values": secrets})
	p.ask("begin", nil)
}

// fill is the user's wish, as the popup sends it; it answers why it did not begin.
func (p *tab) fill() string {
	p.t.Helper()
	var answer struct {
		Started bool
		Why     string
	}
	p.ask("send", &answer, "fill.start", map[string]any{})
	if answer.Started && answer.Why != "" {
		p.t.Errorf("started, and refused with %s", answer.Why)
	}
	return answer.Why
}

// reported waits for the report on a field.
func (p *tab) reported(field string) call {
	p.t.Helper()
	of := func(all []call) *call {
		for _, c := range all {
			if c.Field == field {
				return &c
			}
		}
		return nil
	}
	return *of(waitAsk(p, "calls", func(all []call) bool { return of(all) != nil }, "fill.report"))
}

func (p *tab) wantReport(field, outcome string) {
	p.t.Helper()
	if got := p.reported(field); got.Outcome != outcome {
		p.t.Errorf("%s: %s because of %q, want %s", field, got.Outcome, got.Why, outcome)
	}
}

func (p *tab) wantValue(selector, want string) {
	p.t.Helper()
	if got := p.text(`document.querySelector("` + selector + `").value`); got != want {
		p.t.Errorf("%s holds %q, want %q", selector, got, want)
	}
}

// The form is there twice, its password transparent until the name was given, as X shows it since 2026.
const xPage = `<style>form{display:block;margin:20px} .off{opacity:0;pointer-events:none;position:absolute;left:0;top:0}</style>
<form class=off id=copy><input name=username_or_email autocomplete="username webauthn"><input type=password name=password></form>
<form id=real onsubmit="return false"><input id=u name=username_or_email autocomplete="username webauthn">
<div id=second class=off><input id=p type=password name=password autocomplete=current-password></div><span id=slot></span></form>
<script>
	window.early = [];
	document.addEventListener("input", e => { if (e.target.type === "password" && second.className === "off") early.push(e.target.form.id); });
	u.addEventListener("input", () => { slot.innerHTML = "<button type=submit id=next>Continue</button>"; next.onclick = () => { u.remove(); second.className = ""; }; });
</script>`

func TestStepsOfALogInThatIsThereTwice(t *testing.T) {
	inBoth(t, func(t *testing.T, k bt.Kind) {
		p := show(t, k, "https://x.com/i/jf/onboarding/web?mode=login", xPage)
		p.lease("x", nil)
		if why := p.fill(); why != "" {
			t.Fatalf("refused: %s", why)
		}
		p.wantReport("username", "filled")
		p.wantValue("#u", "acme-news")
		p.wantValue("#p", "")
		if err := p.Click("#next"); err != nil {
			t.Fatal(err)
		}
		p.wantReport("password", "filled")
		p.wantValue("#p", "correct horse")
		if got := p.text(`early.join() + document.querySelector("#copy input").value + document.querySelector("#copy [type=password]").value`); got != "" {
			t.Errorf("hidden fields got something: %q", got)
		}
	})
}

const loginForm = `<form><input id=u name=email><input id=p type=password name=pass><input type=submit hidden></form>`

// A fill can be asked for in a document whose script was brought for it: it asks what there is to do before it says what it can do.
func TestAFillBeginsInANewDocument(t *testing.T) {
	inBoth(t, func(t *testing.T, k bt.Kind) {
		p := show(t, k, "https://www.facebook.com/login", loginForm)
		p.ask("set", nil, map[string]any{"state": stateOf(t, "facebook", nil), "values": secrets})
		p.ask("bring", nil)
		if why := p.fill(); why != "" {
			t.Fatalf("refused: %s", why)
		}
		p.wantReport("password", "filled")
	})
}

// Rule 8: a page that comes to life after it was filled loses what was typed; it is typed once more.
func TestRule08ValuesThatThePageLost(t *testing.T) {
	for name, tt := range map[string]struct{ script, want string }{
		"once, by setting it":      {`setTimeout(() => p.value = "", 60)`, "filled"},
		"once, by drawing it anew": {`setTimeout(() => p.outerHTML = p.outerHTML, 60)`, "filled"},
		"after a while":            {`setTimeout(() => p.value = "", 300)`, "filled"},
		"always":                   {`setInterval(() => p.value = "", 20)`, "changed_by_page"},
		"by its own state": {`let state = ""; p.addEventListener("input", e => state = e.target.value);
			Object.defineProperty(p, "value", {set() { throw 1 }, get() { return state }, configurable: true}); setTimeout(() => { delete p.value; p.value = state }, 60)`, "filled"},
	} {
		t.Run(name, func(t *testing.T) {
			inBoth(t, func(t *testing.T, k bt.Kind) {
				p := show(t, k, "https://www.facebook.com/login", loginForm)
				p.lease("facebook", nil)
				p.eval(`p.addEventListener("input", () => { `+tt.script+` }, {once: true})`, nil)
				p.fill()
				p.wantReport("password", tt.want)
				if tt.want == "filled" {
					p.wantValue("#p", "correct horse")
				}
				p.wantValue("#u", "acme-news")
			})
		})
	}
}

const sixBoxes = `<form>` + `<input class=b autocomplete=one-time-code inputmode=numeric maxlength=1>` + `<input class=b autocomplete=one-time-code inputmode=numeric maxlength=1>` +
	`<input class=b autocomplete=one-time-code inputmode=numeric maxlength=1>` + `<input class=b autocomplete=one-time-code inputmode=numeric maxlength=1>` +
	`<input class=b autocomplete=one-time-code inputmode=numeric maxlength=1>` + `<input class=b autocomplete=one-time-code inputmode=numeric maxlength=1>` +
	`</form><script>const boxes = [...document.querySelectorAll(".b")]; let state = ["", "", "", "", "", ""]; let pastes = 0;</script>`

// Rule 8: a code that is spread over six boxes.
func TestRule08SixBoxes(t *testing.T) {
	for name, script := range map[string]string{
		"the page spreads what is pasted": `boxes[0].onpaste = e => { e.preventDefault(); pastes++; [...e.clipboardData.getData("text")].forEach((c, i) => boxes[i].value = state[i] = c); };
			boxes.forEach((b, i) => b.oninput = () => { state[i] = b.value; })`,
		"each box goes on to the next": `boxes.forEach((b, i) => b.oninput = () => { state[i] = b.value; boxes[i + 1]?.focus(); })`,
		"the page keeps its own state": `boxes.forEach((b, i) => b.oninput = () => { state[i] = b.value; boxes.forEach((o, j) => o.value = state[j]); });
			boxes[0].onpaste = e => e.preventDefault()`,
	} {
		t.Run(name, func(t *testing.T) {
			inBoth(t, func(t *testing.T, k bt.Kind) {
				p := show(t, k, "https://x.com/i/jf/onboarding/web?mode=two_factor", sixBoxes+`<script>`+script+`</script>`)
				p.lease("x", nil)
				p.fill()
				p.wantReport("code", "filled")
				if got := p.text(`boxes.map(b => b.value).join("") + " " + state.join("")`); got != "492817 492817" {
					t.Errorf("boxes and state are %q", got)
				}
				if k == bt.Chromium && strings.Contains(script, "pastes") {
					p.wait("pastes === 1") // Firefox does not let a page read what a content script pastes
				}
			})
		})
	}
}

// Rule 2: what is typed is decided when the value is there, not when it was asked for.
func TestRule02ThePageWentElsewhereMeanwhile(t *testing.T) {
	only := map[string]bool{"another address": true, "a hidden field": true} // in Firefox too
	for name, script := range map[string]string{
		"another address":  `history.pushState({}, "", "/elsewhere")`,
		"a hidden field":   `p.style.opacity = 0`,
		"a new kind":       `p.autocomplete = "new-password"`,
		"a second one":     `p.insertAdjacentHTML("afterend", "<input type=password name=again>")`,
		"an overlay":       `document.body.insertAdjacentHTML("beforeend", "<div style='position:fixed;inset:0'></div>")`,
		"taken out of it":  `p.remove()`,
		"shown as letters": `p.type = "text"`,
	} {
		t.Run(name, func(t *testing.T) {
			inBoth(t, func(t *testing.T, k bt.Kind) {
				if k == bt.Firefox && !only[name] {
					return
				}
				p := show(t, k, "https://www.facebook.com/login", `<form><input id=p type=password name=pass></form><script>
					const seen = []; document.addEventListener("input", e => seen.push(e.target.id), true); const was = p;</script>`)
				p.lease("facebook", map[string]any{"pack": patched(t, "facebook")})
				p.ask("set", nil, map[string]any{"held": true})
				p.fill()
				waitAsk(p, "calls", func(c []call) bool { return len(c) > 0 }, "fill.value")
				p.eval(script, nil)
				p.ask("set", nil, map[string]any{"held": false})
				p.ask("release", nil)
				if got := p.reported("password"); got.Outcome == "filled" {
					t.Errorf("filled, though the page changed to %s", name)
				}
				if got := p.text(`seen.join() + was.value`); got != "" {
					t.Errorf("something was typed: %q", got)
				}
			})
		})
	}
}

// A value that was asked for at one address is not typed at another, even if the field stays; it is asked for again.
func TestRule02AnotherAddressAsksAgain(t *testing.T) {
	p := show(t, bt.Chromium, "https://www.facebook.com/login", `<form><input id=p type=password name=pass></form>`)
	p.lease("facebook", map[string]any{"pack": patched(t, "facebook")})
	p.ask("set", nil, map[string]any{"delay": 250})
	p.fill()
	waitAsk(p, "calls", func(c []call) bool { return len(c) == 1 }, "fill.value")
	p.eval(`history.pushState({}, "", "/login?again")`, nil)
	if got := p.reported("password"); got.Outcome != "not_visible" || got.Why != "page_changed" {
		t.Errorf("%s because of %q, want not_visible because of page_changed", got.Outcome, got.Why)
	}
	waitAsk(p, "calls", func(c []call) bool { return len(c) == 2 }, "fill.value")
}

// What a page lost on its way to another address is not typed there.
func TestRule02WhatWasLostIsNotTypedElsewhere(t *testing.T) {
	inBoth(t, func(t *testing.T, k bt.Kind) {
		p := show(t, k, "https://www.facebook.com/login", `<form><input id=p type=password name=pass></form>`)
		p.lease("facebook", map[string]any{"pack": patched(t, "facebook")})
		p.eval(`p.addEventListener("input", () => setTimeout(() => { p.value = ""; history.pushState({}, "", "/login?next"); }, 60), {once: true})`, nil)
		p.fill()
		p.wantReport("password", "filled")
		p.wantValue("#p", "")
	})
}

// patched is a pack that finds a password alone.
func patched(t *testing.T, network string) pack.Pack {
	t.Helper()
	site := packOf(t, network)
	login := &site.Variants[0].Steps[0]
	login.When.Present = nil
	login.Fields = login.Fields[1:]
	return site
}

// packOf is a copy of an embedded pack.
func packOf(t *testing.T, network string) (site pack.Pack) {
	t.Helper()
	embedded, ok := pack.Embedded(network)
	if !ok {
		t.Fatalf("no pack of %s", network)
	}
	data, err := embedded.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if site, err = pack.Parse(data); err != nil {
		t.Fatal(err)
	}
	return site
}
