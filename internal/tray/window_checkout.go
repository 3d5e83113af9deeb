package tray

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/durationpb"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/i18n"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/network"
)

// CheckOut is the window in which an account is checked out.
type CheckOut struct {
	Account string
	Network keyshift.Network
	Title   string
	Line    string
	Presets []Preset
	Rules   Rules
	// End says what happens at the end.
	End []string
	// Refusal is what stands in the way, as far as it is known before asking.
	Refusal *Trouble
}

// Preset is a duration to choose.
type Preset struct {
	Duration time.Duration
	Text     string
	// Until is the moment to which it would last, in words.
	Until string
}

// Rules are a network's terms in short.
type Rules struct {
	Title    string
	Lines    []string
	Document string
	URL      string
	AsOf     string
}

// presets are the durations that are offered, as far as an account allows them.
var presets = []time.Duration{15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour, 8 * time.Hour, 24 * time.Hour}

// Presets are the durations to choose from within a limit: the usual ones, and the limit itself. At most five, so that
// they are read at a glance.
func Presets(c i18n.Catalog, longest time.Duration, now time.Time) []Preset {
	var all []time.Duration
	for _, d := range presets {
		if d < longest {
			all = append(all, d)
		}
	}
	if longest >= keyshift.MinDuration {
		all = append(all, longest)
	}
	all = all[max(0, len(all)-5):]
	list := make([]Preset, len(all))
	for i, d := range all {
		list[i] = Preset{d, Length(d), c.Text("checkout_until", Clock(c, now.Add(d), now))}
	}
	return list
}

// Usual is the preset that is chosen at first: an hour, or the nearest below it, or the shortest.
func Usual(list []Preset) int {
	best := 0
	for i, p := range list {
		if p.Duration <= time.Hour {
			best = i
		}
	}
	return best
}

// CheckOutOf makes the check-out window of an account, nil when the user may not check it out any more.
func CheckOutOf(c i18n.Catalog, p Picture, account string, now time.Time) *CheckOut {
	a := p.Account(account)
	if a == nil {
		return nil
	}
	n := NetworkOf(a.GetNetwork())
	w := &CheckOut{Account: a.GetAccountId(), Network: n, Title: At(shownHandle(a)), Line: accountRow(c, a, now).Line}
	w.Presets = Presets(c, a.GetMaxDuration().AsDuration(), now)
	w.Rules = RulesOf(c, n)
	w.End = append(w.End, c.Text("checkout_end_secret"))
	if a.GetAccessMode() == v1.AccessMode_ACCESS_MODE_DELEGATED {
		w.End[0] = c.Text("checkout_end_delegated")
	}
	if a.GetExclusive() {
		w.End = append(w.End, c.Text("checkout_end_exclusive"))
	}
	if len(a.GetMissing()) > 0 {
		w.Refusal = TroubleOfInfo(c, a.GetMissing()[0], now)
	}
	return w
}

// RulesOf gives a network's terms in short, and where they are.
func RulesOf(c i18n.Catalog, n keyshift.Network) Rules {
	terms := network.TermsOf(n)
	r := Rules{Title: c.Text("checkout_rules", n.Title()), Document: terms.Document, URL: terms.URL}
	for _, key := range terms.Lines {
		r.Lines = append(r.Lines, c.Text(key))
	}
	if day, err := time.Parse(time.DateOnly, terms.ArchivedAt); err == nil {
		r.AsOf = c.Text("checkout_rules_as_of", Date(c, day))
	}
	return r
}

// ReasonLeft says how many more characters a reason may have, once that matters; empty before.
func ReasonLeft(c i18n.Catalog, reason string) string {
	if left := keyshift.MaxReason - utf8.RuneCountInString(reason); left < 200 {
		return c.Text("checkout_reason_left", strconv.Itoa(left))
	}
	return ""
}

// Attempt is one check-out as it is asked for. Asked for again unchanged it keeps its request id, so that it happens
// once however often an answer is lost; with another reason or duration it is another one.
type Attempt struct {
	// NewID makes request ids.
	NewID func() string
	last  *v1.LocalServiceCheckOutRequest
}

// Request gives what to ask the agent.
func (a *Attempt) Request(account, reason string, d time.Duration) *v1.LocalServiceCheckOutRequest {
	reason = strings.TrimSpace(reason)
	same := a.last.GetAccount() == account && a.last.GetReason() == reason && a.last.GetDuration().AsDuration() == d
	if a.last == nil || !same {
		a.last = &v1.LocalServiceCheckOutRequest{Account: account, Reason: reason, Duration: durationpb.New(d), RequestId: a.NewID()}
	}
	return a.last
}

// Done forgets the attempt: the next one is another, even with the same words.
func (a *Attempt) Done() { a.last = nil }

// Refused is Done for refusals that the hub has answered with: they are final, and asking again shall be a new question.
// After a lost answer nobody knows what happened, and the request id stays.
func (a *Attempt) Refused(err error) {
	unsure := []keyshift.Code{keyshift.CodeUnavailable, keyshift.CodeHubUnreachable, keyshift.CodeOffline, keyshift.CodeAgentNotRunning, keyshift.CodeInternal}
	if !slices.Contains(unsure, keyshift.CodeOf(err)) {
		a.last = nil
	}
}
