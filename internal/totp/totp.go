// Package totp computes one-time codes (TOTP, RFC 6238, on HOTP, RFC 4226) from
// the seed that a network shows when two-factor login is set up.
//
// A [Seed] comes from an otpauth URI, the content of the QR code ([ParseURI]),
// or from the bare Base32 text that is shown beside it ([ParseSecret]). Text is
// taken as people paste it: white space, hyphens, lower case and padding do not
// matter. HMAC-SHA-1, -256 and -512, 6 to 8 digits and periods of 15 to 120
// seconds are known; what a network leaves out is SHA-1, 6 digits, 30 seconds.
//
// Secrets shorter than 10 bytes (16 Base32 characters) are refused: 10 is the
// shortest that networks hand out, and anything less is nearly always a paste
// that lost its end. RFC 4226 asks for 16.
//
// Time steps are numbers, so that a caller can store the last one it gave a
// code for: a code must be given out once per step. A code that is about to end
// is better replaced by the next one: see [Seed.StepEnd].
//
// A Seed prints as [redacted] and does not marshal by itself; [Seed.Marshal]
// is the one way out, for sealing. No error of this package repeats its input.
package totp

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // RFC 6238 names it, and finding collisions does not break its HMAC
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"log/slog"
	"strconv"
	"time"
)

// What a network that says nothing means, and what is accepted.
const (
	DefaultDigits = 6
	MinDigits     = 6
	MaxDigits     = 8
	DefaultPeriod = 30 * time.Second
	MinPeriod     = 15 * time.Second
	MaxPeriod     = 120 * time.Second
	MinSecret     = 10  // bytes
	MaxSecret     = 128 // bytes
)

// Errors that callers tell apart with errors.Is.
var (
	ErrURI       = errors.New("not an otpauth://totp address")
	ErrCounter   = errors.New("counter-based codes (hotp) are not supported")
	ErrSecret    = errors.New("secret is not Base32 text of 16 to 205 characters")
	ErrAlgorithm = errors.New("algorithm is not SHA1, SHA256 or SHA512")
	ErrDigits    = errors.New("number of digits is not 6, 7 or 8")
	ErrPeriod    = errors.New("period is not 15 to 120 seconds")
)

// algorithms are the names in otpauth URIs.
var algorithms = map[string]func() hash.Hash{
	"SHA1":   sha1.New,
	"SHA256": sha256.New,
	"SHA512": sha512.New,
}

// Seed is what the codes of one account come from. The zero Seed has none: its
// codes are "" and its steps 0. Safe for concurrent use.
type Seed struct {
	// A function, because fmt prints an unexported field of another struct
	// without asking its methods, and with a wrong verb follows pointers.
	reveal func() *seed
}

func newSeed(s *seed) Seed {
	return Seed{func() *seed { return s }}
}

type seed struct {
	secret    []byte
	algorithm string
	digits    int
	period    uint64 // seconds
}

// IsZero reports whether s is the zero Seed.
func (s Seed) IsZero() bool { return s.reveal == nil }

// Period is how long a code lasts, 0 for the zero Seed.
func (s Seed) Period() time.Duration {
	if s.IsZero() {
		return 0
	}
	return time.Duration(s.reveal().period) * time.Second
}

// Step numbers the time step that t lies in: the whole periods since 1970. A t
// before 1970 gives 0.
func (s Seed) Step(t time.Time) uint64 {
	if s.IsZero() || t.Unix() < 0 {
		return 0
	}
	return uint64(t.Unix()) / s.reveal().period
}

// StepEnd is the moment at which step is over and its code stops being the
// current one. Networks commonly accept a code one step longer; do not count
// on it. For the zero Seed it is the zero Time.
func (s Seed) StepEnd(step uint64) time.Time {
	if s.IsZero() {
		return time.Time{}
	}
	return time.Unix(int64((step+1)*s.reveal().period), 0).UTC()
}

// Code is the code of one step, with leading zeros.
func (s Seed) Code(step uint64) string {
	if s.IsZero() {
		return ""
	}
	seed := s.reveal()
	mac := hmac.New(algorithms[seed.algorithm], seed.secret)
	mac.Write(binary.BigEndian.AppendUint64(nil, step))
	return decimal(truncate(mac.Sum(nil)), seed.digits)
}

// truncate takes 31 bits of sum from a place that its last byte names (RFC
// 4226, 5.3).
func truncate(sum []byte) uint32 {
	at := sum[len(sum)-1] & 0x0f
	return binary.BigEndian.Uint32(sum[at:]) & 0x7fff_ffff
}

// decimal gives the last digits of n.
func decimal(n uint32, digits int) string {
	s := strconv.FormatUint(1_000_000_000_000+uint64(n), 10)
	return s[len(s)-digits:]
}

const redacted = "[redacted]"

// Format implements fmt.Formatter: every verb prints [redacted].
func (Seed) Format(f fmt.State, _ rune) { fmt.Fprint(f, redacted) }

// LogValue implements slog.LogValuer.
func (Seed) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText always fails, which JSON and XML ask too: a seed leaves only by
// Marshal.
func (Seed) MarshalText() ([]byte, error) {
	return nil, errors.New("marshal one-time-code seed: refused")
}
