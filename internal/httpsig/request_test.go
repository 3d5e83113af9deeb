package httpsig

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const (
	testHub    = "0192f3a4-0000-7000-8000-00000000000a"
	testDevice = "0192f3a4-0000-7000-8000-00000000000b"
	testURL    = "https://hub.example/keyshift.v1.AgentService/Sync?wait=1"
	testBody   = `{"reason":"launch post"}`
)

var (
	testNow   = time.Unix(1_795_000_000, 123_456_789).UTC()
	deviceKey = ed25519.NewKeyFromSeed([]byte("device-key-of-the-tests-32-bytes"))
	devicePub = deviceKey.Public().(ed25519.PublicKey)
	hubKey    = ed25519.NewKeyFromSeed([]byte("hub-key-of-the-tests--is-32-byte"))
	hubPub    = hubKey.Public().(ed25519.PublicKey)
)

func requestKey(seq uint64) RequestKey {
	return RequestKey{DeviceID: testDevice, Seq: seq, Key: deviceKey, Now: testNow}
}

func signedRequest(t testing.TB, seq uint64) *http.Request {
	t.Helper()
	r, err := http.NewRequest("POST", testURL, strings.NewReader(testBody))
	if err != nil {
		t.Fatal(err)
	}
	if err := SignRequest(r, []byte(testBody), testHub, requestKey(seq)); err != nil {
		t.Fatal(err)
	}
	return r
}

// arrived is r as the hub's server hands it to a handler.
func arrived(r *http.Request) *http.Request {
	in := httptest.NewRequest(r.Method, r.URL.RequestURI(), nil)
	in.Host = "some-proxy.internal"
	in.Header = r.Header.Clone()
	return in
}

// check parses and verifies as the hub does.
func check(r *http.Request, body string, pub ed25519.PublicKey) error {
	parsed, err := ParseRequest(r)
	if err != nil {
		return err
	}
	return parsed.Verify(r, []byte(body), pub)
}

func TestSignedRequestVerifies(t *testing.T) {
	r := arrived(signedRequest(t, 42))
	got, err := ParseRequest(r)
	if err != nil {
		t.Fatal(err)
	}
	want := &Request{DeviceID: testDevice, Seq: 42, Created: testNow.Truncate(time.Second), HubID: testHub}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Request{})); diff != "" {
		t.Errorf("parsed request (-want +got):\n%s", diff)
	}
	if err := got.Verify(r, []byte(testBody), devicePub); err != nil {
		t.Errorf("Verify: %v", err)
	}
}

