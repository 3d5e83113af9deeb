package pack

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

func TestEveryNetworkHasAPackThatFitsAndSurvivesARound(t *testing.T) {
	for _, n := range []keyshift.Network{keyshift.X, keyshift.Facebook, keyshift.Instagram, keyshift.Pinterest} {
		p, ok := Embedded(string(n))
		if !ok {
			t.Fatalf("%s has no embedded pack", n)
		}
		data, err := p.Encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse(data)
		if err != nil {
			t.Fatalf("%s: %v", n, err)
		}
		if diff := cmp.Diff(p, again); diff != "" {
			t.Errorf("%s after a round (-want +got):\n%s", n, diff)
		}
	}
}

func TestEveryPackSaysTheLeast(t *testing.T) {
	for _, n := range EmbeddedNetworks() {
		p, _ := Embedded(n)
		classes := map[GuardClass]bool{}
		for _, g := range p.Guards {
			classes[g.Class] = true
		}
		if !classes[GuardPassword] || !classes[GuardTwoFactor] || !classes[GuardEmail] || !classes[GuardDataDownload] {
			t.Errorf("%s guards %v, want at least password, e-mail, two-factor and data download", n, classes)
		}
		if len(p.Identity) == 0 || len(p.Composers) == 0 || len(p.Delegated) == 0 {
			t.Errorf("%s has no identity, composer or entrance", n)
		}
	}
}

// broken gives X's pack, changed as raw JSON.
func broken(t *testing.T, change func(m map[string]any)) []byte {
	t.Helper()
	p, _ := Embedded("x")
	data, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	change(m)
	data, err = json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func first(m map[string]any, list string) map[string]any {
	return m[list].([]any)[0].(map[string]any)
}

func TestParseRefuses(t *testing.T) {
	for _, tt := range []struct {
		want   string
		change func(m map[string]any)
	}{
		{"unknown field", func(m map[string]any) { m["script"] = "alert(1)" }},
		{"unknown field", func(m map[string]any) { first(m, "variants")["submit"] = true }},
		{"schema", func(m map[string]any) { m["schema"] = 2 }},
		{"version", func(m map[string]any) { m["version"] = 0 }},
		{"none that is known", func(m map[string]any) { m["network"] = "myspace" }},
		{"not one of hosts", func(m map[string]any) { m["fill_hosts"] = []string{"evil-x.com"} }},
		{"not a host", func(m map[string]any) { m["hosts"] = []string{"*.x.com", "x.com"} }},
		{"write host", func(m map[string]any) { m["hosts"] = []string{"x.com", "X.com"} }},
		{"anybody gets a name", func(m map[string]any) { m["cookie_domains"] = []string{"co.uk"} }},
		{"no cookie domain covers", func(m map[string]any) { m["cookie_domains"] = []string{"x.com"} }},
		{"login_url", func(m map[string]any) { m["login_url"] = "http://x.com/login" }},
		{"does not list", func(m map[string]any) { m["login_url"] = "https://x.com.evil.example/login" }},
		{"without user", func(m map[string]any) { m["login_url"] = "https://a@x.com/login" }},
		{"measured_at", func(m map[string]any) { first(m, "variants")["fact"].(map[string]any)["measured_at"] = "lately" }},
		{"confidence", func(m map[string]any) { first(m, "guards")["fact"].(map[string]any)["confidence"] = "sure" }},
		{"every page is guarded", func(m map[string]any) { first(m, "guards")["when"] = map[string]any{} }},
		{"no end", func(m map[string]any) { first(m, "identity")["pattern"] = `(\d+)` }},
		{"more than one group", func(m map[string]any) { first(m, "identity")["pattern"] = `(\d)(\d)` }},
		{"is not a selector", func(m map[string]any) {
			first(first(m, "variants"), "steps")["next"] = []string{"x{} *{color:red}"}
		}},
		{"4 to 8", func(m map[string]any) {
			first(first(first(m, "variants"), "steps"), "fields")["shape"] = "boxes"
		}},
		{"the limit is", func(m map[string]any) { m["title"] = strings.Repeat("x", MaxBytes) }},
	} {
		_, err := Parse(broken(t, tt.change))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("got %v, want an error with %q", err, tt.want)
		}
	}
	if _, err := Parse(append(broken(t, func(map[string]any) {}), "{}"...)); err == nil {
		t.Error("a pack with something behind it was read")
	}
}

