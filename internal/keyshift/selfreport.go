package keyshift

import (
	"strings"
	"time"
	"unicode/utf8"
)

// SelfReport is what a user told under "I made a mistake". Who does that helps; nobody is blamed.
type SelfReport struct {
	ID       ID
	UserID   ID
	DeviceID ID
	// AccountID and LeaseID are what it is about, empty if the hub knows no such thing.
	AccountID ID
	LeaseID   ID
	// About is the account as the user named it.
	About string
	// NoticedAt is when the user wrote it, by the device's clock, ReportedAt when the hub got it.
	NoticedAt  time.Time
	ReportedAt time.Time
	Text       string
}

// MaxMistake is the longest text of a self-report, in characters.
const MaxMistake = 2000

// MaxDailyMistakes is how many self-reports of a user a hub takes in 24 hours.
const MaxDailyMistakes = 50

// MistakesKept is for how long a hub keeps self-reports. The audit log keeps that there was one.
const MistakesKept = 2 * 365 * 24 * time.Hour

// ValidateMistake checks the text of a self-report: something is said, in at most [MaxMistake] characters, which may break
// lines. It returns the text with the space around it removed.
func ValidateMistake(text string) (string, error) {
	text = strings.TrimSpace(strings.NewReplacer("\r\n", "\n", "\r", "\n", "\t", " ").Replace(text))
	switch {
	case text == "":
		return "", mistakeInvalid("A few words are needed.")
	case utf8.RuneCountInString(text) > MaxMistake:
		return "", mistakeInvalid("That is longer than 2,000 characters.")
	case !plain(strings.ReplaceAll(text, "\n", " ")):
		return "", mistakeInvalid("The text has characters that cannot be shown.")
	}
	return text, nil
}

func mistakeInvalid(text string) error {
	return Invalid(CodeFieldInvalid, text, "Say in 1 to 2,000 characters what happened. A short word is enough.")
}
