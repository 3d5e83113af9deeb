package replica

import "slices"

// What X's pages ask for, by generation.
const (
	xOnboarding = "/i/jf/onboarding/web?mode=login"
	xTwoFactor  = "/i/jf/onboarding/web?mode=two_factor"
	xFlow       = "/i/flow/login"

	// The form is there twice, the first copy out of sight; the password is in the first screen, invisible and untouchable.
	// The button is no button as long as there is no user name.
	xTwice = `<div style="position:absolute;left:-4000px" aria-hidden="true"><form><input name="username_or_email" autocomplete="username webauthn"><input name="password" type="password"></form></div>
<form id="real"><label>Handle <input name="username_or_email" autocomplete="username webauthn"></label>
<div style="opacity:0;pointer-events:none;height:40px"><input name="password" type="password" autocomplete="current-password" tabindex="-1"></div><div id="go">Continue</div></form>`
	xButton = `const field = () => root.querySelector("#real input[name=username_or_email]"), go = root.querySelector("#go");
root.querySelector("#real").addEventListener("input", () => { go.innerHTML = field().value ? '<button type="submit">Continue</button>' : "Continue"; });
root.querySelector("#real").addEventListener("submit", e => { if (!field().value) e.stopImmediatePropagation(); }, true);`
	xPassword = `<form><p>Enter your password</p><input name="username_or_email" type="hidden"><label>Password <input name="password" type="password" autocomplete="current-password"></label><button type="submit" data-testid="LoginForm_Login_Button">Continue</button></form>`
	xFlowUser = `<div role="dialog"><form><label>Phone, email or username <input name="text" autocomplete="username" autocapitalize="sentences"></label><button type="submit">Next</button></form></div>`
)

var (
	xUser = Screen{Kind: Username, Path: xOnboarding, HTML: xTwice, Script: xButton, Take: map[Kind]string{Username: "#real input[name=username_or_email]"}}
	xPass = Screen{Kind: Password, Path: "/i/jf/onboarding/web?mode=password", HTML: xPassword, Take: map[Kind]string{Password: "input[name=password]"}}
	xCode = Screen{Kind: Code, Path: xTwoFactor, HTML: sixBoxes, Script: `boxes(root, true);`, Take: map[Kind]string{Code: "boxes"}}

	xOldUser = Screen{Kind: Username, Path: xFlow, HTML: xFlowUser, Take: map[Kind]string{Username: "input[name=text]"}}
	xOldPass = Screen{
		Kind: Password, Path: xFlow + "?step=password", Take: map[Kind]string{Password: "input[name=password]"},
		HTML: `<div role="dialog"><form><input name="username" autocomplete="username" disabled><label>Password <input name="password" type="password" autocomplete="current-password"></label><button type="submit" data-testid="LoginForm_Login_Button">Log in</button></form></div>`,
	}
	xOldCode = Screen{
		Kind: Code, Path: xFlow + "?step=code", Take: map[Kind]string{Code: "[data-testid=ocfEnterTextTextInput]"},
		HTML: `<div role="dialog"><form><p>Enter your code</p><input data-testid="ocfEnterTextTextInput" name="text" inputmode="numeric"><button type="submit" data-testid="ocfEnterTextNextButton">Next</button></form></div>`,
	}
	xUnusual = Screen{
		Kind: Username, Path: xFlow + "?step=who", Take: map[Kind]string{Username: "[data-testid=ocfEnterTextTextInput]"},
		HTML: `<div role="dialog"><form><p>Unusual log-in: enter your phone number or username</p><input data-testid="ocfEnterTextTextInput" name="text" autocomplete="on"><button type="submit" data-testid="ocfEnterTextNextButton">Next</button></form></div>`,
	}
)

// sixBoxes are six inputs of one digit each.
const sixBoxes = `<form><p>Enter the code</p><div id="boxes">` +
	`<input autocomplete="one-time-code" inputmode="numeric" maxlength="1" size="1"><input autocomplete="one-time-code" inputmode="numeric" maxlength="1" size="1">` +
	`<input autocomplete="one-time-code" inputmode="numeric" maxlength="1" size="1"><input autocomplete="one-time-code" inputmode="numeric" maxlength="1" size="1">` +
	`<input autocomplete="one-time-code" inputmode="numeric" maxlength="1" size="1"><input autocomplete="one-time-code" inputmode="numeric" maxlength="1" size="1"></div></form>`

func xVariants() []Variant {
	x := func(id, about string, spa bool, screens ...Screen) Variant {
		return Variant{ID: id, Network: "x", Host: "x.com", About: about, SPA: spa, Screens: screens}
	}
	options := Screen{Kind: Choose, Path: xOnboarding, HTML: `<form><button type="submit">Continue with handle</button><button type="button">Continue with another service</button></form>`}
	second := xUser
	second.Path = "/i/jf/onboarding/web?mode=login&by=handle"
	late := xUser
	late.Script += `hydrate(root, 350);`
	single := xCode
	single.HTML = `<form><input autocomplete="one-time-code" inputmode="numeric"><button type="submit">Continue</button></form>`
	single.Script, single.Take = "", map[Kind]string{Code: "input"}
	landing := Screen{Kind: Choose, Path: "/", HTML: `<form><p>What is happening</p><button type="submit">Sign in</button></form>`}
	return []Variant{
		x("x-onboarding", "2026: user name, then password; the form twice, the password there before its time", true, xUser, xPass),
		x("x-onboarding-code", "2026 with six boxes that send themselves", true, xUser, xPass, xCode),
		x("x-onboarding-code-single", "2026 with one field for the code", true, xUser, xPass, single),
		x("x-onboarding-options", "2026: ways to sign in come first", true, options, second, xPass),
		x("x-onboarding-hydration", "2026: the page takes over late and loses what was typed", true, late, xPass),
		x("x-onboarding-documents", "2026, each screen a document of its own", false, xUser, xPass, xCode),
		x("x-landing", "from the front page by client-side navigation", true, append([]Screen{landing}, second, xPass)...),
		x("x-flow", "until 2026: dialog, user name, password", true, xOldUser, xOldPass),
		x("x-flow-code", "until 2026 with a code in the field that is also used for names", true, xOldUser, xOldPass, xOldCode),
		x("x-flow-unusual", "until 2026: asks once more who it is", true, slices.Concat([]Screen{xOldUser, xUnusual, xOldPass})...),
		{ID: "x-delegate", Network: "x", Host: "x.com", About: "delegate: somebody signs in with an own account", Delegated: true, SPA: true, Screens: []Screen{xOldUser, xOldPass}},
	}
}
