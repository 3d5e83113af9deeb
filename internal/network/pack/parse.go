package pack

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Parse reads a pack, refuses unknown fields and anything behind it, and validates it.
func Parse(data []byte) (Pack, error) {
	if len(data) > MaxBytes {
		return Pack{}, fmt.Errorf("the pack has %d bytes, the limit is %d", len(data), MaxBytes)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	var p Pack
	if err := dec.Decode(&p); err != nil {
		return Pack{}, fmt.Errorf("read pack: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Pack{}, errors.New("read pack: there is something behind it")
	}
	return p, p.Validate()
}

// Encode writes a pack in the one form that is signed: compact JSON.
func (p Pack) Encode() ([]byte, error) {
	p.Identity, p.Composers = full(p.Identity), full(p.Composers)
	p.Guards, p.Delegated = full(p.Guards), full(p.Delegated)
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(p); err != nil {
		return nil, fmt.Errorf("encode pack: %w", err)
	}
	data := bytes.TrimSpace(b.Bytes())
	if len(data) > MaxBytes {
		return nil, fmt.Errorf("the pack has %d bytes, the limit is %d", len(data), MaxBytes)
	}
	return data, nil
}

// full turns no list into an empty one: readers want a list.
func full[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
