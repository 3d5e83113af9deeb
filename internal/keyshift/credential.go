package keyshift

import (
	"encoding/json"
	"errors"
	"log/slog"
	"unicode/utf8"
)

// Secret is text that must not be seen: it prints as "[redacted]" everywhere, and does not marshal. Reveal is the one
// way to its value. The value lies behind a function, because fmt prints the unexported fields of a struct around it
// without asking their methods. The zero value is empty.
type Secret struct{ value func() string }

// NewSecret hides a value.
func NewSecret(value string) Secret { return Secret{func() string { return value }} }

// Reveal gives the value.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return s.value()
}

// Empty reports whether there is no value.
func (s Secret) Empty() bool { return s.Reveal() == "" }

const redacted = "[redacted]"

// String, GoString and LogValue hide the value.
func (s Secret) String() string       { return redacted }
func (s Secret) GoString() string     { return redacted }
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalJSON and MarshalText refuse, so that a secret cannot slip into a message with its neighbors.
func (s Secret) MarshalJSON() ([]byte, error) { return nil, errSecretMarshaled }
func (s Secret) MarshalText() ([]byte, error) { return nil, errSecretMarshaled }

var errSecretMarshaled = errors.New("marshal secret: not allowed")

// Credential is the login of an account at its network, without the one-time-code seed, which never leaves the hub.
type Credential struct {
	Login    string
	Password Secret
}

// MaxCredential is the longest encoded credential in bytes: sealed on the device and in Base64 it has to fit into one
// item of the smallest OS keyring (2,560 bytes on Windows).
const MaxCredential = 1500

// Validate checks that both parts are there, are text, and fit into every keyring.
func (c Credential) Validate() error {
	login, password := c.Login, c.Password.Reveal()
	switch {
	case login == "" || password == "":
		return Invalid(CodeCredentialInvalid, "The login or the password is empty.", "Give both.")
	case !plain(login) || !utf8.ValidString(password) || containsControl(password):
		return Invalid(CodeCredentialInvalid, "The login or the password has characters that cannot be typed.", "Paste it again, without line breaks.")
	case len(c.Encode()) > MaxCredential:
		return Invalid(CodeCredentialInvalid, "The credential is longer than 1,500 bytes, too long for the keyring of some systems.", "Use a shorter password.")
	}
	return nil
}

func containsControl(s string) bool {
	for _, r := range s {
		if r < 0x20 || r == 0x7f {
			return true
		}
	}
	return false
}

type encodedCredential struct {
	Login    string `json:"login"`
	Password string `json:"password"`
}

// Encode gives the bytes that are sealed. Only sealing code may call it.
func (c Credential) Encode() []byte {
	b, err := json.Marshal(encodedCredential{c.Login, c.Password.Reveal()})
	if err != nil {
		panic("keyshift: encode credential: " + err.Error()) // two strings always encode
	}
	return b
}

// DecodeCredential reads what Encode gave. Its error never quotes the bytes.
func DecodeCredential(b []byte) (Credential, error) {
	var e encodedCredential
	if json.Unmarshal(b, &e) != nil {
		return Credential{}, errors.New("decode credential: not a credential")
	}
	return Credential{e.Login, NewSecret(e.Password)}, nil
}
