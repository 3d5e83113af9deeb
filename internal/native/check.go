package native

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxDepth is how deep JSON with a schema of its own may be.
const maxDepth = 32

// maxInt is the largest whole number that JavaScript keeps exactly.
const maxInt = 1<<53 - 1

// checker walks over valid JSON and compares it with a shape. What it refuses it names, without its value: a value may be
// what nobody should see. It makes next to no garbage: a process that stays all day with little memory pays for that with answers
// that come late.
type checker struct {
	data []byte
	at   int
}

// Check says why data is not one value of the shape; nil if it is one.
func Check(data []byte, s *Shape) error {
	switch {
	case !utf8.Valid(data):
		return errors.New("the message is not UTF-8")
	case !json.Valid(data):
		return errors.New("the message is not JSON")
	}
	return (&checker{data: data}).value(s)
}

func (c *checker) value(s *Shape) error {
	if s.Kind == KindAny {
		return c.any(0)
	}
	switch first := c.next(); first {
	case '{':
		return c.fields(s)
	case '[':
		return c.elements(s)
	case '"':
		return s.text(c.text())
	case 't', 'f':
		c.literal()
		return s.is(KindBool)
	case 'n':
		return errors.New("null is no value")
	default:
		return s.number(c.literal())
	}
}

func (s *Shape) is(kind Kind) error {
	if s.Kind != kind {
		return fmt.Errorf("a %s is needed", s.Kind)
	}
	return nil
}

// next gives the first byte of what comes next. Where JSON is valid, what stands between says nothing.
func (c *checker) next() byte {
	for strings.IndexByte(" \t\r\n:,", c.data[c.at]) >= 0 {
		c.at++
	}
	return c.data[c.at]
}

// more reports whether the object or list has one more entry, and goes behind its end where it has none.
func (c *checker) more() bool {
	if b := c.next(); b != '}' && b != ']' {
		return true
	}
	c.at++
	return false
}

// quoted reads a string with its quotation marks.
func (c *checker) quoted() []byte {
	c.next()
	begin := c.at
	for c.at++; c.data[c.at] != '"'; c.at++ {
		if c.data[c.at] == '\\' {
			c.at++
		}
	}
	c.at++
	return c.data[begin:c.at]
}

func (c *checker) text() string {
	quoted := c.quoted()
	if bytes.IndexByte(quoted, '\\') >= 0 {
		return unescaped(quoted)
	}
	return string(quoted[1 : len(quoted)-1])
}

func unescaped(quoted []byte) (v string) {
	_ = json.Unmarshal(quoted, &v) // a valid string
	return v
}

// literal reads a number, true, false or null.
func (c *checker) literal() string {
	c.next()
	begin := c.at
	for c.at < len(c.data) && strings.IndexByte(" \t\r\n,]}", c.data[c.at]) < 0 {
		c.at++
	}
	return string(c.data[begin:c.at])
}

func (c *checker) fields(s *Shape) error {
	if err := s.is(KindStruct); err != nil {
		return err
	}
	seen := make([]bool, len(s.Fields))
	for c.at++; c.more(); {
		name := c.text()
		i := slices.IndexFunc(s.Fields, func(f ShapeField) bool { return f.Name == name })
		switch {
		case i < 0:
			return fmt.Errorf("%s has an unknown field", s.Name)
		case seen[i]:
			return fmt.Errorf("%s has %s twice", s.Name, name)
		}
		seen[i] = true
		if err := c.value(s.Fields[i].Shape); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return s.complete(seen)
}

func (s *Shape) complete(seen []bool) error {
	for i, f := range s.Fields {
		if !f.Optional && !seen[i] {
			return fmt.Errorf("%s has no %s", s.Name, f.Name)
		}
	}
	return nil
}

func (c *checker) elements(s *Shape) error {
	if err := s.is(KindList); err != nil {
		return err
	}
	c.at++
	for n := 0; c.more(); n++ {
		if n == s.Max {
			return fmt.Errorf("there are more than %d", s.Max)
		}
		if err := c.value(s.Element); err != nil {
			return err
		}
	}
	return nil
}

// any reads a value that has a schema of its own: its fields are names and values in turn.
func (c *checker) any(depth int) error {
	switch c.next() {
	case '"':
		c.quoted()
		return nil
	case '{', '[':
	default:
		c.literal()
		return nil
	}
	if depth == maxDepth {
		return errors.New("the message is too deep")
	}
	for c.at++; c.more(); {
		if err := c.any(depth + 1); err != nil {
			return err
		}
	}
	return nil
}

func (s *Shape) number(v string) error {
	if err := s.is(KindInt); err != nil {
		return err
	}
	if i, err := strconv.ParseInt(v, 10, 64); err != nil || i < 0 || i > maxInt {
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
