package browser

import (
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/keyshift-hq/keyshift/internal/native"
	"github.com/keyshift-hq/keyshift/internal/seal"
)

// body is the JSON of an answer's body. A secret one is wiped once it is written.
type body struct {
	json   []byte
	secret bool
}

// plain makes a body that is no secret.
func plain(message any) (*body, error) {
	raw, err := json.Marshal(message)
	if err != nil {
		return nil, fmt.Errorf("encode answer: %w", err)
	}
	return &body{json: raw}, nil
}

// fillBody makes the body of a native.Fill by hand, in one buffer that never grows, so that there is one copy of the value.
// The value is wiped.
func fillBody(value []byte, ttl int64) *body {
	defer seal.Wipe(value)
	out := make([]byte, 0, 6*len(value)+64)
	out = append(out, `{"value":`...)
	out = appendQuoted(out, value)
	out = append(out, `,"ttl_ms":`...)
	out = append(strconv.AppendInt(out, ttl, 10), '}')
	return &body{json: out, secret: true}
}

const hexDigits = "0123456789abcdef"

// appendQuoted appends text as a JSON string (RFC 8259, section 7). What is not UTF-8 becomes U+FFFD.
func appendQuoted(out, text []byte) []byte {
	out = append(out, '"')
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		switch {
		case r == '"' || r == '\\':
			out = append(out, '\\', byte(r))
		case r < 0x20:
			out = append(out, '\\', 'u', '0', '0', hexDigits[r>>4], hexDigits[r&15])
		default:
			out = utf8.AppendRune(out, r)
		}
		text = text[n:]
	}
	return append(out, '"')
}

// frame makes the whole message in one buffer, which the caller wipes.
func (b *body) frame(id int64, kind string) ([]byte, error) {
	message := make([]byte, 0, len(b.json)+len(kind)+64)
	message = append(message, `{"v":`...)
	message = strconv.AppendInt(message, native.Version, 10)
	if id > 0 {
		message = append(message, `,"id":`...)
		message = strconv.AppendInt(message, id, 10)
	}
	message = append(message, `,"type":`...)
	message = appendQuoted(message, []byte(kind))
	message = append(message, `,"body":`...)
	message = append(message, b.json...)
	message = append(message, '}')
	defer seal.Wipe(message)
	frame, err := native.AppendFrame(make([]byte, 0, len(message)+4), message)
	if err != nil {
		return nil, fmt.Errorf("frame %s: %w", kind, err)
	}
	return frame, nil
}

func (b *body) wipe() {
	if b.secret {
		seal.Wipe(b.json)
	}
}
