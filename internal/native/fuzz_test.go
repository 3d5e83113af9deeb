package native

import (
	"bytes"
	"encoding/json"
	"testing"
)

// FuzzMessage reads bytes as a browser sends them, up to the body of the request that they name. Whatever is taken has to
// mean the same when it is written and read again, and must not have become larger than a frame.
func FuzzMessage(f *testing.F) {
	for _, r := range Requests() {
		body, err := json.Marshal(sample(ShapeOf(r.Body)))
		if err != nil {
			f.Fatal(err)
		}
		message, err := Encode(1, r.Type, json.RawMessage(body))
		if err != nil {
			f.Fatal(err)
		}
		framed, err := AppendFrame(nil, message)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(framed)
	}
	f.Add([]byte{0, 0, 0, 0})
	f.Add([]byte{255, 255, 255, 255, '{', '}'})
	f.Fuzz(func(t *testing.T, raw []byte) {
		message, err := ReadFrame(bytes.NewReader(raw), nil)
		if err != nil {
			return
		}
		e, err := DecodeEnvelope(message)
		if err != nil {
			return
		}
		again, err := Encode(e.ID, e.Type, e.Body)
		if err != nil {
			return // characters that JSON writes longer than it reads them
		}
		twice, err := DecodeEnvelope(again)
		if err != nil || twice.ID != e.ID || twice.Type != e.Type {
			t.Fatalf("written again: %v", err)
		}
		for _, r := range Requests() {
			if r.Type == e.Type {
				sameVerdict(t, r.Body, e.Body, twice.Body)
			}
		}
	})
}

func sameVerdict(t *testing.T, zero any, a, b json.RawMessage) {
	one, two := decode(zero, a), decode(zero, b)
	if (one == nil) != (two == nil) {
		t.Fatalf("read first: %v, written and read again: %v", one, two)
	}
}
