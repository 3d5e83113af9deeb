package keyshift

import (
	"regexp"
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

var (
	textForm    = regexp.MustCompile(`^[a-z][a-z0-9_]{0,59}$`)
	versionForm = regexp.MustCompile(`^[0-9a-zA-Z][0-9a-zA-Z._-]{0,39}$`)
)

// Validate refuses what names no text and no version.
func (a Acknowledgement) Validate() error {
	if !textForm.MatchString(a.TextID) || !versionForm.MatchString(a.Version) {
		return Invalid(CodeFieldInvalid, "That names no version of a text.", "Name a text like terms_x and a version like 2026-08-22.")
	}
	return nil
}
