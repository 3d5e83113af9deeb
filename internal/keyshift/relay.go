package keyshift

import "time"

// RelayWithin is how long a request for a code that a custodian receives stays open, and its answer usable.
const RelayWithin = 5 * time.Minute

// MaxSealedCode bounds a sealed answer: a code of a few characters and what sealing adds.
const MaxSealedCode = 2048

// CodeRelay is a request for a code that the network sends to somebody else: a custodian of the account. The answer is
// sealed to the asking device; the hub passes it on without being able to read it.
type CodeRelay struct {
	ID        ID
	LeaseID   ID
	AccountID ID
	// DeviceID and UserID are who asks.
	DeviceID  ID
	UserID    ID
	AskedAt   time.Time
	ExpiresAt time.Time
	// AnsweredAt is zero while nobody answered, TakenAt until the asking device has the answer.
	AnsweredAt time.Time
	TakenAt    time.Time
	Sealed     []byte
}

// OpenAt reports whether the request waits for an answer.
func (r CodeRelay) OpenAt(now time.Time) bool {
	return r.AnsweredAt.IsZero() && now.Before(r.ExpiresAt)
}

// CleanRelayCode reads a code as a custodian types it: spaces and hyphens do not count, 4 to 10 letters and digits do.
func CleanRelayCode(typed string) (string, error) {
	var code []rune
	for _, r := range typed {
		switch {
		case r == ' ' || r == '-':
		case r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z':
			code = append(code, r)
		default:
			return "", errRelayCode
		}
	}
	if len(code) < 4 || len(code) > 10 {
		return "", errRelayCode
	}
	return string(code), nil
}

var errRelayCode = Invalid(CodeFieldInvalid, "That is not a code: it has 4 to 10 letters and digits.", "Type it as it stands in the message.")
