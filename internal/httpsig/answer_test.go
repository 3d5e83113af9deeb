package httpsig

import (
	"crypto/ed25519"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const answerBody = `{"lease":"active"}`

func answerTo(t testing.TB, r *http.Request) *http.Response {
	t.Helper()
	h := http.Header{"Content-Type": {"application/json"}}
	if err := SignResponse(h, 200, []byte(answerBody), r, testHub, hubKey, testNow); err != nil {
		t.Fatal(err)
	}
	return &http.Response{StatusCode: 200, Header: h}
}

func TestSignedAnswerVerifies(t *testing.T) {
	sent := signedRequest(t, 42)
	got, err := VerifyResponse(answerTo(t, arrived(sent)), []byte(answerBody), sent, testHub, hubPub)
	if want := testNow.Truncate(time.Microsecond); err != nil || !got.Equal(want) {
		t.Errorf("VerifyResponse = %v, %v, want %v", got, err, want)
	}
}

func TestSignedAnswerIsWrittenAsTheProfileSays(t *testing.T) {
	got := answerTo(t, arrived(signedRequest(t, 42))).Header
	want := http.Header{
		"Content-Type":   {"application/json"},
		"Content-Digest": {digestOf([]byte(answerBody))},
		"Keyshift-Time":  {"1795000000123456"},
		"Signature-Input": {`hub=("@status" "content-digest" "keyshift-time" "@method";req "@path";req "content-digest";req "signature";req;key="ks")` +
			`;created=1795000000;keyid="` + testHub + `";tag="ks1-answer"`},
		"Signature": got["Signature"],
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
}

func TestAnswerToAnotherRequestDoesNotVerify(t *testing.T) {
	answer := answerTo(t, arrived(signedRequest(t, 42)))
	signed := func(change func(*http.Request, *RequestKey), body string) *http.Request {
		r, err := http.NewRequest("POST", testURL, nil)
		if err != nil {
			t.Fatal(err)
		}
		k := requestKey(42)
		change(r, &k)
		if err := SignRequest(r, []byte(body), testHub, k); err != nil {
			t.Fatal(err)
		}
		return r
	}
	same := func(*http.Request, *RequestKey) {}
	if _, err := VerifyResponse(answer, []byte(answerBody), signed(same, testBody), testHub, hubPub); err != nil {
		t.Fatalf("the same request, built again: %v", err)
	}
	other := ed25519.NewKeyFromSeed(make([]byte, 32))
	for name, sent := range map[string]*http.Request{
		"next sequence number": signed(func(_ *http.Request, k *RequestKey) { k.Seq = 43 }, testBody),
		"a second later":       signed(func(_ *http.Request, k *RequestKey) { k.Now = k.Now.Add(time.Second) }, testBody),
		"another device":       signed(func(_ *http.Request, k *RequestKey) { k.DeviceID = "other" }, testBody),
		"another key":          signed(func(_ *http.Request, k *RequestKey) { k.Key = other }, testBody),
		"another body":         signed(same, "{}"),
		"another method":       signed(func(r *http.Request, _ *RequestKey) { r.Method = "PUT" }, testBody),
		"another path":         signed(func(r *http.Request, _ *RequestKey) { r.URL.Path = "/x" }, testBody),
		"another query":        signed(func(r *http.Request, _ *RequestKey) { r.URL.RawQuery = "wait=2" }, testBody),
	} {
		if got, err := VerifyResponse(answer, []byte(answerBody), sent, testHub, hubPub); !errors.Is(err, ErrBadSignature) || !got.IsZero() {
			t.Errorf("%s: VerifyResponse = %v, %v, want ErrBadSignature", name, got, err)
		}
	}
}

func TestChangedAnswerDoesNotVerify(t *testing.T) {
	sent := signedRequest(t, 42)
	unsignedRequest := sent.Clone(t.Context())
	unsignedRequest.Header = http.Header{}
	for _, tt := range []struct {
		name   string
		status int
		body   string
		sent   *http.Request
		hub    string
		pub    ed25519.PublicKey
	}{
		{"status", 201, answerBody, sent, testHub, hubPub},
		{"status out of range", 0, answerBody, sent, testHub, hubPub},
		{"body", 200, `{"lease":"revoked"}`, sent, testHub, hubPub},
		{"no body", 200, "", sent, testHub, hubPub},
		{"another hub id", 200, answerBody, sent, testHub + "x", hubPub},
		{"no hub id", 200, answerBody, sent, "", hubPub},
		{"another hub key", 200, answerBody, sent, testHub, devicePub},
		{"no hub key", 200, answerBody, sent, testHub, nil},
		{"request not signed", 200, answerBody, unsignedRequest, testHub, hubPub},
	} {
		answer := answerTo(t, arrived(sent))
		answer.StatusCode = tt.status
		if got, err := VerifyResponse(answer, []byte(tt.body), tt.sent, tt.hub, tt.pub); !errors.Is(err, ErrBadSignature) || !got.IsZero() {
			t.Errorf("%s changed: VerifyResponse = %v, %v, want ErrBadSignature", tt.name, got, err)
		}
	}
}

func TestNoByteOfTheAnswersHeadersCanChange(t *testing.T) {
	sent := signedRequest(t, 42)
	good := answerTo(t, arrived(sent)).Header
	refused := func(name string, values ...string) {
		t.Helper()
		h := good.Clone()
		h[name] = values
		_, err := VerifyResponse(&http.Response{StatusCode: 200, Header: h}, []byte(answerBody), sent, testHub, hubPub)
		if !errors.Is(err, ErrBadSignature) {
			t.Fatalf("%s = %q: err = %v, want ErrBadSignature", name, values, err)
		}
	}
	for _, name := range []string{"Content-Digest", "Keyshift-Time", "Signature-Input", "Signature"} {
		value := good.Get(name)
		for i := range len(value) + 1 {
			for _, changed := range changesAt(value, i) {
				refused(name, changed)
			}
		}
		refused(name)
		refused(name, value, value)
		refused(name, value+", "+value)
		refused(name, strings.Repeat("x", maxHeader+1))
	}
}

// Both sides know the same public keys, so a request's signature must not pass
// for an answer's, whatever key made it.
func TestRequestSignatureIsNoAnswer(t *testing.T) {
	sent := signedRequest(t, 42)
	_, err := VerifyResponse(&http.Response{StatusCode: 200, Header: sent.Header.Clone()}, []byte(testBody), sent, testHub, devicePub)
	if !errors.Is(err, ErrBadSignature) {
		t.Errorf("err = %v, want ErrBadSignature", err)
	}
}

func TestUnsignedAnswer(t *testing.T) {
	_, err := VerifyResponse(&http.Response{StatusCode: 502, Header: http.Header{}}, nil, signedRequest(t, 1), testHub, hubPub)
	if !errors.Is(err, ErrUnsigned) || !errors.Is(err, ErrBadSignature) {
		t.Errorf("err = %v, want ErrUnsigned, which is an ErrBadSignature", err)
	}
}

func TestSignResponseRefusesWhatTheProfileCannotSay(t *testing.T) {
	signed := arrived(signedRequest(t, 1))
	plain, err := http.NewRequest("GET", testURL, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		status int
		r      *http.Request
		hub    string
		key    ed25519.PrivateKey
		now    time.Time
	}{
		{"status 0", 0, signed, testHub, hubKey, testNow},
		{"status 1000", 1000, signed, testHub, hubKey, testNow},
		{"request not signed", 200, plain, testHub, hubKey, testNow},
		{"no hub id", 200, signed, "", hubKey, testNow},
		{"hub id with a quote", 200, signed, `a"b`, hubKey, testNow},
		{"no key", 200, signed, testHub, nil, testNow},
		{"no time", 200, signed, testHub, hubKey, time.Time{}},
	} {
		h := http.Header{}
		if err := SignResponse(h, tt.status, nil, tt.r, tt.hub, tt.key, tt.now); !errors.Is(err, ErrNotSignable) || len(h) != 0 {
			t.Errorf("%s: err = %v, headers %v, want ErrNotSignable and none", tt.name, err, h)
		}
	}
}
