package tray

import (
	"strings"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/i18n"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// Relay is the window in which a custodian types a code that somebody waits for. The code is in memory only.
type Relay struct {
	ID      string
	Network keyshift.Network
	// Title is the handle, User whoever waits.
	Title, User string
	// Asks says who needs what, Care what to think of before.
	Asks, Care string
	// LeftText is how long the question is open, in words.
	LeftText string
	Left     time.Duration
	// Empty is set if nobody waits (any more).
	Empty *Empty
}

// Waiting are the codes that are waited for at a moment.
func (p Picture) Waiting(now time.Time) (list []*v1.RelayRequest) {
	for _, r := range p.Relays {
		if relayLeft(r, now) > 0 {
			list = append(list, r)
		}
	}
	return list
}

func relayLeft(r *v1.RelayRequest, now time.Time) time.Duration {
	return r.GetExpiresAt().AsTime().Sub(now)
}

// relayAccount is the account "x/acme" in its parts.
func relayAccount(r *v1.RelayRequest) (n keyshift.Network, handle string) {
	name, handle, found := strings.Cut(r.GetAccount(), "/")
	if !found {
		return "", At(r.GetAccount())
	}
	n, err := keyshift.ParseNetwork(name)
	if err != nil {
		n = ""
	}
	return n, "@" + Name(handle)
}

// relayTitle is "@acme (X)".
func relayTitle(r *v1.RelayRequest) string {
	n, handle := relayAccount(r)
	if n == "" {
		return handle
	}
	return handle + " (" + n.Title() + ")"
}

// RelayOf makes the window of a request; of the first one if it is not named.
func RelayOf(c i18n.Catalog, p Picture, id string, now time.Time) Relay {
	for _, r := range p.Waiting(now) {
		if id != "" && r.GetId() != id {
			continue
		}
		w := Relay{ID: r.GetId(), User: Name(r.GetUser()), Left: relayLeft(r, now)}
		w.Network, w.Title = relayAccount(r)
		w.Asks, w.Care = c.Text("relay_asks", w.User, Name(r.GetDevice())), c.Text("relay_care", w.User)
		w.LeftText = c.Text("relay_left", Left(w.Left))
		return w
	}
	home := Offer{Text: c.Text("button_show_accounts"), Action: show(WindowHome, ""), Main: true}
	return Relay{Empty: &Empty{Title: c.Text("relay_none_title"), Text: c.Text("relay_none_text"), Offers: []Offer{home}}}
}

// relayNews are the lines of the menu about codes that are waited for.
func (v View) relayNews(now time.Time) (items []Item) {
	for _, r := range v.Waiting(now) {
		if len(items) == mostNames {
			break
		}
		items = append(items, Item{Text: v.Words.Text("tray_relay", Name(r.GetUser()), relayTitle(r)), Action: show(WindowRelay, r.GetId())})
	}
	return items
}

// relayNotice asks for a code. It stays until it is answered: somebody waits.
func (v View) relayNotice(r *v1.RelayRequest) Notice {
	return Notice{
		ID: "relay-" + r.GetId(), Title: v.Words.Text("tray_notice_relay", Name(r.GetUser())), Body: v.Words.Text("tray_relay_body", relayTitle(r)), Urgent: true,
		Sound: v.Wishes.Sound, Buttons: []Button{v.button("tray_relay_type", show(WindowRelay, r.GetId()))},
	}
}
