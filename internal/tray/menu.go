package tray

import (
	"cmp"
	"slices"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// Item is an entry of the menu. The zero Item is a line between groups.
type Item struct {
	Text string
	// Action is what a click does. An entry without action and without items is there to be read, and shown as inactive.
	Action Action
	// Items make it the head of a menu of its own.
	Items []Item
}

// Line reports whether the entry is a line between groups.
func (i Item) Line() bool { return i.Text == "" }

// Active reports whether the entry can be clicked.
func (i Item) Active() bool { return i.Action != Action{} || len(i.Items) > 0 }

// mostAccounts and mostLeases are how many a menu lists; the home window lists all.
const (
	mostAccounts = 20
	mostLeases   = 20
)

// Menu is the menu at a moment.
func (v View) Menu(now time.Time) []Item {
	groups := [][]Item{slices.Concat(v.news(), v.relayNews(now), v.browserNews(now)), v.leases(now), v.lend(), v.reminders(now), v.help(), {v.entry("tray_quit", Action{Verb: Quit})}}
	var menu []Item
	for _, g := range groups {
		if len(g) > 0 && len(menu) > 0 {
			menu = append(menu, Item{})
		}
		menu = append(menu, g...)
	}
	return menu
}

func (v View) entry(key string, a Action) Item { return Item{Text: v.Words.Text(key), Action: a} }

// news is what is wrong and what mends it.
func (v View) news() []Item {
	var items []Item
	if wrong := v.headline(); wrong != "" {
		items = append(items, Item{Text: keyshift.CleanText(wrong, longestLine)})
	}
	switch {
	case v.Problem != nil && v.Problem.Code == keyshift.CodeAgentNotRunning:
		items = append(items, v.entry("tray_start_agent", Action{Verb: StartAgent}))
	case v.Status != nil && !v.Status.GetEnrolled():
		items = append(items, v.entry("tray_enroll", show(WindowEnroll, "")))
	}
	if v.NoWindows {
		items = append(items, Item{Text: v.Words.Text("tray_no_windows")})
	}
	return append(items, v.entry("tray_home", show(WindowHome, "")))
}

const longestLine = 100

// leases are the leases, each with what can be done with it, the first that ends first.
func (v View) leases(now time.Time) []Item {
	leases := slices.Clone(v.Leases())
	slices.SortStableFunc(leases, func(a, b *v1.HeldLease) int { return cmp.Compare(v.TimeLeft(a, now), v.TimeLeft(b, now)) })
	var items []Item
	for _, l := range leases {
		if len(items) == mostLeases {
			return append(items, v.entry("tray_all_leases", show(WindowHome, "")))
		}
		switch {
		case v.Live(l, now):
			items = append(items, Item{Text: v.countdown(l, now), Items: v.leaseMenu(l)})
		case l.GetWipeFailure() != "":
			items = append(items, Item{Text: v.Words.Text("tray_wipe_failed", Title(l.GetLease())), Action: show(WindowDiagnostics, "")})
		case l.GetEnding() != "" || v.TimeLeft(l, now) == 0:
			items = append(items, Item{Text: v.Words.Text("tray_ending", Title(l.GetLease()))})
		}
	}
	return items
}

func (v View) leaseMenu(held *v1.HeldLease) []Item {
	l := held.GetLease()
	items := []Item{
		{Text: v.Words.Text("tray_open_account", Handle(l)), Action: Action{Verb: OpenWork, Lease: l.GetId()}},
		v.renewEntry(held),
		v.entry("tray_check_in", Action{Verb: CheckIn, Lease: l.GetId()}),
	}
	if l.GetHasCodeSeed() {
		items = append(items, v.entry("tray_code", Action{Verb: CopyCode, Lease: l.GetId()}))
	}
	return items
}

func (v View) renewEntry(l *v1.HeldLease) Item {
	a := renewal(l)
	return Item{Text: v.Words.Text("tray_renew", Span(v.Words, a.Duration)), Action: a}
}

// lend lists the accounts that can be checked out.
func (v View) lend() []Item {
	if !v.Status.GetEnrolled() {
		return nil
	}
	if len(v.Accounts) == 0 {
		return []Item{{Text: v.Words.Text("tray_no_accounts")}}
	}
	var accounts []Item
	for _, a := range v.Accounts {
		if len(accounts) == mostAccounts {
			accounts = append(accounts, v.entry("tray_all_accounts", show(WindowHome, "")))
			break
		}
		accounts = append(accounts, v.lendable(a))
	}
	return []Item{{Text: v.Words.Text("tray_check_out"), Items: accounts}}
}

// lendable is one account. The window of one that is missing something says what, and how to get it.
func (v View) lendable(a *v1.Lendable) Item {
	for _, l := range v.Leases() {
		if l.GetEnding() == "" && l.GetLease().GetAccountId() == a.GetAccountId() {
			return Item{Text: v.Words.Text("tray_held", Title(a))}
		}
	}
	if a.GetHolder() != "" {
		return Item{Text: v.Words.Text("tray_busy", Title(a), Name(a.GetHolder()), clock(a.GetHeldUntil().AsTime(), v.Zone))}
	}
	return Item{Text: Title(a), Action: show(WindowCheckOut, a.GetAccountId())}
}

// reminders are what to read, and when not to be reminded.
func (v View) reminders(now time.Time) []Item {
	if v.Reminders == nil {
		return nil
	}
	items := v.terms()
	if unread := len(v.Reminders.GetShown()) + len(v.Reminders.GetWaiting()); unread > 0 {
		items = append(items, Item{Text: v.Words.Text("tray_reminders"), Items: v.toRead()})
	}
	until := v.Reminders.GetPausedUntil()
	if until != nil && until.AsTime().After(now) {
		text := v.Words.Text("tray_paused", clock(until.AsTime(), v.Zone))
		return append(items, Item{Text: text, Items: []Item{v.entry("tray_resume", Action{Verb: Resume})}})
	}
	return append(items, Item{Text: v.Words.Text("tray_pause"), Items: v.pauses()})
}

// terms are what the user has not read yet of what concerns them.
func (v View) terms() []Item {
	var items []Item
	for _, text := range TextsOf(v.Words, v.Texts, "") {
		items = append(items, Item{Text: text.Title, Action: show(WindowTerms, text.ID)})
	}
	if len(items) == 0 {
		return nil
	}
	return []Item{{Text: v.Words.Text("tray_terms"), Items: items}}
}

func (v View) toRead() []Item {
	var items []Item
	for _, r := range v.Reminders.GetWaiting() {
		items = append(items, v.reminder(r))
	}
	shown := v.Reminders.GetShown()
	for i := len(shown) - 1; i >= 0; i-- {
		items = append(items, v.reminder(shown[i]))
	}
	return items
}

func (v View) reminder(r *v1.LocalReminder) Item {
	return Item{Text: keyshift.CleanText(ReminderText(v.Words, r), longestLine), Action: show(WindowReminder, r.GetId())}
}

func (v View) pauses() []Item {
	items := []Item{
		v.entry("tray_pause_15", Action{Verb: Pause, Duration: 15 * time.Minute}),
		v.entry("tray_pause_60", Action{Verb: Pause, Duration: time.Hour}),
	}
	if v.Reminders.GetMayPauseToday() {
		items = append(items, v.entry("tray_pause_today", Action{Verb: Pause, Today: true}))
	}
	return items
}

func (v View) help() []Item {
	var items []Item
	if v.Status.GetEnrolled() {
		items = append(items, v.entry("tray_mistake", show(WindowMistake, "")), v.entry("tray_sent", show(WindowSent, "")))
	}
	if v.Status.GetEnrolled() {
		items = append(items, v.entry("tray_browsers", show(WindowBrowsers, "")))
	}
	return append(items, v.entry("tray_settings", show(WindowSettings, "")), v.entry("tray_diagnostics", show(WindowDiagnostics, "")))
}
