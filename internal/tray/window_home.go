package tray

import (
	"cmp"
	"slices"
	"strings"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/i18n"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// Home is the window with accounts and leases.
type Home struct {
	// Where is "dana at Example Ltd."; empty before the device is enrolled.
	Where string
	// Banner is what stands above everything: no contact, a wrong clock.
	Banner *Trouble
	// Empty is shown instead of rows when there are none.
	Empty *Empty
	Rows  []Row
	// Searchable is set once there are too many accounts to overlook.
	Searchable bool
}

// Empty is what a window says when it has nothing to list.
type Empty struct {
	Title, Text string
	Offers      []Offer
}

// RowKind is what a row of the home window is.
type RowKind int

// The kinds of rows.
const (
	// HeadingRow has only a text.
	HeadingRow RowKind = iota
	// LeaseRow is a lease that is held or still wiped; it has buttons.
	LeaseRow
	// AccountRow is an account that can be asked for.
	AccountRow
)

// Row is one row of the home window.
type Row struct {
	Kind    RowKind
	Network keyshift.Network
	// Title is the handle, or the text of a heading.
	Title string
	Line  string
	// Open is what a tap on the row does.
	Open   Action
	Offers []Offer
	// Muted rows cannot be had now.
	Muted bool
	// Lease is the id of the lease, whose ring shows Left of Total.
	Lease       string
	Left, Total time.Duration
	// Soon marks a lease with less than ten minutes left.
	Soon bool
}

// searchFrom is the number of accounts from which a search field helps.
const searchFrom = 12

// HomeOf makes the home window at a moment. Only accounts whose handle or network contain the search are listed.
func HomeOf(c i18n.Catalog, p Picture, search string, now time.Time) Home {
	if empty := emptyHome(c, p); empty != nil {
		return Home{Empty: empty, Banner: banner(c, p, now)}
	}
	h := Home{Banner: banner(c, p, now), Searchable: len(p.Accounts) >= searchFrom}
	h.Where = c.Text("home_at_hub", Name(p.Status.GetUser()), Name(p.Status.GetHubName()))
	h.Rows = append(leaseRows(c, p, now), accountRows(c, p, search, now)...)
	if len(h.Rows) == 0 {
		h.Empty = nothing(c, p, search, now)
	}
	return h
}

func emptyHome(c i18n.Catalog, p Picture) *Empty {
	switch {
	case p.Status == nil && p.Problem == nil:
		return &Empty{Title: c.Text("empty_looking_title"), Text: c.Text("empty_looking_text")}
	case p.Status == nil && p.Problem.Code == keyshift.CodeAgentNotRunning:
		return &Empty{c.Text("empty_agent_title"), c.Text("empty_agent_text"), mend(c, &Trouble{Code: p.Problem.Code})}
	case p.Status == nil:
		t := TroubleOf(c, p.Problem, p.At)
		return &Empty{t.Text, t.Hint, t.Offers}
	case !p.Status.GetEnrolled():
		return &Empty{c.Text("empty_not_enrolled_title"), c.Text("empty_not_enrolled_text"), mend(c, &Trouble{Code: keyshift.CodeNotEnrolled})}
	}
	return nil
}

func nothing(c i18n.Catalog, p Picture, search string, now time.Time) *Empty {
	switch t := TroubleOf(c, p.accountsError(), now); {
	case search != "":
		return &Empty{Text: c.Text("home_search_none", keyshift.CleanText(search, 40))}
	case !p.AccountsAsked:
		return &Empty{Text: c.Text("win_working")}
	case t != nil:
		return &Empty{t.Text, t.Hint, []Offer{{Text: c.Text("button_ask_hub"), Action: Action{Verb: AskHub}, Main: true}}}
	}
	ask := Offer{Text: c.Text("button_ask_hub"), Action: Action{Verb: AskHub}, Main: true}
	return &Empty{c.Text("empty_nothing_title"), c.Text("empty_nothing_text"), []Offer{ask}}
}

// accountsError is why the accounts are not known, a plain nil if they are.
func (p Picture) accountsError() error {
	if p.AccountsProblem == nil {
		return nil
	}
	return p.AccountsProblem
}

// banner tells what concerns everything in the window, the gravest thing only.
func banner(c i18n.Catalog, p Picture, now time.Time) *Trouble {
	ask := []Offer{{Text: c.Text("button_ask_hub"), Action: Action{Verb: AskHub}}}
	switch s := p.Status; {
	case s == nil || !s.GetEnrolled() && s.GetProblem() == nil:
		return nil
	case s.GetTrust() == v1.Trust_TRUST_CLOCK_SUSPECT:
		return &Trouble{Code: keyshift.CodeClockSuspect, Text: c.Text("banner_clock"), Offers: ask}
	case s.GetProblem() != nil:
		return TroubleOfInfo(c, s.GetProblem(), now)
	case s.GetTrust() == v1.Trust_TRUST_STALE && len(s.GetLeases()) > 0:
		return &Trouble{Code: keyshift.CodeOffline, Text: c.Text("banner_stale"), Offers: ask}
	case !s.GetConnected() && s.GetLastContact() == nil:
		return &Trouble{Code: keyshift.CodeHubUnreachable, Text: c.Text("banner_offline_never"), Offers: ask}
	case !s.GetConnected():
		return &Trouble{Code: keyshift.CodeHubUnreachable, Text: c.Text("banner_offline", Clock(c, s.GetLastContact().AsTime(), now)), Offers: ask}
	case p.AccountsProblem != nil && len(p.Accounts) > 0:
		return TroubleOf(c, p.AccountsProblem, now)
	}
	return browserBanner(c, p, now)
}

func leaseRows(c i18n.Catalog, p Picture, now time.Time) []Row {
	var rows []Row
	for _, l := range p.Leases() {
		rows = append(rows, leaseRow(c, p, l, now))
	}
	slices.SortStableFunc(rows, func(a, b Row) int { return cmp.Compare(a.Title, b.Title) })
	if len(rows) > 0 {
		rows = slices.Insert(rows, 0, Row{Kind: HeadingRow, Title: c.Text("home_held")})
	}
	return rows
}

func leaseRow(c i18n.Catalog, p Picture, held *v1.HeldLease, now time.Time) Row {
	l := held.GetLease()
	row := Row{Kind: LeaseRow, Network: NetworkOf(l.GetNetwork()), Title: At(shownHandle(l)), Lease: l.GetId(), Left: p.TimeLeft(held, now)}
	row.Total = max(row.Left, l.GetEndsAt().AsTime().Sub(l.GetStartedAt().AsTime()))
	row.Line = leaseLine(c, p, held, now)
	if !p.Live(held, now) {
		row.Muted, row.Left = true, 0
		return row
	}
	row.Soon, row.Open = row.Left <= 10*time.Minute, show(WindowRenew, l.GetId())
	renew := Offer{Text: c.Text("button_renew"), Action: row.Open}
	if row.Soon { // one tap is enough then
		renew.Action, renew.Main = renewal(held), true
	}
	row.Offers = []Offer{{Text: c.Text("button_open"), Action: Action{Verb: OpenWork, Lease: l.GetId()}, Main: !row.Soon}, renew}
	if row.Soon {
		slices.Reverse(row.Offers)
	}
	row.Offers = append(row.Offers, Offer{Text: c.Text("button_check_in"), Action: Action{Verb: CheckIn, Lease: l.GetId()}})
	if l.GetHasCodeSeed() {
		row.Offers = append(row.Offers, Offer{Text: c.Text("button_copy_code"), Action: show(WindowCode, l.GetId())})
	}
	return row
}

// leaseLine says how a lease stands.
func leaseLine(c i18n.Catalog, p Picture, held *v1.HeldLease, now time.Time) string {
	l := held.GetLease()
	switch {
	case held.GetEnding() == "wipe_failed":
		return c.Text("lease_wipe_failed", keyshift.CleanText(held.GetWipeFailure(), 120))
	case held.GetEnding() == "reporting":
		return c.Text("lease_reporting")
	case !p.Live(held, now):
		return c.Text("lease_over")
	case held.GetOfflineEnd() != nil && held.GetOfflineEnd().AsTime().Before(l.GetEndsAt().AsTime()):
		return c.Text("lease_offline", Clock(c, held.GetOfflineEnd().AsTime(), now))
	case l.GetState() == v1.LeaseState_LEASE_STATE_PENDING:
		return c.Text("lease_pending")
	}
	return c.Text("lease_until", NetworkTitle(l), Clock(c, now.Add(p.TimeLeft(held, now)), now))
}

// accountRows lists what is not held here: free, busy, and what cannot be had for another reason.
func accountRows(c i18n.Catalog, p Picture, search string, now time.Time) []Row {
	var free, busy, blocked []Row
	for _, a := range p.Accounts {
		switch row := accountRow(c, a, now); {
		case p.LeaseOf(a.GetAccountId(), now) != nil || !finds(search, row):
		case a.GetHolder() != "":
			busy = append(busy, row)
		case row.Muted:
			blocked = append(blocked, row)
		default:
			free = append(free, row)
		}
	}
	var rows []Row
	for _, part := range []struct {
		key  string
		rows []Row
	}{{"home_free", free}, {"home_busy", busy}, {"home_blocked", blocked}} {
		slices.SortStableFunc(part.rows, func(a, b Row) int {
			return cmp.Or(cmp.Compare(a.Title, b.Title), cmp.Compare(a.Network, b.Network))
		})
		if len(part.rows) > 0 {
			rows = append(append(rows, Row{Kind: HeadingRow, Title: c.Text(part.key)}), part.rows...)
		}
	}
	return rows
}

func accountRow(c i18n.Catalog, a *v1.Lendable, now time.Time) Row {
	row := Row{Kind: AccountRow, Network: NetworkOf(a.GetNetwork()), Title: At(shownHandle(a)), Open: show(WindowCheckOut, a.GetAccountId())}
	switch {
	case a.GetHolder() != "" && a.GetHeldUntil() != nil:
		row.Line = c.Text("account_with", Name(a.GetHolder()), Clock(c, a.GetHeldUntil().AsTime(), now))
	case a.GetHolder() != "":
		row.Line = c.Text("account_with_someone")
	case len(a.GetMissing()) > 0:
		row.Line = TroubleOfInfo(c, a.GetMissing()[0], now).Text
	default:
		row.Line = c.Text("account_up_to", NetworkTitle(a), Length(a.GetMaxDuration().AsDuration()))
	}
	row.Muted = a.GetHolder() != "" || len(a.GetMissing()) > 0
	return row
}

func finds(search string, r Row) bool {
	search = strings.ToLower(strings.TrimSpace(search))
	return strings.Contains(strings.ToLower(r.Title+" "+r.Network.Title()), search)
}

// LeaseOf is the live lease of an account on this device, nil if there is none.
func (p Picture) LeaseOf(account string, now time.Time) *v1.HeldLease {
	for _, l := range p.Leases() {
		if l.GetLease().GetAccountId() == account && p.Live(l, now) {
			return l
		}
	}
	return nil
}

// OnlyLease is the id of the live lease if there is a single one, which is then what nobody needs to name.
func (p Picture) OnlyLease(now time.Time) string {
	only := ""
	for _, l := range p.Leases() {
		switch {
		case !p.Live(l, now):
		case only != "":
			return ""
		default:
			only = l.GetLease().GetId()
		}
	}
	return only
}

// Lease finds a lease by its id, nil if there is none.
func (p Picture) Lease(id string) *v1.HeldLease {
	for _, l := range p.Leases() {
		if l.GetLease().GetId() == id {
			return l
		}
	}
	return nil
}

// Account finds an account by its id or by "network/handle", nil if there is none.
func (p Picture) Account(name string) *v1.Lendable {
	for _, a := range p.Accounts {
		if a.GetAccountId() == name || string(NetworkOf(a.GetNetwork()))+"/"+a.GetHandle() == name {
			return a
		}
	}
	return nil
}

// NextChange is how long the window stays as it is if nobody says anything: the next moment at which a countdown shows
// another text. 0 means that nothing counts down.
func (h Home) NextChange() time.Duration {
	var next time.Duration
	for _, r := range h.Rows {
		if d := NextChange(r.Left); d > 0 && (next == 0 || d < next) {
			next = d
		}
	}
	return next
}
