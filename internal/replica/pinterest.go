package replica

const (
	pinNamed   = `<form><input name="id" type="email" autocomplete="username" aria-label="Email"><input name="password" type="password" autocomplete="current-password"><button type="submit" data-test-id="registerFormSubmitButton">Log in</button></form>`
	pinWrapped = `<form><div data-test-id="emailInputField"><input type="email"></div><div data-test-id="passwordInputField"><input type="password"></div><button type="submit" data-test-id="registerFormSubmitButton">Log in</button></form>`
	pinIDs     = `<form><input id="email" type="email"><input id="password" type="password"><button type="submit">Log in</button></form>`
	pinModal   = `<p>Front page</p><form><button type="submit" data-test-id="simple-login-button">Log in</button></form>`
	pinCode    = `<form><p>We sent you a text message</p><input name="code" autocomplete="one-time-code" inputmode="numeric"><button type="submit">Next</button></form>`
)

var (
	pinLogin = Screen{Kind: Login, Path: "/login/", HTML: pinNamed, Take: map[Kind]string{Username: "input[name=id]", Password: "input[name=password]"}}
	pinSMS   = Screen{Kind: Code, Path: "/login/?step=code", HTML: pinCode, Take: map[Kind]string{Code: "input[name=code]"}}
)

func pinterestVariants() []Variant {
	pin := func(id, about string, screens ...Screen) Variant {
		return Variant{ID: id, Network: "pinterest", Host: "www.pinterest.com", About: about, SPA: true, Screens: screens}
	}
	wrapped, ids, modal := pinLogin, pinLogin, pinLogin
	wrapped.HTML, wrapped.Take = pinWrapped, map[Kind]string{Username: "[data-test-id=emailInputField] input", Password: "[data-test-id=passwordInputField] input"}
	ids.HTML, ids.Take = pinIDs, map[Kind]string{Username: "#email", Password: "#password"}
	modal.Path, modal.HTML = "/?login=open", `<p>Front page</p><div role="dialog" style="position:fixed;inset:80px;background:#fff">`+pinNamed+`</div>`
	country := pin("pinterest-country", "a country's own host", pinLogin)
	country.Host = "ru.pinterest.com"
	delegated := pin("pinterest-business", "delegated: somebody signs in with an own business account", pinLogin)
	delegated.Delegated = true
	return []Variant{
		pin("pinterest-named", "named fields", pinLogin),
		pin("pinterest-sms", "with a code by text message, which a custodian gets", pinLogin, pinSMS),
		pin("pinterest-wrapped", "test ids on wrappers, fields without names", wrapped),
		pin("pinterest-modal", "a dialog over the front page", Screen{Kind: Choose, Path: "/", HTML: pinModal}, modal),
		pin("pinterest-ids", "2024: #email and #password", ids),
		country,
		delegated,
	}
}
