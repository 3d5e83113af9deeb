// Package httpsig signs and verifies the messages between a device and the hub
// with HTTP message signatures (RFC 9421), Ed25519 only, in one strict profile.
//
// A request carries the label ks. It covers, in this order,
//
//	"@method" "@path" "@query" "content-digest" "keyshift-hub"
//
// with the parameters created (Unix seconds), keyid (device id), nonce (the
// device's sequence number in decimal), alg="ed25519" and tag="ks1".
// Content-Digest is the SHA-256 of the content (RFC 9530) and is always there,
// also for a request without content. Keyshift-Hub is the id of the hub that
// the request is for.
//
// An answer carries the label hub. It covers
//
//	"@status" "content-digest" "keyshift-time" "@method";req "@path";req
//	"content-digest";req "signature";req;key="ks"
//
// with created, keyid (hub id) and tag="ks1-answer". Keyshift-Time is the hub's
// clock in microseconds since 1970. Because the request's signature is covered,
// an answer verifies for the one request it was made for and for no other;
// because that signature covers query, hub and sequence number, so does the
// answer.
//
// Strict means: a message is exactly as this package writes it, byte for byte,
// or it is [ErrBadSignature]. A missing, added or reordered component or
// parameter, a second signature, a repeated header, another spelling of the
// same value are all refused. Structured fields (RFC 9651) are parsed by a
// library; what was parsed is then written again and has to give what was
// received.
//
// What the caller must do: compare [Request.HubID] with its own id, look up
// the device's key by [Request.DeviceID], call [Request.Verify], and use up
// [Request.Seq] in the transaction of the effect. Nothing here looks at a
// clock. The content given to sign and verify is what travels: a proxy that
// compresses it again, or an http.Transport without DisableCompression, makes
// good messages fail, not bad ones pass.
//
// What is not covered: the host ("@authority") and the scheme, because a proxy
// in front of the hub may change them; Keyshift-Hub takes their place. Headers
// that are not named above are not covered either: nothing may be decided by
// them.
package httpsig

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
)

// The headers that the profile adds to those of the RFCs.
const (
	HeaderHub  = "Keyshift-Hub"
	HeaderTime = "Keyshift-Time"
)

const (
	headerDigest    = "Content-Digest"
	headerInput     = "Signature-Input"
	headerSignature = "Signature"

	requestLabel = "ks"
	requestTag   = "ks1"
	answerLabel  = "hub"
	answerTag    = "ks1-answer"

	// maxHeader bounds what is parsed; ours are below 400 bytes.
	maxHeader = 1024
	// maxID is the longest device or hub id.
	maxID = 128
)

// ErrBadSignature: the message is not exactly of the profile, or was not signed
// with that key, or was changed. There is no finer answer on purpose.
var ErrBadSignature = errors.New("bad message signature")

// ErrUnsigned is an ErrBadSignature too (errors.Is): the message carries no
// signature at all, for example an error page of a proxy.
var ErrUnsigned = fmt.Errorf("%w: none there", ErrBadSignature)

// ErrNotSignable: the caller asked to sign something outside the profile, for
// example an id with a quote in it, sequence number 0, or an answer to a
// request that is not signed.
var ErrNotSignable = errors.New("message cannot be signed")

// only returns the value of a header that must be there exactly once.
func only(h http.Header, name string) (string, error) {
	values := h[name]
	if len(values) != 1 || len(values[0]) > maxHeader {
		return "", ErrBadSignature
	}
	return values[0], nil
}

func unsigned(h http.Header) bool {
	return len(h[headerInput]) == 0 && len(h[headerSignature]) == 0
}

// validID tells whether id can stand in a quoted string and in a header
// without escapes, which leaves one way to write it.
func validID(id string) bool {
	if id == "" || len(id) > maxID {
		return false
	}
	for i := range len(id) {
		if c := id[i]; c <= ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// digestOf is the Content-Digest of a body.
func digestOf(body []byte) string {
	sum := sha256.Sum256(body)
	return "sha-256=" + byteSequence(sum[:])
}

// byteSequence writes b as RFC 9651 section 4.1.8.
func byteSequence(b []byte) string {
	out := make([]byte, 0, 2+base64.StdEncoding.EncodedLen(len(b)))
	out = append(out, ':')
	out = base64.StdEncoding.AppendEncode(out, b)
	return string(append(out, ':'))
}
