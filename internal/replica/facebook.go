package replica

const (
	// Ids are random; the button is no button, but Enter works through a hidden one.
	fbRandom = `<form><input name="email" type="text" autocomplete="username webauthn" id=":r1:" placeholder="Email or phone"><input name="pass" type="password" autocomplete="current-password" id=":r4:" placeholder="Password">
<input type="submit" hidden><div role="button" tabindex="0" data-submit>Log in</div></form><form action="/r.php"><div role="button">Create new account</div></form>`
	fbIDs   = `<form><input id="email" name="email" type="text"><input id="pass" name="pass" type="password"><button name="login" type="submit">Log In</button></form>`
	fbCode  = `<form><p>Go to your authentication app</p><label>Code<input type="text" maxlength="8" autocomplete="off"></label><input type="submit" hidden><div role="button" tabindex="0" data-submit>Continue</div></form>`
	fbTrust = `<form><p>Trust this device?</p><div role="button" tabindex="0" data-submit>Trust this device</div></form>`
)

var (
	fbTake  = map[Kind]string{Username: "input[name=email]", Password: "input[name=pass]"}
	fbLogin = Screen{Kind: Login, Path: "/login", HTML: fbRandom, Take: fbTake}
	fbTwo   = Screen{Kind: Code, Path: "/two_step_verification/two_factor/", HTML: fbCode, Take: map[Kind]string{Code: "input[type=text]"}}
	fbKeep  = Screen{Kind: Choose, Path: "/two_factor/remember_browser/", HTML: fbTrust}
)

func facebookVariants() []Variant {
	fb := func(id, about string, screens ...Screen) Variant {
		return Variant{ID: id, Network: "facebook", Host: "www.facebook.com", About: about, Screens: screens}
	}
	front, ids, approvals := fbLogin, fbLogin, fbTwo
	front.Path = "/"
	ids.HTML = fbIDs
	approvals.Path, approvals.Take = "/checkpoint/?next", map[Kind]string{Code: "#approvals_code"}
	approvals.HTML = `<form><label>Login code <input id="approvals_code" name="approvals_code" type="text"></label><button type="submit" id="checkpointSubmitButton">Submit Code</button></form>`
	late := fbLogin
	late.Script = `hydrate(root, 350);`
	delegated := fb("facebook-business", "delegated: Meta's business pages, signed in with an own profile", fbLogin)
	delegated.Host, delegated.Delegated = "business.facebook.com", true
	human := Screen{Kind: Human, Path: "/two_step_verification/authentication/", HTML: `<form><label><input type="checkbox" id="robot"> I am not a robot</label><button type="submit">Continue</button></form>`}
	approve := Screen{Kind: Approve, Path: "/auth_platform/afad/", HTML: `<p>Check your notifications on another device</p>`}
	return []Variant{
		fb("facebook-random", "2026: random ids, a button that is none", fbLogin),
		fb("facebook-code", "2026 with a code in a field without a name, then trust this device", fbLogin, fbTwo, fbKeep),
		fb("facebook-front", "2026 on the front page", front),
		fb("facebook-hydration", "2026: the page takes over late and loses what was typed", late),
		fb("facebook-human", "2026 with a check for a human before the code", fbLogin, human, fbTwo),
		fb("facebook-approve", "2026: approve on another device", fbLogin, approve, fbKeep),
		fb("facebook-ids", "until about 2024: #email and #pass", ids),
		fb("facebook-approvals", "until about 2024 with #approvals_code", ids, approvals),
		fb("facebook-page", "for somebody who may act as a Page", fbLogin),
		delegated,
	}
}
