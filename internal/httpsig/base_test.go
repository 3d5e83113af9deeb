package httpsig

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
)

// RFC 9421, appendix B.2.6, with the key of B.1.4.
func TestSignatureBaseOfTheRFC(t *testing.T) {
	covered := []component{
		{`"date"`, "Tue, 20 Apr 2021 02:07:55 GMT"},
		{`"@method"`, "POST"},
		{`"@path"`, "/foo"},
		{`"@authority"`, "example.com"},
		{`"content-type"`, "application/json"},
		{`"content-length"`, "18"},
	}
	params := string(appendString(appendCreated(appendCovered(nil, covered), 1618884473), "keyid", "test-key-ed25519"))
	base, err := appendBase(nil, covered, params)
	if err != nil {
		t.Fatal(err)
	}
	const want = `"date": Tue, 20 Apr 2021 02:07:55 GMT
"@method": POST
"@path": /foo
"@authority": example.com
"content-type": application/json
"content-length": 18
"@signature-params": ("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"`
	if string(base) != want {
		t.Errorf("signature base:\n%s\nwant:\n%s", base, want)
	}
	seed := unbase64(t, "n4Ni+HpISpVObnQMW0wOhCKROaIKqKtW/2ZYb2p9KcU=")
	key := ed25519.NewKeyFromSeed(seed)
	const signature = ":wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:"
	if got := byteSequence(ed25519.Sign(key, base)); got != signature {
		t.Errorf("signature = %s, want %s", got, signature)
	}
	public := "JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs="
	if got := base64.StdEncoding.EncodeToString(key.Public().(ed25519.PublicKey)); got != public {
		t.Errorf("public key = %s, want %s", got, public)
	}
}

func unbase64(t *testing.T, s string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// RFC 9530, appendix B.
func TestDigestOfTheRFC(t *testing.T) {
	for body, want := range map[string]string{
		`{"hello": "world"}` + "\n": "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:",
		`{"hello": "world"}`:        "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:",
		"":                          "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:",
	} {
		if got := digestOf([]byte(body)); got != want {
			t.Errorf("digest of %q = %s, want %s", body, got, want)
		}
	}
}

func TestSignatureBaseRefusesValuesThatCouldForgeALine(t *testing.T) {
	for _, value := range []string{"a\nb", "a\r", "\x00", "\x7f", "\t", "é", "\xff"} {
		if _, err := appendBase(nil, []component{{`"x"`, value}}, "()"); !errors.Is(err, ErrBadSignature) {
			t.Errorf("value %q: err = %v, want ErrBadSignature", value, err)
		}
	}
}

func TestTargetOfAnOutgoingRequest(t *testing.T) {
	for _, tt := range []struct{ url, path, query string }{
		{"https://hub.example/path?param=value", "/path", "?param=value"},
		{"https://hub.example/path", "/path", "?"},
		{"https://hub.example/path?", "/path", "?"},
		{"https://hub.example", "/", "?"},
		{"https://hub.example?x", "/", "?x"},
		{"https://hub.example/a%2Fb%20c/%C3%A9?q=%20&q=%2f", "/a%2Fb%20c/%C3%A9", "?q=%20&q=%2f"},
		{"https://hub.example//a/../b/.", "//a/../b/.", "?"},
		{"https://hub.example/a?b?c", "/a", "?b?c"},
	} {
		r, err := http.NewRequest("GET", tt.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		path, query, err := target(r)
		if err != nil || path != tt.path || query != tt.query {
			t.Errorf("%s: target = %q %q %v, want %q %q", tt.url, path, query, err, tt.path, tt.query)
		}
		incoming := httptest.NewRequest("GET", r.URL.RequestURI(), nil)
		if p, q, err := target(incoming); err != nil || p != path || q != query {
			t.Errorf("%s: the hub sees %q %q %v, the device %q %q", tt.url, p, q, err, path, query)
		}
	}
}

func TestTargetRefusesWhatHasNoPath(t *testing.T) {
	for name, r := range map[string]*http.Request{
		"asterisk": {RequestURI: "*", URL: &url.URL{Path: "*"}},
		"opaque":   {URL: &url.URL{Opaque: "//x/y"}},
		"no URL":   {},
		"relative": {URL: &url.URL{Path: "x"}},
	} {
		if _, _, err := target(r); !errors.Is(err, ErrBadSignature) {
			t.Errorf("%s: err = %v, want ErrBadSignature", name, err)
		}
	}
}
