package cli

import (
	"testing"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/network"
)

func TestAcceptRisk(t *testing.T) {
	d := loggedIn(t)
	d.run("", "accounts", "accept-risk", "facebook/acme.shop", "--until", "2027-06-30") // nobody to ask
	d.answers = []string{"n"}
	d.run("", "accounts", "accept-risk", "facebook/acme.shop", "--until", "2027-06-30")
	d.answers = []string{"YES"}
	d.run("", "accounts", "accept-risk", "facebook/acme.shop", "--until", "2027-06-30")
	clause, _ := network.Clause(keyshift.Facebook)
	if q := last[v1.AcceptRiskRequest](t, d.hub); q.GetTextHash() != clause.Hash() || !q.GetUntil().AsTime().Equal(time.Date(2027, 6, 30, 23, 59, 59, 0, here)) {
		t.Errorf("the hub got %v", q)
	}
	d.answers = nil
	d.run("", "accounts", "accept-risk", shop().GetId(), "--until", "2027-06-30T12:00:00Z", "--yes", "--json")
	d.run("", "accounts", "accept-risk", "x/acme", "--until", "2027-06-30", "--yes")
	d.run("", "accounts", "accept-risk", leaseID, "--until", "2027-06-30", "--yes")
	d.run("", "accounts", "accept-risk", "facebook/acme.shop", "--until", "soon", "--yes")
	d.run("", "accounts", "accept-risk", "facebook/acme.shop")
	d.golden("accept-risk")
}

func TestRiskInTheListOfAccounts(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*v1.Account)
		want   string
	}{
		{"needed", func(*v1.Account) {}, "not accepted"},
		{"in force", func(a *v1.Account) { a.RiskAcceptance = &v1.RiskAcceptance{Until: at(15, 0)} }, "until 2026-11-22"},
		{"lapsed", func(a *v1.Account) { a.RiskAcceptance = &v1.RiskAcceptance{Until: at(13, 0)} }, "lapsed"},
		{"delegated", func(a *v1.Account) { a.AccessMode = v1.AccessMode_ACCESS_MODE_DELEGATED }, ""},
		{"on X", func(a *v1.Account) { a.Network = v1.Network_NETWORK_X }, ""},
	} {
		a := shop()
		tt.change(a)
		inv := &invocation{Program: &Program{Now: func() time.Time { return now }}}
		if got := inv.riskText(a); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}
