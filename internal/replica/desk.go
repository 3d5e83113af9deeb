package replica

// DeskHost is where the site of a company's own is, of which no site pack knows more than the host.
const DeskHost = "desk.acme.example"

// Around the log-in there is what must stay empty: a search and a newsletter.
const deskAround = `<form role="search"><input name="q" placeholder="Search"></form><form class="newsletter"><input name="news" type="email" placeholder="Your e-mail"><button type="button">Subscribe</button></form>`

func deskVariants() []Variant {
	desk := func(id, about string, screens ...Screen) Variant {
		for i := range screens {
			screens[i].HTML += deskAround
		}
		return Variant{ID: id, Network: "desk", Host: DeskHost, About: about, Screens: screens}
	}
	both := Screen{
		Kind: Login, Path: "/login", Take: map[Kind]string{Username: "input[name=email]", Password: "input[type=password]"},
		HTML: `<form><label>E-mail <input name="email"></label><label>Password <input type="password"></label><button type="submit">Sign in</button></form>`,
	}
	user := Screen{
		Kind: Username, Path: "/login", Take: map[Kind]string{Username: "#who"},
		HTML: `<form name="login"><label>User <input id="who"></label><button type="submit">Next</button></form>`,
	}
	pass := Screen{
		Kind: Password, Path: "/login/password", Take: map[Kind]string{Password: "#secret"},
		HTML: `<form><label>Password <input id="secret" type="password" autocomplete="current-password"></label><button type="submit">Next</button></form>`,
	}
	code := Screen{
		Kind: Code, Path: "/login/code", Take: map[Kind]string{Code: "#totp"},
		HTML: `<form><label>Code <input id="totp" name="totp" inputmode="numeric" maxlength="6"></label><button type="submit">Sign in</button></form>`,
	}
	return []Variant{
		desk("desk-form", "a site that an admin added: one form, beside a search and a newsletter", both),
		desk("desk-steps", "the same in three documents", user, pass, code),
	}
}
