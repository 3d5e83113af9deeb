package tray

import (
	"slices"
	"strings"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/i18n"
)

// Reminders is the window with what was shown and what waits.
type Reminders struct {
	Shown   []ReminderCard
	Waiting []ReminderCard
	// Paused says until when; empty if reminders are not paused.
	Paused        string
	MayPauseToday bool
	Empty         *Empty
}

// ReminderCard is one reminder in words.
type ReminderCard struct {
	ID   string
	Text string
	// Also is a second text, often empty.
	Also string
	// Note is when it was due, or what it waits for.
	Note string
	// Urgent ones are about a lease that ends.
	Urgent bool
	// Offers are what can be done about it at once.
	Offers []Offer
}

// RemindersOf makes the window with reminders, the newest first.
func RemindersOf(c i18n.Catalog, p Picture, now time.Time) Reminders {
	list := p.Reminders
	w := Reminders{MayPauseToday: list.GetMayPauseToday()}
	for _, r := range slices.Backward(list.GetShown()) {
		w.Shown = append(w.Shown, p.card(c, r, now))
	}
	for _, r := range list.GetWaiting() {
		w.Waiting = append(w.Waiting, p.card(c, r, now))
	}
	if until := list.GetPausedUntil(); until != nil && until.AsTime().After(now) {
		w.Paused = c.Text("reminders_paused_until", Clock(c, until.AsTime(), now))
	}
	if len(w.Shown)+len(w.Waiting) == 0 {
		w.Empty = &Empty{Title: c.Text("reminders_none_title"), Text: c.Text("reminders_none_text")}
	}
	return w
}

// card puts a reminder into words.
func (p Picture) card(c i18n.Catalog, r *v1.LocalReminder, now time.Time) ReminderCard {
	card := ReminderCard{ID: r.GetId(), Urgent: r.GetKind() == kindEndsSoon, Note: Clock(c, r.GetDue().AsTime(), now)}
	card.Text = ReminderText(c, r)
	if r.GetAlso() != "" {
		card.Also = c.Text(r.GetAlso())
	}
	if key := "held_" + r.GetHeld(); r.GetHeld() != "" && has(c, key) {
		card.Note = c.Text(key)
	}
	switch r.GetKind() {
	case kindEndsSoon:
		card.Offers = p.endOffers(c, r, now)
	case kindTerms, kindChanged:
		_, name, _ := strings.Cut(r.GetText(), "_")
		card.Offers = []Offer{{Text: c.Text("tray_read"), Action: show(WindowTerms, name)}}
	}
	return card
}

// endOffers prolong the live leases that a warning is about, or give them back: each for itself, so that where there are
// several the account is named.
func (p Picture) endOffers(c i18n.Catalog, r *v1.LocalReminder, now time.Time) []Offer {
	var offers []Offer
	leases := p.meant(r, now)
	for _, l := range leases {
		name := ""
		if len(leases) > 1 {
			name = " " + Title(l.GetLease())
		}
		offers = append(offers, Offer{Text: c.Text("button_renew") + name, Action: renewal(l), Main: true},
			Offer{Text: c.Text("button_check_in") + name, Action: Action{Verb: CheckIn, Lease: l.GetLease().GetId()}})
	}
	return offers
}

// Only is the window with a single reminder; with all of them if it is not there any more.
func (w Reminders) Only(id string) Reminders {
	for _, c := range w.Shown {
		if c.ID == id {
			w.Shown, w.Waiting = []ReminderCard{c}, nil
			return w
		}
	}
	return w
}
