package httpsig

import (
	"crypto/ed25519"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// SignResponse signs the hub's answer to the signed request r: it sets
// Content-Digest, Keyshift-Time, Signature-Input and Signature in h, replacing
// what is there. Nothing covered may change afterwards. body is the whole
// content of the answer. r must carry a signature of the right form, else
// ErrNotSignable, as when hubID, key, status or time do not fit the profile. It
// need not have been verified, so that a refusal can be signed too. Such a
// refusal is about what arrived: the device may get it for a request that
// somebody changed on the way, so it must not say more than "refused".
func SignResponse(h http.Header, status int, body []byte, r *http.Request, hubID string, key ed25519.PrivateKey, now time.Time) error {
	if !validID(hubID) || len(key) != ed25519.PrivateKeySize || now.Unix() <= 0 {
		return fmt.Errorf("sign answer: %w", ErrNotSignable)
	}
	digest, micros := digestOf(body), strconv.FormatInt(now.UnixMicro(), 10)
	covered, err := answerComponents(status, digest, micros, r)
	if err != nil {
		return fmt.Errorf("sign answer: %w", ErrNotSignable)
	}
	params := answerParams(covered[:], now.Unix(), hubID)
	base, err := appendBase(make([]byte, 0, 768), covered[:], params)
	if err != nil {
		return fmt.Errorf("sign answer: %w", ErrNotSignable)
	}
	h.Set(headerDigest, digest)
	h.Set(HeaderTime, micros)
	setSignature(h, answerLabel, params, ed25519.Sign(key, base))
	return nil
}

// answerComponents takes the covered parts of the request from r as it was
// sent or received.
func answerComponents(status int, digest, micros string, r *http.Request) (covered [7]component, err error) {
	path, _, err := target(r)
	if err != nil || status < 100 || status > 999 {
		return covered, ErrBadSignature
	}
	asked, err := onlyDigest(r.Header)
	if err != nil {
		return covered, err
	}
	signature, err := onlySignature(r.Header, requestLabel)
	return [7]component{
		{`"@status"`, strconv.Itoa(status)},
		{`"content-digest"`, digest},
		{`"keyshift-time"`, micros},
		{`"@method";req`, method(r)},
		{`"@path";req`, path},
		{`"content-digest";req`, asked},
		{`"signature";req;key="` + requestLabel + `"`, byteSequence(signature)},
	}, err
}

func answerParams(covered []component, created int64, hubID string) string {
	b := appendCovered(make([]byte, 0, 256), covered)
	b = appendCreated(b, created)
	b = appendString(b, "keyid", hubID)
	return string(appendString(b, "tag", answerTag))
}

// VerifyResponse checks that resp with the content body is what the hub with
// hubID and the key pub answered to the request sent, and returns the hub's
// clock at that moment. sent must carry what SignRequest set; with redirects
// followed it is not resp.Request. An answer without any signature is
// ErrUnsigned, all else that does not verify ErrBadSignature, and then the
// time is zero.
func VerifyResponse(resp *http.Response, body []byte, sent *http.Request, hubID string, pub ed25519.PublicKey) (hubTime time.Time, err error) {
	if unsigned(resp.Header) {
		return time.Time{}, ErrUnsigned
	}
	hubTime, micros, err := readTime(resp.Header)
	if err != nil || len(pub) != ed25519.PublicKeySize || !validID(hubID) {
		return time.Time{}, ErrBadSignature
	}
	digest, err := only(resp.Header, headerDigest)
	if err != nil || !sameDigest(digest, body) {
		return time.Time{}, ErrBadSignature
	}
	covered, err := answerComponents(resp.StatusCode, digest, micros, sent)
	if err != nil {
		return time.Time{}, ErrBadSignature
	}
	if err := verifyAnswer(resp.Header, covered[:], answerParams(covered[:], hubTime.Unix(), hubID), pub); err != nil {
		return time.Time{}, ErrBadSignature
	}
	return hubTime, nil
}

// verifyAnswer knows every byte that Signature-Input has to have, so it
// compares instead of parsing.
func verifyAnswer(h http.Header, covered []component, params string, pub ed25519.PublicKey) error {
	input, err := only(h, headerInput)
	if err != nil || input != answerLabel+"="+params {
		return ErrBadSignature
	}
	signature, err := onlySignature(h, answerLabel)
	if err != nil {
		return err
	}
	base, err := appendBase(make([]byte, 0, 768), covered, params)
	if err != nil || !ed25519.Verify(pub, base, signature) {
		return ErrBadSignature
	}
	return nil
}

func readTime(h http.Header) (t time.Time, micros string, err error) {
	micros, err = only(h, HeaderTime)
	if err != nil {
		return time.Time{}, "", err
	}
	n, err := strconv.ParseInt(micros, 10, 64)
	if err != nil || n <= 0 || strconv.FormatInt(n, 10) != micros {
		return time.Time{}, "", ErrBadSignature
	}
	return time.UnixMicro(n).UTC(), micros, nil
}