func TestCleanHost(t *testing.T) {
	for _, tt := range []struct{ typed, want string }{
		{"news.example.com", "news.example.com"},
		{" News.Example.COM ", "news.example.com"},
		{"bücher.example", "xn--bcher-kva.example"},
		{"xn--bcher-kva.example", "xn--bcher-kva.example"},
		{"cms.corp", "cms.corp"},
		{"co.uk", ""}, {"github.io", ""}, {"com", ""}, {"localhost", ""}, {"", ""}, {"example.com.", ""},
		{"10.0.0.1", ""}, {"[::1]", ""}, {"0x7f.1", ""}, {"2130706433", ""}, {"example.com:8443", ""},
		{"https://example.com", ""}, {"a@example.com", ""}, {"*.example.com", ""}, {"exa mple.com", ""},
		{"example.com/login", ""}, {"-a.example.com", ""}, {"a..example.com", ""}, {"ex\u200dample.com", ""},
	} {
		got, err := CleanHost(tt.typed)
		if (err == nil) != (tt.want != "") || err == nil && got != tt.want {
			t.Errorf("CleanHost(%q) = %q, %v, want %q", tt.typed, got, err, tt.want)
		}
	}
}

func TestFillsOnlyOnExactHosts(t *testing.T) {
	p, _ := Embedded("x")
	for origin, want := range map[string]bool{
		"https://x.com": true, "http://x.com": false, "https://x.com:8443": false, "https://evil-x.com": false,
		"https://login.x.com": false, "https://x.com.login-portal.example": false, "https://twitter.com": false,
		"https://a@x.com": false, "https://X.com": false, "https://xn--x-0ga.com": false, "null": false, "": false,
	} {
		if got := p.Fills(origin); got != want {
			t.Errorf("Fills(%q) = %v, want %v", origin, got, want)
		}
	}
}

func TestADelegatedLeaseReachesTheEntrance(t *testing.T) {
	p, _ := Embedded("instagram")
	hosts, domains := p.Reach(true)
	if !contains(hosts, "business.facebook.com") || !contains(domains, "facebook.com") {
		t.Errorf("a delegated lease reaches %v and cleans %v", hosts, domains)
	}
	if hosts, _ := p.Reach(false); contains(hosts, "business.facebook.com") {
		t.Error("a lease with a password reaches Facebook")
	}
	if contains(p.Hosts, "business.facebook.com") {
		t.Error("asking changed the pack")
	}
}

func contains(list []string, s string) bool {
	for _, e := range list {
		if e == s {
			return true
		}
	}
	return false
}

func TestASitePackIsValid(t *testing.T) {
	p := Site("news.example.com", "News", "https://news.example.com/login")
	data, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Parse(data); err != nil {
		t.Error(err)
	}
	if bytes.Contains(data, []byte("null")) {
		t.Errorf("the pack holds a null: %s", data)
	}
	if err := Site("news.example.com", "News", "https://other.example.com/login").Validate(); err == nil {
		t.Error("a login page on another host was accepted")
	}
}

func TestSignedPacks(t *testing.T) {
	public, private, _ := ed25519.GenerateKey(nil)
	stranger, _, _ := ed25519.GenerateKey(nil)
	p, _ := Embedded("x")
	data, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	good := Signed{Network: "x", Version: 1, Pack: data, Signature: ed25519.Sign(private, Statement("x", 1, data))}
	if got, err := good.Open(public); err != nil || got.Network != "x" {
		t.Fatalf("Open = %+v, %v", got, err)
	}
	if _, err := good.Open(stranger); err == nil {
		t.Error("a pack of another hub was opened")
	}
	if _, err := good.Open(nil); err == nil {
		t.Error("a pack was opened without a key")
	}
	for name, change := range map[string]func(s *Signed){
		"version":   func(s *Signed) { s.Version = 2 },
		"network":   func(s *Signed) { s.Network = "facebook" },
		"pack":      func(s *Signed) { s.Pack = bytes.Replace(s.Pack, []byte("x.com"), []byte("y.com"), 1) },
		"signature": func(s *Signed) { s.Signature = bytes.Repeat([]byte{1}, 64) },
		"withdrawn": func(s *Signed) { s.Pack = nil },
	} {
		bad := good
		bad.Pack = bytes.Clone(good.Pack)
		change(&bad)
		if _, err := bad.Open(public); err == nil {
			t.Errorf("a pack with another %s was opened", name)
		}
	}
	lying := Signed{Network: "x", Version: 7, Pack: data, Signature: ed25519.Sign(private, Statement("x", 7, data))}
	if _, err := lying.Open(public); err == nil {
		t.Error("a pack with another version inside was opened")
	}
}
