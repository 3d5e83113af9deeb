package rpc

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// The limits of a request's content. Whoever asks a method that is for anyone has to be brief: the hub keeps what it reads
// in memory, and there are many strangers.
const (
	maxBody     = 1 << 20
	maxStranger = 16 << 10
	// maxDepth is the deepest nesting of a JSON request.
	maxDepth = 32
	// bodyWithin is how long the content may take to arrive.
	bodyWithin = 20 * time.Second
)

// limitReading gives what is left of the request a time to arrive, also if it is thrown away.
func limitReading(w http.ResponseWriter) {
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyWithin)) // only a test's writer cannot
}

// read takes the content of a request into memory and puts it back for whoever decodes it.
func (p *proof) read(w http.ResponseWriter, r *http.Request) error {
	body, err := readBody(w, r, p.limit())
	if err != nil {
		return err
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{}) // a stream goes on for long
	p.body, r.Body = body, io.NopCloser(bytes.NewReader(body))
	return nil
}

func (p *proof) limit() int64 {
	if p.call.Access.Kind == hub.AnyoneAccess {
		return maxStranger
	}
	return maxBody
}

func readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	if compressed(r.Header) {
		return nil, errCompressed
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	var tooBig *http.MaxBytesError
	switch {
	case errors.As(err, &tooBig):
		return nil, errTooBig
	case err != nil:
		return nil, errUnread.Because(err)
	}
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); strings.HasSuffix(kind, "json") && tooDeep(body) {
		return nil, errTooDeep
	}
	return body, nil
}

// compressed reports whether something would be unpacked behind the limits.
func compressed(h http.Header) bool {
	for _, name := range []string{"Content-Encoding", "Connect-Content-Encoding", "Grpc-Encoding"} {
		if encoding := h.Get(name); encoding != "" && encoding != "identity" {
			return true
		}
	}
	return false
}

var (
	errTooBig     = keyshift.Invalid(keyshift.CodeBodyTooBig, "The request is too long.", "Send at most 1 MiB, and at most 16 KiB before you are logged in.")
	errTooDeep    = keyshift.Invalid(keyshift.CodeBodyInvalid, "The request is nested more than 32 deep.", "Send it as the API description says.")
	errUnread     = keyshift.Invalid(keyshift.CodeBodyInvalid, "The request did not arrive whole.", "Send it again.")
	errCompressed = keyshift.Invalid(keyshift.CodeBodyInvalid, "The request is compressed.", "Send it as it is.")
)

// tooDeep counts brackets outside of strings, before anything is decoded.
func tooDeep(body []byte) bool {
	depth, inString, escaped := 0, false, false
	for _, c := range body {
		switch {
		case escaped:
			escaped = false
		case inString:
			inString, escaped = c != '"', c == '\\'
		case c == '"':
			inString = true
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}
