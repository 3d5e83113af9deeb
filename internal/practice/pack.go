package practice

import "github.com/keyshift-hq/keyshift/internal/network/pack"

// Pack is the site pack of the practice network on a host. It is complete: fields, who is signed in, composer, a guard
// page and the way out.
func Pack(host string) pack.Pack {
	fact := pack.Fact{MeasuredAt: "2026-11-23", Source: "this program", Confidence: pack.High}
	at := func(path string) string { return "https://" + host + path }
	return pack.Pack{
		Schema: pack.SchemaVersion, Network: pack.SiteNetwork(host), Title: "Practice network", Version: 1,
		Hosts: []string{host}, FillHosts: []string{host}, CookieDomains: []string{host},
		LoginURL: at("/login"), HomeURL: at("/"), Fact: fact,
		Variants: []pack.Variant{{ID: "practice", Kind: pack.New, Steps: steps(fact), Fact: fact}},
		Identity: []pack.Signal{
			{ID: "cookie", Kind: pack.Cookie, Gives: pack.Handle, Cookie: nameCookie, URL: at("/"), Fact: fact},
			{ID: "link", Kind: pack.DOM, Gives: pack.Handle, Selectors: []string{"#me"}, Pattern: `@([a-z0-9._-]{1,30})`, Fact: fact},
		},
		Composers: []pack.Composer{{ID: "post", Text: []string{"#text"}, Send: []string{"#send"}, Fact: fact}},
		Guards:    []pack.Guard{{Class: pack.GuardPassword, When: pack.Match{Paths: []string{"/settings/password"}}, Fact: fact}},
		SignOut:   pack.SignOut{URL: at("/logout"), GoneCookies: []string{sessionCookie}, EndsAtNetwork: true, Fact: fact},
	}
}

func steps(fact pack.Fact) []pack.Step {
	step := func(kind pack.StepKind, path string, value pack.Value, id string) pack.Step {
		return pack.Step{
			ID: string(kind), Kind: kind, When: pack.Match{Paths: []string{path + "$"}}, Fact: fact,
			Fields: []pack.Field{{Value: value, Selectors: []string{"#" + id}, Shape: pack.Single}},
		}
	}
	return []pack.Step{
		step(pack.StepUsername, "/login", pack.Username, "username"),
		step(pack.StepPassword, "/login/password", pack.Password, "password"),
		step(pack.StepCode, "/login/code", pack.Code, "code"),
	}
}
