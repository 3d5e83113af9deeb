package keyshift

import (
	"strings"
	"time"
)

// Acknowledgement is a user's word to have read one version of a text: "I have read version 3".
type Acknowledgement struct {
	UserID   ID
	DeviceID ID
	// TextID names the text: "terms_x".
	TextID string
	// Version is that of the text: the day on which terms were archived.
	Version string
	At      time.Time
}

const (
	lowerCase = "abcdefghijklmnopqrstuvwxyz"
	upperCase = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits    = "0123456789"
)

// made reports whether s is one of first and then only of these and rest, and has at most so many characters.
func made(s, first, rest string, most int) bool {
	return s != "" && len(s) <= most && strings.ContainsRune(first, rune(s[0])) && !strings.ContainsFunc(s, func(r rune) bool {
		return !strings.ContainsRune(first+rest, r)
	})
}

// Validate refuses what names no text and no version.
func (a Acknowledgement) Validate() error {
	if !made(a.TextID, lowerCase, digits+"_", 60) || !made(a.Version, lowerCase+upperCase+digits, "._-", 40) {
		return Invalid(CodeFieldInvalid, "That names no version of a text.", "Name a text like terms_x and a version like 2026-08-22.")
	}
	return nil
}
