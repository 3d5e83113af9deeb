package icon

import "strings"

// doubled doubles a sign that a menu takes for the mark of a shortcut.
func doubled(text, sign string) string { return strings.ReplaceAll(text, sign, sign+sign) }