func TestSignedRequestIsWrittenAsTheProfileSays(t *testing.T) {
	got := signedRequest(t, 42).Header
	input := `ks=("@method" "@path" "@query" "content-digest" "keyshift-hub");created=1795000000;keyid="` + testDevice + `";nonce="42";alg="ed25519";tag="ks1"`
	want := http.Header{
		"Content-Digest":  {digestOf([]byte(testBody))},
		"Keyshift-Hub":    {testHub},
		"Signature-Input": {input},
		"Signature":       got["Signature"],
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
}

func TestRequestWithoutContentVerifies(t *testing.T) {
	for _, tt := range []struct{ method, url string }{
		{"", "https://hub.example"}, {"GET", "https://hub.example/"}, {"DELETE", "https://hub.example/a%2Fb?x=%20"},
	} {
		r, err := http.NewRequest(tt.method, tt.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Method, r.Header = tt.method, nil
		if err := SignRequest(r, nil, testHub, requestKey(1)); err != nil {
			t.Fatal(err)
		}
		in := arrived(r)
		if err := check(in, "", devicePub); err != nil {
			t.Errorf("%s %s: %v", tt.method, tt.url, err)
		}
		if err := check(in, "x", devicePub); !errors.Is(err, ErrBadSignature) {
			t.Errorf("%s %s with content: err = %v, want ErrBadSignature", tt.method, tt.url, err)
		}
	}
}

func TestSigningAgainReplacesTheSignature(t *testing.T) {
	r := signedRequest(t, 1)
	if err := SignRequest(r, []byte("other"), testHub, requestKey(2)); err != nil {
		t.Fatal(err)
	}
	if err := check(arrived(r), "other", devicePub); err != nil {
		t.Error(err)
	}
}

func TestSignRequestRefusesWhatTheProfileCannotSay(t *testing.T) {
	changed := func(change func(*RequestKey)) RequestKey {
		k := requestKey(1)
		change(&k)
		return k
	}
	device := func(id string) RequestKey { return changed(func(k *RequestKey) { k.DeviceID = id }) }
	for _, tt := range []struct {
		name, hub string
		key       RequestKey
	}{
		{"no hub", "", requestKey(1)},
		{"hub with a line break", "a\nb", requestKey(1)},
		{"no device", testHub, device("")},
		{"device with a quote", testHub, device(`a"b`)},
		{"device with a backslash", testHub, device(`a\b`)},
		{"device with a space", testHub, device("a b")},
		{"device not ASCII", testHub, device("é")},
		{"long device", testHub, device(strings.Repeat("x", maxID+1))},
		{"sequence number 0", testHub, requestKey(0)},
		{"no key", testHub, changed(func(k *RequestKey) { k.Key = nil })},
		{"no time", testHub, changed(func(k *RequestKey) { k.Now = time.Time{} })},
	} {
		r := httptest.NewRequest("POST", testURL, nil)
		if err := SignRequest(r, nil, tt.hub, tt.key); !errors.Is(err, ErrNotSignable) || len(r.Header) != 0 {
			t.Errorf("%s: err = %v, headers %v, want ErrNotSignable and none", tt.name, err, r.Header)
		}
	}
	r := httptest.NewRequest("POST", testURL, nil)
	r.RequestURI, r.URL.RawQuery = "", "a\nb"
	if err := SignRequest(r, nil, testHub, requestKey(1)); !errors.Is(err, ErrNotSignable) {
		t.Errorf("query with a line break: err = %v, want ErrNotSignable", err)
	}
}

func TestChangedRequestDoesNotVerify(t *testing.T) {
	with := func(change func(*http.Request)) *http.Request {
		r := arrived(signedRequest(t, 42))
		change(r)
		return r
	}
	uri := func(uri string) *http.Request {
		return with(func(r *http.Request) {
			in := httptest.NewRequest(r.Method, uri, nil)
			in.Header = r.Header
			*r = *in
		})
	}
	other := ed25519.NewKeyFromSeed(make([]byte, 32)).Public().(ed25519.PublicKey)
	same := func(*http.Request) {}
	for _, tt := range []struct {
		name string
		r    *http.Request
		body string
		pub  ed25519.PublicKey
	}{
		{"method", with(func(r *http.Request) { r.Method = "PUT" }), testBody, devicePub},
		{"method in lower case", with(func(r *http.Request) { r.Method = "post" }), testBody, devicePub},
		{"path", uri("/keyshift.v1.AgentService/CheckOut?wait=1"), testBody, devicePub},
		{"path in another spelling", uri("/keyshift.v1.AgentService/%53ync?wait=1"), testBody, devicePub},
		{"slash added", uri("/keyshift.v1.AgentService/Sync/?wait=1"), testBody, devicePub},
		{"query", uri("/keyshift.v1.AgentService/Sync?wait=2"), testBody, devicePub},
		{"no query", uri("/keyshift.v1.AgentService/Sync"), testBody, devicePub},
		{"query in the path", uri("/keyshift.v1.AgentService/Sync%3Fwait=1"), testBody, devicePub},
		{"body", with(same), testBody + " ", devicePub},
		{"no body", with(same), "", devicePub},
		{"another device's key", with(same), testBody, other},
		{"the hub's key", with(same), testBody, hubPub},
		{"no key", with(same), testBody, nil},
		{"half a key", with(same), testBody, devicePub[:16]},
	} {
		if err := check(tt.r, tt.body, tt.pub); !errors.Is(err, ErrBadSignature) {
			t.Errorf("%s changed: err = %v, want ErrBadSignature", tt.name, err)
		}
	}
}

func TestUnsignedRequest(t *testing.T) {
	_, err := ParseRequest(httptest.NewRequest("GET", "/", nil))
	if !errors.Is(err, ErrUnsigned) || !errors.Is(err, ErrBadSignature) {
		t.Errorf("err = %v, want ErrUnsigned, which is an ErrBadSignature", err)
	}
	half := arrived(signedRequest(t, 1))
	half.Header.Del("Signature")
	if _, err := ParseRequest(half); !errors.Is(err, ErrBadSignature) || errors.Is(err, ErrUnsigned) {
		t.Errorf("half a signature: err = %v, want ErrBadSignature only", err)
	}
}

// Middleware rewrites r.URL; the signature is about the request line.
func TestStrippedPrefixStillVerifies(t *testing.T) {
	r := arrived(signedRequest(t, 1))
	var err error
	http.StripPrefix("/keyshift.v1.AgentService", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		err = check(r, testBody, devicePub)
	})).ServeHTTP(httptest.NewRecorder(), r)
	if err != nil {
		t.Error(err)
	}
}

func TestZeroRequestDoesNotVerify(t *testing.T) {
	if err := new(Request).Verify(arrived(signedRequest(t, 1)), nil, devicePub); !errors.Is(err, ErrBadSignature) {
		t.Errorf("err = %v, want ErrBadSignature", err)
	}
}

func TestRequestKeyNeverPrints(t *testing.T) {
	k := requestKey(1)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		if got := fmt.Sprintf(verb, k); got != "[redacted]" {
			t.Errorf("%s prints %s", verb, got)
		}
	}
	if got, err := json.Marshal(k); err == nil {
		t.Errorf("marshals to %s", got)
	}
}
