package httpsig

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"time"
)

// RequestKey is what SignRequest signs with. It prints as [redacted].
type RequestKey struct {
	DeviceID string
	// Seq must be higher than any number this device signed with before.
	Seq uint64
	Key ed25519.PrivateKey
	Now time.Time
}

// Format implements fmt.Formatter: every verb prints [redacted].
func (RequestKey) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[redacted]") }

// LogValue implements slog.LogValuer.
func (RequestKey) LogValue() slog.Value { return slog.StringValue("[redacted]") }

// MarshalText always fails: a private key is not to be written out by an encoder.
func (RequestKey) MarshalText() ([]byte, error) {
	return nil, errors.New("marshal request key: refused")
}

// SignRequest signs r for the hub: it sets Content-Digest, Keyshift-Hub,
// Signature-Input and Signature. Method and URL must be final. body is the
// whole content as it will be sent, nil for none; r.Body is neither read nor
// set. ErrNotSignable if ids, key, sequence number (0), time or URL do not fit
// the profile.
func SignRequest(r *http.Request, body []byte, hubID string, k RequestKey) error {
	created := k.Now.Unix()
	if !validID(hubID) || !validID(k.DeviceID) || len(k.Key) != ed25519.PrivateKeySize || k.Seq == 0 || created <= 0 {
		return fmt.Errorf("sign request: %w", ErrNotSignable)
	}
	digest := digestOf(body)
	covered, err := requestComponents(r, digest, hubID)
	if err != nil {
		return fmt.Errorf("sign request: %w", ErrNotSignable)
	}
	params := requestParams(covered[:], created, k.DeviceID, k.Seq)
	base, err := appendBase(make([]byte, 0, 512), covered[:], params)
	if err != nil {
		return fmt.Errorf("sign request: %w", ErrNotSignable)
	}
	if r.Header == nil {
		r.Header = make(http.Header)
	}
	r.Header.Set(headerDigest, digest)
	r.Header.Set(HeaderHub, hubID)
	setSignature(r.Header, requestLabel, params, ed25519.Sign(k.Key, base))
	return nil
}

func setSignature(h http.Header, label, params string, signature []byte) {
	h.Set(headerInput, label+"="+params)
	h.Set(headerSignature, label+"="+byteSequence(signature))
}

func requestComponents(r *http.Request, digest, hubID string) (covered [5]component, err error) {
	path, query, err := target(r)
	return [5]component{
		{`"@method"`, method(r)},
		{`"@path"`, path},
		{`"@query"`, query},
		{`"content-digest"`, digest},
		{`"keyshift-hub"`, hubID},
	}, err
}

func requestParams(covered []component, created int64, deviceID string, seq uint64) string {
	b := appendCovered(make([]byte, 0, 256), covered)
	b = appendCreated(b, created)
	b = appendString(b, "keyid", deviceID)
	b = appendString(b, "nonce", strconv.FormatUint(seq, 10))
	b = appendString(b, "alg", "ed25519")
	return string(appendString(b, "tag", requestTag))
}

// Request is what a signed request claims. Nothing of it is proven before
// Verify returned nil.
type Request struct {
	// DeviceID is whose key has to verify.
	DeviceID string
	// Seq is the device's sequence number, at least 1.
	Seq uint64
	// Created is when the device signed, by its own clock, in whole seconds.
	Created time.Time
	// HubID is which hub the request is for. The caller compares it.
	HubID string

	params    string // value of @signature-params
	digest    string // value of Content-Digest
	signature []byte
}

// ParseRequest reads the signature of r without verifying it. Any departure
// from the profile is ErrBadSignature; a request with no signature at all is
// ErrUnsigned.
func ParseRequest(r *http.Request) (*Request, error) {
	if unsigned(r.Header) {
		return nil, ErrUnsigned
	}
	parsed := new(Request)
	for _, read := range [...]func(*Request, *http.Request) error{
		(*Request).readHub, (*Request).readDigest, (*Request).readSignature, (*Request).readInput,
	} {
		if err := read(parsed, r); err != nil {
			return nil, ErrBadSignature
		}
	}
	return parsed, nil
}

func (q *Request) readHub(r *http.Request) (err error) {
	q.HubID, err = only(r.Header, HeaderHub)
	if err == nil && !validID(q.HubID) {
		err = ErrBadSignature
	}
	return err
}

func (q *Request) readDigest(r *http.Request) (err error) {
	q.digest, err = onlyDigest(r.Header)
	return err
}

// onlyDigest returns the Content-Digest of a header, checked in form.
func onlyDigest(h http.Header) (string, error) {
	digest, err := only(h, headerDigest)
	if err == nil {
		_, err = byteMember(digest, "sha-256", sha256.Size)
	}
	return digest, err
}

func (q *Request) readSignature(r *http.Request) (err error) {
	q.signature, err = onlySignature(r.Header, requestLabel)
	return err
}

// onlySignature returns the one signature of a header, which has to have label.
func onlySignature(h http.Header, label string) ([]byte, error) {
	field, err := only(h, headerSignature)
	if err != nil {
		return nil, err
	}
	return byteMember(field, label, ed25519.SignatureSize)
}

// readInput takes created, keyid and nonce out of Signature-Input. Everything
// else there is fixed, so the input is right if writing it anew gives the same.
func (q *Request) readInput(r *http.Request) error {
	field, err := only(r.Header, headerInput)
	if err != nil {
		return err
	}
	if !q.readParams(field) {
		return ErrBadSignature
	}
	covered, err := requestComponents(r, q.digest, q.HubID)
	if err != nil {
		return err
	}
	q.params = requestParams(covered[:], q.Created.Unix(), q.DeviceID, q.Seq)
	if field != requestLabel+"="+q.params {
		return ErrBadSignature
	}
	return nil
}

func (q *Request) readParams(field string) bool {
	seconds, err := strconv.ParseInt(between(field, ";created=", ";"), 10, 64)
	if err != nil || seconds <= 0 {
		return false
	}
	seq, err := strconv.ParseUint(between(field, `;nonce="`, `"`), 10, 64)
	device := between(field, `;keyid="`, `"`)
	if err != nil || seq == 0 || !validID(device) {
		return false
	}
	q.DeviceID, q.Seq, q.Created = device, seq, time.Unix(seconds, 0).UTC()
	return true
}

// Verify checks that r with the content body is what the holder of pub signed.
// r is the request that q was parsed from. Any doubt is ErrBadSignature.
func (q *Request) Verify(r *http.Request, body []byte, pub ed25519.PublicKey) error {
	if len(pub) != ed25519.PublicKeySize || !sameDigest(q.digest, body) {
		return ErrBadSignature
	}
	covered, err := requestComponents(r, q.digest, q.HubID)
	if err != nil {
		return ErrBadSignature
	}
	base, err := appendBase(make([]byte, 0, 512), covered[:], q.params)
	if err != nil || !ed25519.Verify(pub, base, q.signature) {
		return ErrBadSignature
	}
	return nil
}

func sameDigest(digest string, body []byte) bool {
	return subtle.ConstantTimeCompare([]byte(digest), []byte(digestOf(body))) == 1
}
