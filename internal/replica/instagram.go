package replica

import "strings"

const (
	igNamed = `<form><input name="USER" type="text" aria-label="Phone number, username or email"><input name="PASS" type="password" aria-label="Password"><input type="submit" hidden><div role="button" tabindex="0" data-submit>Log in</div></form>`
	// No names at all: two inputs and a form.
	igNameless = `<form><div><input type="text" aria-label="Mobile number, username or email" dir="ltr"></div><div><input type="password" aria-label="Password"></div><div role="button" tabindex="0" data-submit>Log in</div></form>`
	igVerify   = `<form><label>Security code <input name="verificationCode" type="tel" maxlength="8" autocomplete="off"></label><button type="button" data-submit>Confirm</button></form>`
	igMail     = `<form><p>Check your email</p><label>Code<input type="text" maxlength="8" autocomplete="off"></label><div role="button" tabindex="0" data-submit>Continue</div></form>`
	// The password cannot be seen or touched until there is a user name.
	igShy       = `<form><input name="username" type="text"><div id="shy" style="opacity:0;pointer-events:none"><input name="password" type="password"></div><button type="submit">Log in</button></form>`
	igShyScript = `const u = root.querySelector("input[name=username]"), s = root.querySelector("#shy").style;
u.addEventListener("input", () => { if (u.value) { s.opacity = 1; s.pointerEvents = "auto"; } });`
)

func igScreen(user, pass string) Screen {
	return Screen{
		Kind: Login, Path: "/accounts/login/", HTML: strings.NewReplacer("USER", user, "PASS", pass).Replace(igNamed),
		Take: map[Kind]string{Username: "input[name=" + user + "]", Password: "input[name=" + pass + "]"},
	}
}

func instagramVariants() []Variant {
	ig := func(id, about string, screens ...Screen) Variant {
		return Variant{ID: id, Network: "instagram", Host: "www.instagram.com", About: about, Screens: screens}
	}
	newest, old := igScreen("email", "pass"), igScreen("username", "password")
	nameless, shy, late := newest, old, newest
	nameless.HTML, nameless.Take = igNameless, map[Kind]string{Username: "input[type=text]", Password: "input[type=password]"}
	shy.HTML, shy.Script = igShy, igShyScript
	late.Script = `hydrate(root, 350);`
	factor := Screen{Kind: Code, Path: "/accounts/login/two_factor/", HTML: igVerify, Take: map[Kind]string{Code: "input[name=verificationCode]"}}
	entry := Screen{Kind: Code, Path: "/auth_platform/codeentry/?apc=replica-token", HTML: igMail, Take: map[Kind]string{Code: "input[type=text]"}}
	onetap := Screen{Kind: Choose, Path: "/accounts/onetap/", HTML: `<form><p>Save your login info?</p><button type="submit">Not now</button></form>`}
	remembered := Screen{Kind: Choose, Path: "/accounts/login/", HTML: `<div><img alt=""><p>acme</p><div role="button" tabindex="0" data-submit>Continue</div><div role="button">Use another profile</div></div>`}
	again := newest
	again.Path = "/accounts/login/?next=again"
	spa := ig("instagram-spa", "2026, all screens in one document", newest, factor)
	spa.SPA = true
	return []Variant{
		ig("instagram-email", "2026: the same form as Facebook's", newest),
		ig("instagram-email-onetap", "2026, then save your login info", newest, onetap),
		ig("instagram-codeentry", "2026: a code by mail, in an address that carries a token", newest, entry),
		spa,
		ig("instagram-hydration", "2026: the page takes over late and loses what was typed", late),
		ig("instagram-nameless", "since February 2026: fields without names", nameless),
		ig("instagram-remembered", "a browser that is remembered: a button and no field, then the form", remembered, again),
		ig("instagram-username", "until 2025: username and password", old),
		ig("instagram-two-factor", "until 2025 with verificationCode", old, factor),
		ig("instagram-opacity", "until 2025: the password appears with the user name", shy),
		ig("instagram-challenge", "a check of who it is", newest, Screen{Kind: Human, Path: "/challenge/", HTML: `<form><p>Confirm it is you</p><button type="submit">This was me</button></form>`}),
	}
}
