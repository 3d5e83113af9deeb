package keyshift

import (
	"encoding/binary"
	"encoding/hex"
	"io"
	"time"
)

// ID names one thing for ever. Ids are UUIDs of version 7 (RFC 9562, 5.7): they sort by the time they were made.
type ID string

// NewID makes an id from a moment and 74 random bits read from random. It panics if random ends, because an id that
// is not unique would be worse than none.
func NewID(now time.Time, random io.Reader) ID {
	var b [16]byte
	if _, err := io.ReadFull(random, b[6:]); err != nil {
		panic("keyshift: read randomness: " + err.Error())
	}
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(now.UnixMilli())) //nolint:gosec // negative only before 1970
	copy(b[:6], ms[2:])
	b[6] = b[6]&0x0f | 0x70
	b[8] = b[8]&0x3f | 0x80
	h := hex.EncodeToString(b[:])
	return ID(h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:])
}

// FirstID is the smallest id that can be made in the millisecond of a moment: all that were made from then on are not below it.
func FirstID(moment time.Time) ID { return NewID(moment, zeros{}) }

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// Valid reports whether the id has the form that [NewID] gives.
func (id ID) Valid() bool {
	if len(id) != 36 {
		return false
	}
	for i, c := range []byte(id) {
		if !idSign(i, c) {
			return false
		}
	}
	return true
}

// idSign reports whether c may stand at place i of an id.
func idSign(i int, c byte) bool {
	switch i {
	case 8, 13, 18, 23:
		return c == '-'
	case 14:
		return c == '7'
	case 19:
		return c == '8' || c == '9' || c == 'a' || c == 'b'
	}
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f'
}

// ValidateRequestID checks a request id that a client made: 128 bits in hexadecimal, with or without the hyphens of a
// UUID. The same id, written in the same way, always means the same request, however often it is sent.
func ValidateRequestID(id string) error {
	if !isRequestID(id) {
		return Invalid(CodeRequestIDInvalid, "The request id is missing or not 128 bits in hexadecimal.",
			"Send request_id as a fresh UUID, and the same one when repeating the request.")
	}
	return nil
}

// isRequestID looks at each request, so it uses no regular expression.
func isRequestID(id string) bool {
	digits, hyphen := 0, false
	for i := range len(id) {
		switch c := id[i]; {
		case '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F':
			digits, hyphen = digits+1, false
		case c == '-' && !hyphen && digits >= 8 && digits <= 20 && digits%4 == 0:
			hyphen = true
		default:
			return false
		}
	}
	return digits == 32
}
