package tray

import (
	"strconv"
	"strings"
	"time"
	"unicode"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/i18n"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// longestName is how much of a name a menu shows, in characters.
const longestName = 40

// Span is a time left in words. It is rounded up to minutes, so that the last minute reads "1 min" and the text changes
// exactly when a minute is over.
func Span(c i18n.Catalog, d time.Duration) string {
	minutes := int((d + time.Minute - 1) / time.Minute)
	switch {
	case minutes < 60:
		return c.Text("tray_minutes", strconv.Itoa(minutes))
	case minutes%60 == 0:
		return c.Text("tray_whole_hours", strconv.Itoa(minutes/60))
	}
	return c.Text("tray_hours", strconv.Itoa(minutes/60), strconv.Itoa(minutes%60))
}

// UntilNextSpan is how long the text of Span stays as it is; 0 once nothing is left.
func UntilNextSpan(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	if rest := d % time.Minute; rest > 0 {
		return rest
	}
	return time.Minute
}

// Name makes a name from outside fit to stand in a line of ours: without control characters, not too long, and kept apart
// from its surroundings if it is written from right to left.
func Name(s string) string {
	name := keyshift.CleanText(s, longestName)
	if !strings.ContainsFunc(name, rightToLeft) {
		return name
	}
	const isolate, end = "\u2068", "\u2069"
	return isolate + name + end
}

func rightToLeft(r rune) bool {
	return unicode.In(r, unicode.Hebrew, unicode.Arabic, unicode.Syriac, unicode.Thaana, unicode.Nko)
}

// NetworkOf is a network of the API in the domain; empty if it is not known here.
func NetworkOf(n v1.Network) keyshift.Network {
	name := strings.ToLower(strings.TrimPrefix(n.String(), "NETWORK_"))
	network, err := keyshift.ParseNetwork(name)
	if err != nil {
		return ""
	}
	return network
}

// account is what names an account: a lease or what can be lent.
type account interface {
	GetNetwork() v1.Network
	GetHandle() string
}

// Handle is "@acme".
func Handle(a account) string { return "@" + Name(shownHandle(a)) }

func shownHandle(a account) string {
	return keyshift.ShownHandle(NetworkOf(a.GetNetwork()), a.GetHandle())
}

// Title is "@acme (X)".
func Title(a account) string {
	if title := NetworkTitle(a); title != "" {
		return Handle(a) + " (" + title + ")"
	}
	return Handle(a)
}

// NetworkTitle is what people call the network of an account: "X", or the host of a site.
func NetworkTitle(a account) string {
	return Name(keyshift.ShownNetwork(NetworkOf(a.GetNetwork()), a.GetHandle()))
}

// clock is a time of day, as everybody writes it.
func clock(t time.Time, zone *time.Location) string {
	if zone == nil {
		zone = time.Local
	}
	return t.In(zone).Format("15:04")
}

// ErrorText is an error in the words of a catalog: by its code where that has a text, or else the text it came with.
func ErrorText(c i18n.Catalog, code keyshift.Code, text string) string {
	own, _ := words(c, &keyshift.Error{Code: code, Text: text}, time.Time{})
	return own
}
