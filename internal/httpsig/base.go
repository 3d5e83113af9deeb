package httpsig

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
)

// component is one covered component: its identifier as it is serialized in
// Signature-Input (quotes and parameters included), and its value.
type component struct{ id, value string }

// appendBase appends the signature base (RFC 9421, 2.5) of the components;
// params is the value of @signature-params. A value that could be taken for
// two lines, or is not ASCII, is refused.
func appendBase(b []byte, components []component, params string) ([]byte, error) {
	for _, c := range components {
		if !printable(c.value) {
			return nil, ErrBadSignature
		}
		b = append(b, c.id...)
		b = append(b, ": "...)
		b = append(b, c.value...)
		b = append(b, '\n')
	}
	b = append(b, `"@signature-params": `...)
	return append(b, params...), nil
}

func printable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// appendCovered appends the list of covered components, the beginning of
// @signature-params.
func appendCovered(b []byte, components []component) []byte {
	b = append(b, '(')
	for i, c := range components {
		if i > 0 {
			b = append(b, ' ')
		}
		b = append(b, c.id...)
	}
	return append(b, ')')
}

// appendString appends a parameter with a string that needs no escapes.
func appendString(b []byte, name, value string) []byte {
	b = append(b, ';')
	b = append(b, name...)
	b = append(b, `="`...)
	b = append(b, value...)
	return append(b, '"')
}

func appendCreated(b []byte, seconds int64) []byte {
	return strconv.AppendInt(append(b, ";created="...), seconds, 10)
}

// target gives @path and @query (RFC 9421, 2.2.6 and 2.2.7). On the hub it
// asks the request line, because middleware may have changed r.URL.
func target(r *http.Request) (path, query string, err error) {
	if strings.HasPrefix(r.RequestURI, "/") {
		path, query, _ = strings.Cut(r.RequestURI, "?")
		return path, "?" + query, nil
	}
	if r.URL == nil || r.URL.Opaque != "" {
		return "", "", ErrBadSignature
	}
	if path = r.URL.EscapedPath(); path == "" {
		path = "/"
	}
	if path[0] != '/' {
		return "", "", ErrBadSignature
	}
	return path, "?" + r.URL.RawQuery, nil
}

func method(r *http.Request) string {
	if r.Method == "" { // the zero value of an outgoing request
		return http.MethodGet
	}
	return r.Method
}

// byteMember reads a dictionary with the one member name, a byte sequence of
// size bytes, and refuses any other way to write it: it is right if writing it
// anew gives the same.
func byteMember(field, name string, size int) ([]byte, error) {
	value, ok := strings.CutPrefix(field, name+"=:")
	if !ok || len(value) != base64.StdEncoding.EncodedLen(size)+1 {
		return nil, ErrBadSignature
	}
	b, err := base64.StdEncoding.Strict().DecodeString(value[:len(value)-1])
	if err != nil || len(b) != size || field != name+"="+byteSequence(b) {
		return nil, ErrBadSignature
	}
	return b, nil
}

// between gives what stands between the first before and the next after.
func between(s, before, after string) string {
	_, rest, _ := strings.Cut(s, before)
	value, _, _ := strings.Cut(rest, after)
	return value
}
