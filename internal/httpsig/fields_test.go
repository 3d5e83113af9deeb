package httpsig

import (
	"encoding/base64"
	"testing"

	"github.com/dunglas/httpsfv"
)

// What is written and read here by its bytes has to be a structured field (RFC 9651) to everybody else.
func TestHeadersAreStructuredFields(t *testing.T) {
	r := arrived(signedRequest(t, 42))
	got, err := ParseRequest(r)
	if err != nil {
		t.Fatal(err)
	}
	input, ok := parsed(t, r.Header.Get("Signature-Input"), requestLabel).(httpsfv.InnerList)
	if !ok {
		t.Fatalf("Signature-Input %q is not an inner list", r.Header.Get("Signature-Input"))
	}
	for name, want := range map[string]any{"created": got.Created.Unix(), "keyid": got.DeviceID, "nonce": "42", "alg": "ed25519", "tag": requestTag} {
		if value, _ := input.Params.Get(name); value != want {
			t.Errorf("%s = %v, want %v", name, value, want)
		}
	}
	for field, name := range map[string]string{"Signature": requestLabel, "Content-Digest": "sha-256"} {
		item, _ := parsed(t, r.Header.Get(field), name).(httpsfv.Item)
		value, _ := item.Value.([]byte)
		if want := name + "=:" + base64.StdEncoding.EncodeToString(value) + ":"; len(value) == 0 || r.Header.Get(field) != want {
			t.Errorf("%s = %q, read as %q", field, r.Header.Get(field), want)
		}
	}
}

// parsed is the one member of a dictionary.
func parsed(t *testing.T, field, name string) httpsfv.Member {
	t.Helper()
	dict, err := httpsfv.UnmarshalDictionary([]string{field})
	if err != nil || len(dict.Names()) != 1 {
		t.Fatalf("%q: %v", field, err)
	}
	member, _ := dict.Get(name)
	return member
}
