package keyshift

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// Opened is a credential in memory that can be cleared, which a string cannot. It prints as "[redacted]". The zero value
// is empty. Whoever gets one wipes it.
type Opened struct{ buf, login, password []byte }

var errNoCredential = errors.New("decode credential: not a credential")

// OpenCredential reads what [Credential.Encode] gave, into memory of its own, and leaves b as it is. Its error never quotes
// the bytes.
func OpenCredential(b []byte) (*Opened, error) {
	o := &Opened{buf: make([]byte, 0, 2*len(b))} // unescaped it is never longer
	o.buf = append(o.buf, b...)
	rest, ok := bytes.CutPrefix(b, []byte(`{"login":`))
	if ok {
		o.login, rest, ok = o.text(rest)
	}
	if ok {
		rest, ok = bytes.CutPrefix(rest, []byte(`,"password":`))
	}
	if ok {
		o.password, rest, ok = o.text(rest)
	}
	if !ok || string(rest) != "}" {
		o.Wipe()
		return nil, errNoCredential
	}
	return o, nil
}

// Login and Password give the parts, and JSON both as an object with these names. All are gone with [Opened.Wipe].
func (o *Opened) Login() []byte    { return o.login }
func (o *Opened) Password() []byte { return o.password }
func (o *Opened) JSON() []byte     { return o.buf[:len(o.buf)-len(o.login)-len(o.password)] }

// Empty reports whether there is no password. A nil Opened has none.
func (o *Opened) Empty() bool { return o == nil || len(o.password) == 0 }

// Wipe clears all of it. A nil Opened has nothing to clear.
func (o *Opened) Wipe() {
	if o != nil {
		clear(o.buf[:cap(o.buf)])
		*o = Opened{}
	}
}

// Format prints nothing of it, whatever the verb.
func (o *Opened) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// MarshalText refuses, as that of [Secret] does.
func (o *Opened) MarshalText() ([]byte, error) { return nil, errSecretMarshaled }

// text reads a JSON string at the beginning of b and appends what it says to buf.
func (o *Opened) text(b []byte) (text, rest []byte, ok bool) {
	start := len(o.buf)
	if len(b) == 0 || b[0] != '"' {
		return nil, nil, false
	}
	for b = b[1:]; len(b) > 0; {
		switch c := b[0]; {
		case c == '"':
			return o.buf[start:len(o.buf):len(o.buf)], b[1:], true
		case c < 0x20:
			return nil, nil, false
		case c == '\\':
			r, n := unescape(b)
			if n == 0 {
				return nil, nil, false
			}
			o.buf, b = utf8.AppendRune(o.buf, r), b[n:]
		default:
			o.buf, b = append(o.buf, c), b[1:]
		}
	}
	return nil, nil, false
}

// escapes are the short ones of RFC 8259, 7.
var escapes = map[byte]rune{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// unescape reads one escape and how long it is; 0 if it is none.
func unescape(b []byte) (r rune, n int) {
	if len(b) < 2 {
		return 0, 0
	}
	if r, short := escapes[b[1]]; short {
		return r, 2
	}
	high, ok := unit(b)
	if !ok {
		return 0, 0
	}
	if !utf16.IsSurrogate(high) {
		return high, 6
	}
	low, _ := unit(b[6:])
	if r := utf16.DecodeRune(high, low); r != utf8.RuneError {
		return r, 12
	}
	return 0, 0
}

// unit reads \uXXXX.
func unit(b []byte) (rune, bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(b[2:6]), 16, 16)
	return rune(n), err == nil
}
