package icon

import (
	"strings"
	"unicode/utf16"
)

// doubled doubles a sign that a menu takes for the mark of a shortcut.
func doubled(text, sign string) string { return strings.ReplaceAll(text, sign, sign+sign) }

// within cuts a text off where it would take more than so many units of UTF-16.
func within(text string, most int) string {
	units := 0
	for at, r := range text {
		if units += utf16.RuneLen(r); units > most {
			return text[:at]
		}
	}
	return text
}
