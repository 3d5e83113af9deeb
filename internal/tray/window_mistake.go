package tray

import (
	"slices"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
)

// Concern is an account that a mistake may be about.
type Concern struct{ Name, Account string }

// Concerns lists the accounts that a mistake may be about: those that are held first, then the others.
func Concerns(p Picture) []Concern {
	var list []Concern
	for _, l := range p.Leases() {
		list = append(list, Concern{Title(l.GetLease()), l.GetLease().GetAccountId()})
	}
	for _, a := range p.Accounts {
		if !slices.ContainsFunc(list, func(c Concern) bool { return c.Account == a.GetAccountId() }) {
			list = append(list, Concern{Title(a), a.GetAccountId()})
		}
	}
	return list
}

// Report is a self-report as it is sent. Sent again unchanged it is the same one, however often an answer is lost.
type Report struct {
	// NewID makes request ids.
	NewID func() string
	last  *v1.LocalServiceReportMistakeRequest
}

// Request gives what to tell the agent.
func (r *Report) Request(account, text string) *v1.LocalServiceReportMistakeRequest {
	if r.last == nil || r.last.GetAbout() != account || r.last.GetText() != text {
		r.last = &v1.LocalServiceReportMistakeRequest{Text: text, About: account, RequestId: r.NewID()}
	}
	return r.last
}
