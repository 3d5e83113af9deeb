package pack

import "net/url"

// Site makes the pack of a site that an admin added: one exact host and what log-in pages have in common. It knows
// nothing of who is signed in there, so the guard for the right account stays silent.
func Site(host, title, loginURL string) Pack {
	fact := Fact{MeasuredAt: "2026-11-22", Source: "what log-in pages have in common", Confidence: Low}
	return Pack{
		Schema: SchemaVersion, Network: SiteNetwork(host), Title: title, Version: 1,
		Hosts: []string{host}, FillHosts: []string{host}, CookieDomains: []string{host},
		LoginURL: loginURL, HomeURL: origin(loginURL), Fact: fact,
		Variants: []Variant{{ID: "generic", Kind: Generic, Steps: genericSteps(fact), Fact: fact}},
		SignOut:  SignOut{URL: origin(loginURL), Fact: fact},
	}
}

func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address // Validate refuses it
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: "/"}).String()
}

var (
	codeInputs = []string{`input[autocomplete~="one-time-code"]`, `input[name="otp"]`, `input[name="totp"]`, `input[name="code"][inputmode="numeric"]`}
	userInputs = []string{
		`input[autocomplete~="username"]`, `input[name="username"]`, `input[name="login"]`, `input[name="email"]`, `input[type="email"]`, `input[name="user"]`,
	}
	passwordInputs = []string{`input[autocomplete~="current-password"]`, `input[type="password"]:not([autocomplete~="new-password"])`}
)

// genericSteps are the screens of most log-ins: both on one, or one after the other, or a code.
func genericSteps(fact Fact) []Step {
	user := Field{Value: Username, Selectors: userInputs, Shape: Single}
	password := Field{Value: Password, Selectors: passwordInputs, Shape: Single}
	code := Field{Value: Code, Selectors: codeInputs, Shape: Single}
	return []Step{
		{ID: "code", Kind: StepCode, When: Match{Present: codeInputs}, Fields: []Field{code}, Fact: fact},
		{ID: "login", Kind: StepLogin, When: Match{Present: []string{`input[type="password"]`}}, Fields: []Field{user, password}, Fact: fact},
		{ID: "username", Kind: StepUsername, Fields: []Field{user}, Fact: fact},
		{ID: "password", Kind: StepPassword, Fields: []Field{password}, Fact: fact},
	}
}
