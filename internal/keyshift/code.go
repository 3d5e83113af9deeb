package keyshift

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"net/url"
	"strings"
	"time"
)

// CodeKind says what a code is for.
type CodeKind byte

// The kinds of codes.
const (
	// EnrollmentCode enrolls a device of one user.
	EnrollmentCode CodeKind = 'd'
	// LoginCode gives a user an API token.
	LoginCode CodeKind = 'u'
	// FirstOwnerCode makes the first owner of a new hub.
	FirstOwnerCode CodeKind = 'o'
)

// Lifetimes of codes.
const (
	CodeLifetime       = 10 * time.Minute
	FirstOwnerLifetime = 24 * time.Hour
)

// CodeSecretSize is the length of a code's random part in bytes.
const CodeSecretSize = 16

// Invitation is what a code carries besides its secret: where the hub is and how to know it, so that nothing has to be
// trusted on first use.
type Invitation struct {
	Kind   CodeKind
	HubURL string
	// HubKey is the hub's Ed25519 public key.
	HubKey ed25519.PublicKey
	// TLSPin is the SHA-256 of the hub's own certificate key (SPKI), or empty when its certificate is to be checked
	// against the system's roots.
	TLSPin []byte
	Secret []byte
}

const codePrefix = "keyshift1-"

// Encode writes the code as one word: the prefix, then URL-safe Base64 of the fields and a checksum, which tells a
// mistyped code from a wrong one.
func (i Invitation) Encode() string {
	var b bytes.Buffer
	b.WriteByte(byte(i.Kind))
	for _, field := range [][]byte{[]byte(i.HubURL), i.HubKey, i.TLSPin, i.Secret} {
		b.Write(binary.AppendUvarint(nil, uint64(len(field))))
		b.Write(field)
	}
	sum := sha256.Sum256(b.Bytes())
	b.Write(sum[:4])
	return codePrefix + base64.RawURLEncoding.EncodeToString(b.Bytes())
}

// ErrCodeInvalid refuses a code. The text is the same for a wrong, a used and an old one, so that it tells nothing to
// somebody who guesses.
var ErrCodeInvalid = &Error{Code: CodeCodeInvalid, Text: "The code is wrong, was used already, or is too old.", Hint: "Ask your admin for a new code, and use it within 10 minutes."}

// Bounds of what is looked at: a code of ours has some 200 characters.
const (
	maxCode   = 2000
	maxPasted = 8 << 10
)

// ParseInvitation reads a code, with any white space that pasting left in it. Only what Encode writes is a code.
func ParseInvitation(code string) (Invitation, error) {
	if len(code) > maxPasted {
		return Invitation{}, ErrCodeInvalid
	}
	code = strings.Join(strings.Fields(code), "")
	raw, err := base64.RawURLEncoding.Strict().DecodeString(strings.TrimPrefix(code, codePrefix))
	if err != nil || !strings.HasPrefix(code, codePrefix) || len(raw) < 6 || len(raw) > maxCode {
		return Invitation{}, ErrCodeInvalid
	}
	body, sum := raw[:len(raw)-4], sha256.Sum256(raw[:len(raw)-4])
	if !bytes.Equal(sum[:4], raw[len(raw)-4:]) {
		return Invitation{}, ErrCodeInvalid
	}
	i := Invitation{Kind: CodeKind(body[0])}
	var hubURL []byte
	rest := body[1:]
	for _, field := range []*[]byte{&hubURL, (*[]byte)(&i.HubKey), &i.TLSPin, &i.Secret} {
		if *field, rest, err = cutField(rest); err != nil {
			return Invitation{}, err
		}
	}
	i.HubURL = string(hubURL)
	if len(rest) != 0 || !i.wellFormed() || i.Encode() != code { // a length can be written in several ways
		return Invitation{}, ErrCodeInvalid
	}
	return i, nil
}

func cutField(b []byte) (field, rest []byte, err error) {
	n, w := binary.Uvarint(b)
	if w <= 0 || n > uint64(len(b)-w) {
		return nil, nil, ErrCodeInvalid
	}
	end := w + int(n) //nolint:gosec // n is at most len(b)
	return b[w:end], b[end:], nil
}

func (i Invitation) wellFormed() bool {
	kind := i.Kind == EnrollmentCode || i.Kind == LoginCode || i.Kind == FirstOwnerCode
	return kind && len(i.HubKey) == ed25519.PublicKeySize && (len(i.TLSPin) == 0 || len(i.TLSPin) == sha256.Size) &&
		len(i.Secret) == CodeSecretSize && ValidateHubURL(i.HubURL) == nil
}

// ValidateHubURL checks the address of a hub: https, or http to this very computer; a host, and nothing after it.
func ValidateHubURL(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "" ||
		u.Scheme != "https" && !(u.Scheme == "http" && loopback(u.Hostname())) {
		return Invalid(CodeFieldInvalid, "The hub's address is not usable.", "Use https://host or https://host:port; plain http only for this computer itself.")
	}
	return nil
}

func loopback(host string) bool { return host == "127.0.0.1" || host == "::1" || host == "localhost" }

// SecretText is the secret part as it travels to the hub.
func (i Invitation) SecretText() string { return base64.RawURLEncoding.EncodeToString(i.Secret) }

// KeyText is a hub's key as people compare it: the first half of its SHA-256, in groups that can be read aloud.
func KeyText(key ed25519.PublicKey) string {
	sum := sha256.Sum256(key)
	text := hex.EncodeToString(sum[:16])
	groups := make([]string, 0, 8)
	for ; text != ""; text = text[4:] {
		groups = append(groups, text[:4])
	}
	return strings.Join(groups, " ")
}
