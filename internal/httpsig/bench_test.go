package httpsig

import (
	"net/http"
	"testing"
)

func BenchmarkSignRequest(b *testing.B) {
	r, err := http.NewRequest("POST", testURL, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := SignRequest(r, []byte(testBody), testHub, requestKey(42)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseRequest(b *testing.B) {
	r := arrived(signedRequest(b, 42))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseRequest(r); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerifyRequest(b *testing.B) {
	r := arrived(signedRequest(b, 42))
	parsed, err := ParseRequest(r)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := parsed.Verify(r, []byte(testBody), devicePub); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSignResponse(b *testing.B) {
	r, h := arrived(signedRequest(b, 42)), http.Header{}
	b.ReportAllocs()
	for b.Loop() {
		if err := SignResponse(h, 200, []byte(answerBody), r, testHub, hubKey, testNow); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerifyResponse(b *testing.B) {
	sent := signedRequest(b, 42)
	resp := answerTo(b, arrived(sent))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := VerifyResponse(resp, []byte(answerBody), sent, testHub, hubPub); err != nil {
			b.Fatal(err)
		}
	}
}
