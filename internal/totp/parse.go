package totp

import (
	"encoding/base32"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// maxURI bounds what is parsed; real addresses stay far below.
const maxURI = 4096

var encoding = base32.StdEncoding.WithPadding(base32.NoPadding)

// ParseURI reads an otpauth URI (otpauth://totp/label?secret=...) as in Google's
// key URI format. Label, issuer and unknown parameters are dropped; a parameter
// that is there must have a known value and be there once. Errors: ErrURI,
// ErrCounter for otpauth://hotp, ErrSecret, ErrAlgorithm, ErrDigits, ErrPeriod.
func ParseURI(otpauth string) (Seed, error) {
	params, err := uriParams(strings.TrimSpace(otpauth))
	if err != nil {
		return Seed{}, fmt.Errorf("parse one-time-code address: %w", err)
	}
	seed, err := fromParams(params)
	if err != nil {
		return Seed{}, fmt.Errorf("parse one-time-code address: %w", err)
	}
	return seed, nil
}

// ParseSecret reads a bare Base32 secret; all else is the default. ErrSecret if
// it is not one.
func ParseSecret(secret string) (Seed, error) {
	seed, err := fromParams(url.Values{"secret": {secret}})
	if err != nil {
		return Seed{}, fmt.Errorf("parse one-time-code secret: %w", err)
	}
	return seed, nil
}

// uriParams never passes on the errors of net/url: they quote the address.
func uriParams(otpauth string) (url.Values, error) {
	if len(otpauth) > maxURI {
		return nil, ErrURI
	}
	u, err := url.Parse(otpauth)
	if err != nil || u.Scheme != "otpauth" || u.User != nil {
		return nil, ErrURI
	}
	switch strings.ToLower(u.Host) {
	case "totp":
	case "hotp":
		return nil, ErrCounter
	default:
		return nil, ErrURI
	}
	params, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, ErrURI
	}
	return params, nil
}

func fromParams(params url.Values) (Seed, error) {
	secret, err := decodeSecret(params["secret"])
	if err != nil {
		return Seed{}, err
	}
	algorithm, err := algorithmOf(params["algorithm"])
	if err != nil {
		return Seed{}, err
	}
	digits, ok := number(params["digits"], DefaultDigits, MinDigits, MaxDigits)
	if !ok {
		return Seed{}, ErrDigits
	}
	period, ok := number(params["period"], seconds(DefaultPeriod), seconds(MinPeriod), seconds(MaxPeriod))
	if !ok {
		return Seed{}, ErrPeriod
	}
	return newSeed(&seed{secret, algorithm, digits, uint64(period)}), nil
}

func seconds(d time.Duration) int { return int(d / time.Second) }

func decodeSecret(values []string) ([]byte, error) {
	if len(values) != 1 {
		return nil, ErrSecret
	}
	text := strings.TrimRight(strings.Map(normalize, values[0]), "=")
	secret, err := encoding.DecodeString(text)
	// Whole bytes never need 1, 3 or 6 characters at the end. The library lets
	// them pass, but they mean that something got lost.
	tail := len(text) % 8
	if err != nil || tail == 1 || tail == 3 || tail == 6 || len(secret) < MinSecret || len(secret) > MaxSecret {
		return nil, ErrSecret
	}
	return secret, nil
}

// normalize drops what networks put between the characters for reading.
func normalize(r rune) rune {
	switch {
	case unicode.IsSpace(r) || r == '-':
		return -1
	case 'a' <= r && r <= 'z':
		return r - 'a' + 'A'
	}
	return r
}

func algorithmOf(values []string) (string, error) {
	if len(values) == 0 {
		return "SHA1", nil
	}
	name := strings.ToUpper(values[0])
	if _, ok := algorithms[name]; !ok || len(values) != 1 {
		return "", ErrAlgorithm
	}
	return name, nil
}

func number(values []string, missing, low, high int) (int, bool) {
	if len(values) == 0 {
		return missing, true
	}
	n, err := strconv.Atoi(values[0])
	return n, err == nil && len(values) == 1 && low <= n && n <= high && strconv.Itoa(n) == values[0]
}

// Marshal gives s as an otpauth URI with every parameter and a fixed label, for
// sealing only. Equal seeds give equal bytes, however they were written when
// parsed. nil for the zero Seed.
func (s Seed) Marshal() []byte {
	if s.IsZero() {
		return nil
	}
	seed := s.reveal()
	return fmt.Appendf(nil, "otpauth://totp/keyshift?secret=%s&algorithm=%s&digits=%d&period=%d",
		encoding.EncodeToString(seed.secret), seed.algorithm, seed.digits, seed.period)
}

// Unmarshal reads what Marshal gave, and nothing else: ErrURI.
func Unmarshal(b []byte) (Seed, error) {
	seed, err := ParseURI(string(b))
	if err != nil || string(seed.Marshal()) != string(b) {
		return Seed{}, fmt.Errorf("unmarshal one-time-code seed: %w", ErrURI)
	}
	return seed, nil
}
