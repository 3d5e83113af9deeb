package httpsig

import (
	"errors"
	"net/http"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzParseRequest looks for a request that parses but is written differently
// from what SignRequest would write, or that verifies without being the one
// request that the device signed.
func FuzzParseRequest(f *testing.F) {
	good := signedRequest(f, 42)
	h := good.Header
	f.Add("POST", good.URL.RequestURI(), testHub, h.Get("Content-Digest"), h.Get("Signature-Input"), h.Get("Signature"))
	f.Fuzz(func(t *testing.T, method, uri, hub, digest, input, signature string) {
		r := &http.Request{Method: method, RequestURI: uri, URL: &url.URL{Path: "/"}, Header: http.Header{
			"Keyshift-Hub": {hub}, "Content-Digest": {digest}, "Signature-Input": {input}, "Signature": {signature},
		}}
		parsed, err := ParseRequest(r)
		if err != nil {
			if !errors.Is(err, ErrBadSignature) || parsed != nil {
				t.Fatalf("ParseRequest = %v, %v", parsed, err)
			}
			return
		}
		if got := rewritten(t, r, parsed); !cmp.Equal(got, r.Header) {
			t.Errorf("another spelling was accepted:\n%s", cmp.Diff(got, r.Header))
		}
		signed := cmp.Equal(r.Header, good.Header) && method == good.Method && uri == good.URL.RequestURI()
		if err := parsed.Verify(r, []byte(testBody), devicePub); (err == nil) != signed {
			t.Errorf("Verify = %v, signed by the device: %v", err, signed)
		}
	})
}

// rewritten writes the headers anew from nothing but what was parsed.
func rewritten(t *testing.T, r *http.Request, q *Request) http.Header {
	t.Helper()
	if !validID(q.DeviceID) || !validID(q.HubID) || q.Seq == 0 || q.Created.Unix() <= 0 {
		t.Errorf("accepted %+v", *q)
	}
	covered, err := requestComponents(r, q.digest, q.HubID)
	if err != nil {
		t.Fatal(err)
	}
	h := http.Header{}
	h.Set(HeaderHub, q.HubID)
	h.Set(headerDigest, q.digest)
	setSignature(h, requestLabel, requestParams(covered[:], q.Created.Unix(), q.DeviceID, q.Seq), q.signature)
	return h
}
