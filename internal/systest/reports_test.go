package systest

import (
	"testing"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
)

// What a user tells reaches the admin once, also when the hub was away, and the admin learns how often people were reminded.
func TestWhatAUserTellsReachesTheAdmin(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, w *World) {
		w.AddUser("dana")
		w.AddAccount("acme", nil, "dana")
		desk := w.Desk(0, "dana")
		lease := desk.mustCheckOut("x/acme", time.Hour)
		if _, err := desk.Agent.ReportMistake(t.Context(), &v1.LocalServiceReportMistakeRequest{Text: "wrong account", About: "@acme"}); err != nil {
			t.Fatal(err)
		}
		texts := desk.Agent.Texts()
		for _, text := range texts {
			if _, err := desk.Agent.Acknowledge(t.Context(), text.GetId(), text.GetVersion()); err != nil {
				t.Fatal(err)
			}
		}
		reports := func() []*v1.SelfReport {
			return Do(t, w.Owner.Reports.ListSelfReports, &v1.ListSelfReportsRequest{}).GetReports()
		}
		Eventually(t, "the report is at the hub", func() bool { return len(reports()) == 1 })
		if r := reports()[0]; r.GetText() != "wrong account" || r.GetLeaseId() != lease.GetId() || r.GetHandle() != "acme" || r.GetUserName() != "dana" {
			t.Errorf("the report is %v", r)
		}
		Eventually(t, "the reminder is counted", func() bool {
			if err := desk.Agent.SyncNow(t.Context()); err != nil {
				t.Fatal(err)
			}
			for _, c := range Do(t, w.Owner.Work.GetReminders, &v1.GetRemindersRequest{}).GetCounts() {
				if c.GetKind() == "terms" {
					return c.GetShown() == 1
				}
			}
			return false
		})
		actions := map[string]int{}
		for _, e := range Do(t, w.Owner.Audit.ListEvents, &v1.ListEventsRequest{}).GetEvents() {
			actions[e.GetAction()]++
		}
		if actions["user.self_reported"] != 1 || actions["terms.acknowledged"] != len(texts) {
			t.Errorf("audit events are %v, want one report and %d acknowledgements", actions, len(texts))
		}
	})
}

// Whoever is granted an account hears so without asking, and so do the listeners at their desk.
func TestADeskHearsOfWhatItMayCheckOut(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, w *World) {
		w.AddUser("dana")
		w.AddUser("lee")
		w.AddAccount("acme", nil)
		Do(t, w.Owner.Groups.AddGroup, &v1.AddGroupRequest{Name: "social"})
		desk := w.Desk(0, "dana")
		changes, end := desk.Agent.Subscribe()
		defer end()
		accounts := func() int {
			list, err := desk.Agent.Accounts(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return len(list)
		}
		Eventually(t, "the desk listens", func() bool { return w.Replica[0].Hub.Broker().Connected() > 0 })
		told := func(what string, so func() bool) {
			t.Helper()
			late := time.After(time.Minute)
			for {
				select {
				case <-changes:
				case <-late:
					t.Fatalf("the desk was not told that %s", what)
				}
				if so() {
					return
				}
			}
		}
		Do(t, w.Owner.Grants.AddGrant, &v1.AddGrantRequest{Account: "x/acme", Group: "social"})
		Do(t, w.Owner.Groups.AddMember, &v1.AddMemberRequest{Group: "social", User: "dana"})
		told("the user joined a group", func() bool { return accounts() == 1 })
		grant := Do(t, w.Owner.Grants.ListGrants, &v1.ListGrantsRequest{}).GetGrants()[0]
		Do(t, w.Owner.Grants.RemoveGrant, &v1.RemoveGrantRequest{GrantId: grant.GetId()})
		told("the grant is gone", func() bool { return accounts() == 0 })
		Do(t, w.Owner.Grants.AddGrant, &v1.AddGrantRequest{Account: "x/acme", User: "dana"})
		told("the user has a grant", func() bool { return accounts() == 1 })
		Do(t, w.Owner.Accounts.UpdateAccount, &v1.UpdateAccountRequest{Account: "x/acme", Settings: &v1.AccountSettings{Enabled: ptr(false)}})
		told("the account is disabled", func() bool {
			list, err := desk.Agent.Accounts(t.Context())
			return err == nil && len(list) == 1 && len(list[0].GetMissing()) > 0
		})
	})
}
