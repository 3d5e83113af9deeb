package keyshift

import (
	"regexp"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// MaxReason is the longest reason of an access request, in characters.
const MaxReason = 2000

// ValidateReason checks the reason of an access request: something is said, in at most [MaxReason] characters, without
// control characters. It returns the reason with the space around it removed.
func ValidateReason(reason string) (string, error) {
	reason = strings.TrimSpace(reason)
	switch {
	case reason == "":
		return "", reasonInvalid("A reason is needed.")
	case utf8.RuneCountInString(reason) > MaxReason:
		return "", reasonInvalid("The reason is longer than 2,000 characters.")
	case !plain(reason):
		return "", reasonInvalid("The reason has characters that cannot be shown.")
	}
	return reason, nil
}

func reasonInvalid(text string) error {
	return Invalid(CodeReasonInvalid, text, "Say in 1 to 2,000 plain characters what you need the account for.")
}

// plain reports whether s is valid UTF-8 without control characters and without those that turn the direction of
// text, which can make one name look like another (Unicode TR 36).
func plain(s string) bool { return utf8.ValidString(s) && strings.IndexFunc(s, unprintable) < 0 }

func unprintable(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || unicode.Is(unicode.Cf, r) && r != '\u200d' ||
		r == unicode.ReplacementChar || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r)
}

// CleanText makes outside text safe to show: what cannot be printed is dropped, and at most limit characters stay.
func CleanText(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		if unprintable(r) {
			return -1
		}
		return r
	}, s)
	if r := []rune(s); len(r) > limit {
		return string(r[:limit]) + "…"
	}
	return s
}

// nameForm is compiled when it is first needed: every start of every program would wait for it.
var nameForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,62}$`) })

// ValidateName checks the short unique name of a user or group.
func ValidateName(kind, name string) error {
	if !nameForm().MatchString(name) {
		return Invalid(CodeFieldInvalid, "The name of a "+kind+" has 1 to 63 lower-case letters, digits, dots, hyphens or underscores.",
			"Choose a name like “dana” or “social-team”.")
	}
	return nil
}

// ValidateTitle checks a name that people read: of a device, of a user in full. Empty is allowed.
func ValidateTitle(field, title string) (string, error) {
	title = strings.TrimSpace(title)
	if utf8.RuneCountInString(title) > 100 || !plain(title) {
		return "", Invalid(CodeFieldInvalid, "The "+field+" is longer than 100 characters or has characters that cannot be shown.",
			"Use up to 100 plain characters.")
	}
	return title, nil
}
