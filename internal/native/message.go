package native

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// Refusal is why a message is refused. Its text is safe to show: it has nothing of the message.
type Refusal struct {
	Code Code
	Text string
}

// Error gives the text.
func (r *Refusal) Error() string { return r.Text }

// Refuse makes a refusal.
func Refuse(code Code, format string, args ...any) *Refusal {
	return &Refusal{Code: code, Text: fmt.Sprintf(format, args...)}
}

// DecodeEnvelope reads the outside of a message. The body is checked by [Decode].
func DecodeEnvelope(message []byte) (Envelope, error) {
	var e Envelope
	if err := Decode(message, &e); err != nil {
		return Envelope{}, err
	}
	if e.V != Version {
		return e, Refuse(CodeVersionUnsupported, "version %d is not spoken here, version %d is", e.V, Version)
	}
	return e, nil
}

// Decode reads a message type out of JSON that has exactly its shape; anything else is a *[Refusal]. No JSON at all counts
// as {}.
func Decode[T any](data []byte, into *T) error {
	if len(data) == 0 {
		data = []byte("{}")
	}
	var zero T
	if err := Check(data, ShapeOf(zero)); err != nil {
		return Refuse(CodeBadMessage, "%s", err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		return Refuse(CodeBadMessage, "the message does not fit its type")
	}
	return nil
}

// Encode makes a message: an answer or request with an id, an event without. The body is of a message type; nil is none.
func Encode(id int64, kind string, body any) ([]byte, error) {
	e := Envelope{V: Version, ID: id, Type: kind}
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("encode %s: %w", kind, err)
		}
		e.Body = raw
	}
	message, err := json.Marshal(e)
	if err == nil && len(message) > MaxFrame {
		err = ErrTooLarge
	}
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", kind, err)
	}
	return message, nil
}

// SignedFill is what a profile signs to ask for a value: ECDSA on P-256 with SHA-256, the signature in the form of
// IEEE P1363, as WebCrypto makes it. challenge is of the connection's welcome, id of the request. A line cannot hold
// another line: no field of a FillGet has a line feed.
func SignedFill(challenge string, id int64, f FillGet) []byte {
	return []byte(strings.Join([]string{"keyshift-fill-v1", challenge, strconv.FormatInt(id, 10), f.LeaseID, string(f.Field), f.Origin, f.TopOrigin, f.DocumentID}, "\n"))
}
