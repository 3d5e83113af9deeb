package i18n

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestEveryLanguageHasEveryText(t *testing.T) {
	english := For(English)
	for _, language := range Languages() {
		c := For(language)
		if got, want := c.Keys(), english.Keys(); !slices.Equal(got, want) {
			t.Errorf("%s has other texts than English: %v", language, different(got, want))
		}
		for key, text := range c.messages {
			if strings.TrimSpace(text) == "" {
				t.Errorf("%s: %s is empty", language, key)
			}
		}
	}
}

func different(a, b []string) []string {
	var only []string
	for _, pair := range [][2][]string{{a, b}, {b, a}} {
		for _, key := range pair[0] {
			if !slices.Contains(pair[1], key) {
				only = append(only, key)
			}
		}
	}
	return only
}

var anySlot = regexp.MustCompile("\ue000[1-9]\ue001")

func TestTranslationsHaveTheSamePlaceholders(t *testing.T) {
	english := For(English)
	for _, language := range Languages() {
		for key, text := range For(language).messages {
			got, want := anySlot.FindAllString(text, -1), anySlot.FindAllString(english.messages[key], -1)
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("%s: %s has other placeholders than English: %q", language, key, text)
			}
		}
	}
}

func TestTheLanguageIsFound(t *testing.T) {
	for _, tt := range []struct {
		wanted []string
		want   string
	}{
		{nil, English},
		{[]string{""}, English},
		{[]string{"C"}, English},
		{[]string{"de_AT.UTF-8"}, German},
		{[]string{"pt-BR", "fr-CA", "de"}, French},
		{[]string{"es@euro"}, Spanish},
		{[]string{"qps-ploc"}, Pseudo},
		{[]string{"tlh"}, English},
	} {
		if got := For(tt.wanted...).Language(); got != tt.want {
			t.Errorf("For(%q) is %s, want %s", tt.wanted, got, tt.want)
		}
	}
}

func TestArgumentsAreFilledInOnce(t *testing.T) {
	c := Catalog{English, map[string]string{"both": slot(2) + " until " + slot(1) + " for " + dollar + "5"}}
	if got, want := c.Text("both", "noon", slot(1)), slot(1)+" until noon for $5"; got != want {
		t.Errorf("Text = %q, want %q", got, want)
	}
}

func TestAMissingTextIsSeen(t *testing.T) {
	if got := For(German).Text("no_such_key"); got != "<no_such_key>" {
		t.Errorf("Text = %q, want the key in angle brackets", got)
	}
}

func TestThePseudoLanguageKeepsArguments(t *testing.T) {
	c := Catalog{Pseudo, map[string]string{"hello": "Hello, " + slot(1)}}
	if got, want := c.Text("hello", "dana"), "[Hélló, dana~~~~~]"; got != want {
		t.Errorf("Text = %q, want %q", got, want)
	}
}

func TestMessagesThatDoNotFitAreRefused(t *testing.T) {
	holders := map[string]placeholder{"who": {Content: "$1"}, "bad": {Content: "x"}}
	for text, fits := range map[string]bool{"plain": true, "$WHO$ for $$5": true, "$nobody$": false, "$bad$": false, "5 $": false} {
		if _, err := (message{Message: text, Placeholders: holders}).compile(); (err == nil) != fits {
			t.Errorf("compile(%q): %v, want it to fit: %v", text, err, fits)
		}
	}
}
