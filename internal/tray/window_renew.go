package tray

import (
	"time"

	"github.com/keyshift-hq/keyshift/internal/i18n"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// Prolong is the window of one lease: how long it still lasts, and how to prolong it or give it back.
type Prolong struct {
	Lease   string
	Account string
	Network keyshift.Network
	Title   string
	Line    string
	Left    time.Duration
	Total   time.Duration
	Soon    bool
	// Presets are durations from now that are longer than what is left; none when it cannot be prolonged.
	Presets []Preset
	HasCode bool
	// Over is set once the lease is over.
	Over *Empty
}

// ProlongOf makes the window of a lease. A lease that is not known is over.
func ProlongOf(c i18n.Catalog, p Picture, lease string, now time.Time) Prolong {
	held := p.Lease(lease)
	w := Prolong{Lease: lease}
	if held == nil {
		w.Over = over(c, show(WindowHome, ""))
		return w
	}
	l, row := held.GetLease(), leaseRow(c, p, held, now)
	w.Account, w.Network, w.Title, w.Line = l.GetAccountId(), row.Network, row.Title, row.Line
	w.Left, w.Total, w.Soon, w.HasCode = row.Left, row.Total, row.Soon, l.GetHasCodeSeed()
	if !p.Live(held, now) {
		w.Over = over(c, show(WindowCheckOut, l.GetAccountId()))
		return w
	}
	longest := min(l.GetMaxDuration().AsDuration(), l.GetStartedAt().AsTime().Add(keyshift.MaxLeaseLength).Sub(now))
	for _, preset := range Presets(c, longest.Truncate(time.Minute), now) {
		if preset.Duration > w.Left+time.Minute {
			w.Presets = append(w.Presets, preset)
		}
	}
	return w
}

func over(c i18n.Catalog, again Action) *Empty {
	text := "button_check_out_again"
	if again.Request.Window == WindowHome {
		text = "button_show_accounts"
	}
	return &Empty{c.Text("renew_over_title"), c.Text("renew_over_text"), []Offer{{Text: c.Text(text), Action: again, Main: true}}}
}
