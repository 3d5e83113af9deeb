package pattern

import (
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	for _, tt := range []struct {
		expr, want string // want is a part of the error; empty for none
	}{
		{`u(?:=|%3D)(\d{1,20})`, ""},
		{`@([A-Za-z0-9_]{1,15})`, ""},
		{`\bproject[ -]?zephyr\b`, ""},
		{`ACME-\d{4,6}`, ""},
		{`^1$`, ""},
		{`"USER_ID":"(\d{1,20})"`, ""},
		{``, "empty"},
		{`\d+`, "no end"},
		{`a*b`, "no end"},
		{`a{2,}`, "no end"},
		{`(ab){1,9}`, "repeats a group"},
		{`(?:ab|a){1,30}x`, "repeats a group"},
		{`a{1,257}`, "more than 256"},
		{`.{0,99}.{0,99}x`, "ways to match"},
		{`(a?b?c?d?e?f?g?h?i?j?k?l?m?)x`, "ways to match"},
		{`a{0,9}`, "everywhere"},
		{`a(?=b)`, "(?:"},
		{`(?i)secret`, "(?:"},
		{`(?P<n>a)`, "(?:"},
		{`(a)\1`, "invalid escape"},
		{`\pLx`, "browser"},
		{`[[:alpha:]]x`, "browser"},
		{`\Aabc`, "browser"},
		{`a(`, "missing closing"},
		{strings.Repeat("a", MaxLength+1), "the limit is"},
	} {
		err := Check(tt.expr)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("Check(%q) = %v, want %q", tt.expr, err, tt.want)
		}
	}
}
