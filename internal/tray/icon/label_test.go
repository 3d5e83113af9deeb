package icon

import (
	"strings"
	"testing"
)

func TestATextIsCutBetweenCharacters(t *testing.T) {
	for _, tt := range []struct {
		text string
		most int
		want string
	}{
		{"", 3, ""},
		{"abc", 3, "abc"},
		{"abcd", 3, "abc"},
		{"äöü!", 3, "äöü"},
		{"a😀😀", 4, "a😀"},
		{"a\xff\xff", 2, "a\xff"},
		{strings.Repeat("x", 5000), 127, strings.Repeat("x", 127)},
	} {
		if got := within(tt.text, tt.most); got != tt.want {
			t.Errorf("within(%.20q, %d) = %.200q, want %.200q", tt.text, tt.most, got, tt.want)
		}
	}
}
