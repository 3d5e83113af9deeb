package tray

import (
	"math"
	"strconv"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/i18n"
)

// Browsers is the window with the browsers that are connected, and those that ask to be.
type Browsers struct {
	Asking []PairingCard
	Known  []BrowserCard
	Empty  *Empty
}

// PairingCard asks whether a browser is the user's own.
type PairingCard struct {
	Title, Text string
	// Digits is the code in groups that can be compared: "482 913".
	Digits string
	// Seconds is how long the question is open, in words.
	Seconds string
	Left    time.Duration
	Offers  []Offer
}

// BrowserCard is a connected browser.
type BrowserCard struct {
	Title, Line string
	// Owes says what is still to be cleaned up there; empty if nothing is.
	Owes   string
	Offers []Offer
}

// BrowsersOf makes the window at a moment.
func BrowsersOf(c i18n.Catalog, p Picture, now time.Time) Browsers {
	var w Browsers
	for _, b := range p.Asking(now) {
		w.Asking = append(w.Asking, pairingCard(c, b, p.asksFor(b, now)))
	}
	for _, b := range p.connected() {
		w.Known = append(w.Known, browserCard(c, b))
	}
	if len(w.Asking)+len(w.Known) == 0 {
		w.Empty = &Empty{Title: c.Text("browsers_none_title"), Text: c.Text("browsers_none_text")}
	}
	return w
}

func pairingCard(c i18n.Catalog, b *v1.BrowserProfile, left time.Duration) PairingCard {
	return PairingCard{
		Title: c.Text("browsers_ask_title", browserTitle(b)), Text: c.Text("browsers_ask_text"), Digits: grouped(b.GetCode()), Left: left,
		Seconds: c.Text("code_seconds", strconv.Itoa(int(math.Ceil(left.Seconds())))),
		Offers: []Offer{
			{Text: c.Text("browsers_not"), Action: Action{Verb: Refuse, Code: b.GetCode()}},
			{Text: c.Text("browsers_same"), Action: Action{Verb: Accept, Code: b.GetCode()}, Main: true},
		},
	}
}

func browserCard(c i18n.Catalog, b *v1.BrowserProfile) BrowserCard {
	mode, state := "ext_mode_"+b.GetMode(), "browsers_away"
	if b.GetConnected() {
		state = "browsers_running"
	}
	card := BrowserCard{Title: browserTitle(b), Line: c.Text(state)}
	if has(c, mode) {
		card.Line = c.Text("browsers_line", c.Text(mode), c.Text(state))
	}
	if len(b.GetOwes()) > 0 {
		card.Owes = c.Text("browsers_owes", owed(b))
	}
	card.Offers = []Offer{{Text: c.Text("browsers_forget"), Action: Action{Verb: Forget, Text: b.GetId()}}}
	return card
}

// NextChange is how long the window stays as it is if nobody says anything: until a second of a question is over; 0 is for
// ever.
func (w Browsers) NextChange() time.Duration {
	var next time.Duration
	for _, a := range w.Asking {
		if d := a.Left % time.Second; next == 0 || d < next {
			next = max(d, time.Millisecond)
		}
	}
	return next
}

// OpenedText says where an account was opened.
func OpenedText(c i18n.Catalog, got *v1.LocalServiceOpenAccountResponse) string {
	key := "browsers_opened"
	if got.GetMode() == "same_profile" {
		key = "browsers_opened_same"
	}
	text := c.Text(key, BrowserName(got.GetBrowser()))
	if got.GetMissing() != "" {
		text += " " + c.Text("browsers_missing", BrowserName(got.GetMissing()))
	}
	return text
}
