package native

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxDepth is how deep JSON with a schema of its own may be.
const maxDepth = 32

// maxInt is the largest whole number that JavaScript keeps exactly.
const maxInt = 1<<53 - 1

// checker reads JSON token by token and compares it with a shape. What it refuses it names, without its value: a value may
// be what nobody should see.
type checker struct{ dec *json.Decoder }

// Check says why data is not one value of the shape; nil if it is one.
func Check(data []byte, s *Shape) error {
	if !utf8.Valid(data) {
		return errors.New("the message is not UTF-8")
	}
	c := checker{json.NewDecoder(bytes.NewReader(data))}
	c.dec.UseNumber()
	if err := c.value(s); err != nil {
		return err
	}
	if _, err := c.dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is something after the message")
	}
	return nil
}

func (c checker) value(s *Shape) error {
	if s.Kind == KindAny {
		return c.any(0)
	}
	token, err := c.dec.Token()
	if err != nil {
		return errors.New("the message is not JSON")
	}
	switch v := token.(type) {
	case json.Delim:
		return c.nested(s, v)
	case string:
		return s.text(v)
	case json.Number:
		return s.number(v)
	case bool:
		return s.is(KindBool)
	}
	return errors.New("null is no value")
}

func (s *Shape) is(kind Kind) error {
	if s.Kind != kind {
		return fmt.Errorf("a %s is needed", s.Kind)
	}
	return nil
}

func (c checker) nested(s *Shape, open json.Delim) error {
	if open == '{' {
		if err := s.is(KindStruct); err != nil {
			return err
		}
		return c.fields(s)
	}
	if err := s.is(KindList); err != nil {
		return err
	}
	return c.elements(s)
}

func (c checker) fields(s *Shape) error {
	var seen []string
	for c.dec.More() {
		token, err := c.dec.Token()
		name, ok := token.(string)
		if err != nil || !ok {
			return errors.New("the message is not JSON")
		}
		f := s.field(name)
		switch {
		case f == nil:
			return fmt.Errorf("%s has an unknown field", s.Name)
		case slices.Contains(seen, name):
			return fmt.Errorf("%s has %s twice", s.Name, name)
		}
		seen = append(seen, name)
		if err := c.value(f.Shape); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if err := s.complete(seen); err != nil {
		return err
	}
	return c.closed()
}

// closed reads the end of an object or list.
func (c checker) closed() error {
	if _, err := c.dec.Token(); err != nil {
		return errors.New("the message is not JSON")
	}
	return nil
}

func (s *Shape) complete(seen []string) error {
	for _, f := range s.Fields {
		if !f.Optional && !slices.Contains(seen, f.Name) {
			return fmt.Errorf("%s has no %s", s.Name, f.Name)
		}
	}
	return nil
}

func (c checker) elements(s *Shape) error {
	for n := 0; c.dec.More(); n++ {
		if n == s.Max {
			return fmt.Errorf("there are more than %d", s.Max)
		}
		if err := c.value(s.Element); err != nil {
			return err
		}
	}
	return c.closed()
}

// any reads a value that has a schema of its own.
func (c checker) any(depth int) error {
	token, err := c.dec.Token()
	if err != nil {
		return errors.New("the message is not JSON")
	}
	if _, nested := token.(json.Delim); !nested {
		return nil
	}
	if depth == maxDepth {
		return errors.New("the message is too deep")
	}
	for c.dec.More() {
		if err := c.any(depth + 1); err != nil {
			return err
		}
	}
	return c.closed()
}

func (s *Shape) number(n json.Number) error {
	if err := s.is(KindInt); err != nil {
		return err
	}
	if i, err := n.Int64(); err != nil || i < 0 || i > maxInt {
		return errors.New("a whole number of at least 0 is needed")
	}
	return nil
}

func (s *Shape) text(v string) error {
	if s.Kind == KindWord {
		if !slices.Contains(s.Words, v) {
			return fmt.Errorf("this is no %s", s.Name)
		}
		return nil
	}
	fits, ok := alphabets[s.Kind]
	switch {
	case !ok:
		return fmt.Errorf("a %s is needed", s.Kind)
	case len(v) > s.Max:
		return fmt.Errorf("it is longer than %d bytes", s.Max)
	case !fits(v):
		return fmt.Errorf("this is no %s", s.Kind)
	}
	return nil
}

var alphabets = map[Kind]func(string) bool{
	KindText:   func(string) bool { return true },
	KindToken:  func(v string) bool { return v != "" && only(v, ".:_-{}") },
	KindBase64: func(v string) bool { return v != "" && only(v, "_-") },
	KindOrigin: isOrigin,
}

// only reports whether v has letters and digits of ASCII, and extra.
func only(v, extra string) bool {
	return !strings.ContainsFunc(v, func(r rune) bool {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		return !letter && !strings.ContainsRune(extra, r)
	})
}

// isOrigin reports whether v is an origin as a browser writes it; "null" is one too, and nothing is ever filled there.
func isOrigin(v string) bool {
	u, err := url.Parse(v)
	return err == nil && only(v, ".:/-[]") && (v == "null" || u.Scheme != "" && u.Host != "" && u.Scheme+"://"+u.Host == v)
}
