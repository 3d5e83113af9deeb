package httpsig

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

var coveredHeaders = []string{"Content-Digest", "Keyshift-Hub", "Signature-Input", "Signature"}

// Every header, every byte, one representative of every kind of character.
func TestNoByteOfTheHeadersCanChange(t *testing.T) {
	good := arrived(signedRequest(t, 42)).Header
	for _, name := range coveredHeaders {
		value := good.Get(name)
		for i := range len(value) + 1 {
			for _, changed := range changesAt(value, i) {
				checkHeaderRefused(t, good, name, []string{changed})
			}
		}
	}
}

// changesAt replaces the byte at i, removes it, and puts something before it.
func changesAt(value string, i int) []string {
	var changed []string
	for _, c := range []string{"", "0", "7", "a", "Z", " ", "\t", `"`, `\`, ";", ",", "=", ":", "(", "/", "+", "-", "\x00", "\n", "\x7f", "\xff", "é"} {
		changed = append(changed, value[:i]+c+value[i:])
		if i < len(value) {
			changed = append(changed, value[:i]+c+value[i+1:])
		}
	}
	kept := changed[:0]
	for _, c := range changed {
		if c != value {
			kept = append(kept, c)
		}
	}
	return kept
}

func checkHeaderRefused(t *testing.T, good http.Header, name string, values []string) {
	t.Helper()
	r := arrived(signedRequest(t, 42))
	r.Header = good.Clone()
	r.Header[name] = values
	if err := check(r, testBody, devicePub); !errors.Is(err, ErrBadSignature) {
		t.Fatalf("%s = %q: err = %v, want ErrBadSignature", name, values, err)
	}
}

func TestHeadersCannotBeRepeatedOrLeftOut(t *testing.T) {
	good, other := arrived(signedRequest(t, 42)).Header, arrived(signedRequest(t, 43)).Header
	for _, name := range coveredHeaders {
		value := good.Get(name)
		for _, values := range [][]string{
			nil, {}, {""}, {value, value}, {value, ""}, {"", value}, {value, other.Get(name)},
			{value + ", " + value}, {value + "," + other.Get(name)}, {" " + value}, {value + " "}, {strings.Repeat(value, 200)},
		} {
			checkHeaderRefused(t, good, name, values)
		}
	}
}

// The attacker here holds the device's key: the profile is refused for its
// form, not for its signature.
func TestWellSignedRequestOutsideTheProfileIsRefused(t *testing.T) {
	const covered = `("@method" "@path" "@query" "content-digest" "keyshift-hub")`
	const rest = `;alg="ed25519";tag="ks1"`
	id := `;keyid="` + testDevice + `"`
	full := `;created=1795000000` + id + `;nonce="42"`
	for _, tt := range []struct{ name, label, params string }{
		{"as it should be", "ks", covered + full + rest},
		{"other label", "sig1", covered + full + rest},
		{"no components", "ks", `()` + full + rest},
		{"component missing", "ks", `("@method" "@path" "content-digest" "keyshift-hub")` + full + rest},
		{"component added", "ks", strings.Replace(covered, ")", ` "host")`, 1) + full + rest},
		{"component twice", "ks", strings.Replace(covered, `"@path"`, `"@path" "@path"`, 1) + full + rest},
		{"other order", "ks", strings.Replace(covered, `"@method" "@path"`, `"@path" "@method"`, 1) + full + rest},
		{"component with parameter", "ks", strings.Replace(covered, `"@query"`, `"@query";req`, 1) + full + rest},
		{"no created", "ks", covered + id + `;nonce="42"` + rest},
		{"created as text", "ks", covered + `;created="1795000000"` + id + `;nonce="42"` + rest},
		{"created with fraction", "ks", covered + `;created=1795000000.5` + id + `;nonce="42"` + rest},
		{"created with zeros", "ks", covered + `;created=01795000000` + id + `;nonce="42"` + rest},
		{"created before 1970", "ks", covered + `;created=-1` + id + `;nonce="42"` + rest},
		{"created twice", "ks", covered + `;created=1` + full + rest},
		{"expires", "ks", covered + full + `;expires=1795000300` + rest},
		{"no keyid", "ks", covered + `;created=1795000000;nonce="42"` + rest},
		{"empty keyid", "ks", covered + `;created=1795000000;keyid="";nonce="42"` + rest},
		{"keyid as token", "ks", covered + `;created=1795000000;keyid=abc;nonce="42"` + rest},
		{"keyid with escape", "ks", covered + `;created=1795000000;keyid="a\"b";nonce="42"` + rest},
		{"no nonce", "ks", covered + `;created=1795000000` + id + rest},
		{"nonce as number", "ks", covered + `;created=1795000000` + id + `;nonce=42` + rest},
		{"nonce 0", "ks", covered + `;created=1795000000` + id + `;nonce="0"` + rest},
		{"nonce with zeros", "ks", covered + `;created=1795000000` + id + `;nonce="042"` + rest},
		{"nonce with sign", "ks", covered + `;created=1795000000` + id + `;nonce="+42"` + rest},
		{"negative nonce", "ks", covered + `;created=1795000000` + id + `;nonce="-42"` + rest},
		{"nonce too large", "ks", covered + `;created=1795000000` + id + `;nonce="18446744073709551616"` + rest},
		{"no alg", "ks", covered + full + `;tag="ks1"`},
		{"other alg", "ks", covered + full + `;alg="hmac-sha256";tag="ks1"`},
		{"alg none", "ks", covered + full + `;alg="none";tag="ks1"`},
		{"no tag", "ks", covered + full + `;alg="ed25519"`},
		{"other tag", "ks", covered + full + `;alg="ed25519";tag="ks2"`},
		{"the answer's tag", "ks", covered + full + `;alg="ed25519";tag="ks1-answer"`},
		{"parameters in other order", "ks", covered + full + `;tag="ks1";alg="ed25519"`},
		{"space after a semicolon", "ks", covered + full + `; alg="ed25519";tag="ks1"`},
		{"double space in the list", "ks", strings.Replace(covered, " ", "  ", 1) + full + rest},
		{"unknown parameter", "ks", covered + full + rest + `;x`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := arrived(signedRequest(t, 1))
			resign(t, r, tt.label, tt.params)
			err := check(r, testBody, devicePub)
			if tt.name == "as it should be" {
				if err != nil {
					t.Fatalf("the test's own signing is wrong: %v", err)
				}
			} else if !errors.Is(err, ErrBadSignature) {
				t.Errorf("err = %v, want ErrBadSignature", err)
			}
		})
	}
}

// resign signs r with the device key under params, whatever they are.
func resign(t *testing.T, r *http.Request, label, params string) {
	t.Helper()
	covered, err := requestComponents(r, r.Header.Get("Content-Digest"), testHub)
	if err != nil {
		t.Fatal(err)
	}
	base, err := appendBase(nil, covered[:], params)
	if err != nil {
		t.Fatal(err)
	}
	sig, err := deviceKey.Sign(nil, base, &ed25519.Options{})
	if err != nil {
		t.Fatal(err)
	}
	setSignature(r.Header, label, params, sig)
}

func TestDigestHasOneSpelling(t *testing.T) {
	good := arrived(signedRequest(t, 42)).Header
	digest := good.Get("Content-Digest")
	encoded := strings.Trim(strings.TrimPrefix(digest, "sha-256="), ":")
	raw := unbase64(t, encoded)
	for _, value := range []string{
		"sha-256=" + encoded, // a token instead of bytes
		"sha-512=:" + base64.StdEncoding.EncodeToString(append(raw, raw...)) + ":",
		digest + ";x=1",
		digest + ", sha-512=:AA==:",
		"sha-512=:AA==:, " + digest,
		"SHA-256=:" + encoded + ":",
		"sha-256=:" + strings.TrimRight(encoded, "=") + ":",
		"sha-256=:" + base64.URLEncoding.EncodeToString(raw) + "=:",
		"sha-256=:" + looseBits(t, encoded) + ":",
		"sha-256=::",
		"sha-256",
		fmt.Sprintf("sha-256=:%s:", base64.StdEncoding.EncodeToString(raw[:31])),
	} {
		checkHeaderRefused(t, good, "Content-Digest", []string{value})
	}
}

// looseBits sets the two bits that decoding 32 bytes ignores.
func looseBits(t *testing.T, encoded string) string {
	t.Helper()
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	last := strings.IndexByte(alphabet, encoded[42])
	loose := encoded[:42] + string(alphabet[last|1]) + "="
	if loose == encoded || string(unbase64(t, loose)) != string(unbase64(t, encoded)) {
		t.Fatalf("%s is not another spelling of %s", loose, encoded)
	}
	return loose
}
