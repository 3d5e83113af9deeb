package systest

import (
	"errors"
	"strings"
	"testing"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/hubclient"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/native"
	"github.com/keyshift-hq/keyshift/internal/network/pack"
)

// packX is X's pack with another version and title, as an admin writes it.
func packX(t *testing.T, version int64, title string) []byte {
	t.Helper()
	p, _ := pack.Embedded("x")
	p.Version, p.Title = version, title
	data, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func codeOf[A any](_ A, err error) keyshift.Code { return keyshift.CodeOf(err) }

// A published pack is on every connected desk without anybody asking, an older one nowhere, and what an admin says of words,
// guards and numbers comes along.
func TestWhatAnAdminPublishesReachesTheDesks(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, w *World) {
		ctx := t.Context()
		w.AddUser("dana")
		w.AddAccount("acme", nil, "dana")
		desk := w.Desk(0, "dana")
		packs := desk.Agent.Packs()
		title := func(network string) string {
			if p, ok := packs.Current(network); ok {
				return p.Title
			}
			return ""
		}
		if title("x") != "X" || packs.GuardPersonal() {
			t.Errorf("at first X is %q, the personal guard %v", title("x"), packs.GuardPersonal())
		}
		publish := func(data []byte) keyshift.Code {
			return codeOf(hubclient.Call(ctx, w.Owner.Packs.PublishSitePack, &v1.PublishSitePackRequest{Pack: data}))
		}
		if code := publish(packX(t, 3, "X, new")); code != "" {
			t.Fatal(code)
		}
		Eventually(t, "the pack is on the desk", func() bool { return title("x") == "X, new" })
		for version, data := range map[int][]byte{1: packX(t, 1, "back"), 3: packX(t, 3, "same"), 0: []byte(`{"schema":1}`)} {
			if code := publish(data); code != keyshift.CodeFieldInvalid {
				t.Errorf("version %d was published: %q", version, code)
			}
		}
		Do(t, w.Owner.Groups.AddGroup, &v1.AddGroupRequest{Name: "staff"})
		Do(t, w.Owner.Groups.AddMember, &v1.AddMemberRequest{Group: "staff", User: "dana"})
		Do(t, w.Owner.Browser.SetPersonalGuard, &v1.SetPersonalGuardRequest{Guard: &v1.PersonalGuard{Group: "staff", Rule: v1.PersonalGuardRule_PERSONAL_GUARD_RULE_ON}})
		Do(t, w.Owner.Browser.AddInsiderWords, &v1.AddInsiderWordsRequest{Words: []*v1.InsiderWord{{Word: "Project  ZEPHYR"}, {Pattern: `ACME-\d{4}`}, {Host: "intranet.example.com"}}})
		lease := desk.mustCheckOut("x/acme", time.Hour)
		grant := Do(t, w.Owner.Grants.ListGrants, &v1.ListGrantsRequest{}).GetGrants()[0]
		Do(t, w.Owner.Browser.SetAllowedGuards, &v1.SetAllowedGuardsRequest{GrantId: grant.GetId(), Classes: []string{"email"}})
		Do(t, w.Owner.Browser.SetAccountRef, &v1.SetAccountRefRequest{Account: "x/acme", Ref: "4711"})
		Do(t, w.Owner.Browser.SetWorkBrowser, &v1.SetWorkBrowserRequest{Browser: &v1.WorkBrowser{Account: "x/acme", Browser: "firefox", Keep: true}})
		if code := codeOf(hubclient.Call(ctx, w.Owner.Browser.SetWorkBrowser, &v1.SetWorkBrowserRequest{Browser: &v1.WorkBrowser{Account: "x/acme", Browser: "lynx"}})); code != keyshift.CodeFieldInvalid {
			t.Errorf("a browser that nobody knows: %q", code)
		}
		Eventually(t, "the work browser is on the desk", func() bool {
			browser, keep := desk.Agent.WorkBrowser(ctx, lease.GetId())
			return browser == "firefox" && keep
		})
		Eventually(t, "words, guards and the number are on the desk", func() bool {
			words := packs.Words()
			allowed := packs.AllowedGuards(lease.GetId())
			return packs.GuardPersonal() && packs.AccountRef(lease.GetId()) == "4711" && len(allowed) == 1 && allowed[0] == native.PageEmail &&
				len(words.Hashes) == 1 && words.Hashes[0] == native.HashWord(words.Salt, "project zephyr") && len(words.Patterns) == 1 && len(words.Hosts) == 1
		})
		Do(t, w.Owner.Packs.AddSite, &v1.AddSiteRequest{Host: "News.example.com", Title: "News"})
		Eventually(t, "the site is on the desk", func() bool { return title("site:news.example.com") == "News" })
		desk.Stop()
		desk.Start()
		packs = desk.Agent.Packs()
		if title("x") != "X, new" || title("site:news.example.com") != "News" {
			t.Errorf("after a restart X is %q, the site %q", title("x"), title("site:news.example.com"))
		}
		Do(t, w.Owner.Packs.RemoveSite, &v1.RemoveSiteRequest{Host: "news.example.com"})
		Eventually(t, "the site is gone from the desk", func() bool { return title("site:news.example.com") == "" })
	})
}

// An account of a site can be lent while the site is known, and only then.
func TestAnAccountOfASiteNeedsTheSite(t *testing.T) {
	t.Parallel()
	w := SQLite(t)
	w.AddUser("dana")
	desk := w.Desk(0, "dana")
	add := func() keyshift.Code {
		return codeOf(hubclient.Call(t.Context(), w.Owner.Accounts.AddAccount, &v1.AddAccountRequest{Network: v1.Network_NETWORK_SITE, Handle: "acme@news.example.com"}))
	}
	if code := add(); code != keyshift.CodeSiteUnknown {
		t.Errorf("without a site: %q", code)
	}
	Do(t, w.Owner.Packs.AddSite, &v1.AddSiteRequest{Host: "news.example.com"})
	if code := add(); code != "" {
		t.Fatal(code)
	}
	name := "site/acme@news.example.com"
	Do(t, w.Owner.Accounts.SetCredential, &v1.SetCredentialRequest{Account: name, Login: "acme", Password: Password})
	Do(t, w.Owner.Grants.AddGrant, &v1.AddGrantRequest{Account: name, User: "dana"})
	desk.mustCheckOut(name, time.Hour)
	Do(t, w.Owner.Packs.RemoveSite, &v1.RemoveSiteRequest{Host: "news.example.com"})
	Eventually(t, "the lease is over with the site", func() bool {
		return Do(t, w.Owner.Leases.ListLeases, &v1.ListLeasesRequest{All: true}).GetLeases()[0].GetState() == v1.LeaseState_LEASE_STATE_REVOKED
	})
	Eventually(t, "the desk holds nothing", func() bool { return len(desk.Agent.Leases()) == 0 })
	if _, err := desk.checkOut(name, time.Hour); keyshift.CodeOf(err) != keyshift.CodeSiteUnknown {
		t.Errorf("a check-out after the site was removed: %v", err)
	}
	for _, tt := range []struct {
		host string
		want keyshift.Code
	}{
		{"x.com", keyshift.CodeFieldInvalid}, {"login.x.com", keyshift.CodeFieldInvalid}, {"co.uk", keyshift.CodeFieldInvalid}, {"10.0.0.1", keyshift.CodeFieldInvalid},
		{"news.example.com", ""}, {"NEWS.example.com", keyshift.CodeAlreadyExists},
	} {
		if code := codeOf(hubclient.Call(t.Context(), w.Owner.Packs.AddSite, &v1.AddSiteRequest{Host: tt.host})); code != tt.want {
			t.Errorf("add %s: %q, want %q", tt.host, code, tt.want)
		}
	}
}

// What is wrong with a site is told once, though its log-in page is its first page and its way out, too.
func TestWhatIsWrongWithASiteIsToldOnce(t *testing.T) {
	w := SQLite(t)
	_, err := hubclient.Call(t.Context(), w.Owner.Packs.AddSite, &v1.AddSiteRequest{Host: "news.example.com", LoginUrl: "http://news.example.com/"})
	if keyshift.CodeOf(err) != keyshift.CodeFieldInvalid || !strings.Contains(err.Error(), "login_url") || strings.Contains(err.Error(), "home_url") {
		t.Errorf("got %v", err)
	}
}

// A code that a network sends to a custodian comes to the desk that asked, once; nobody else can give it or take it.
func TestACodeIsRelayedOnce(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, w *World) {
		ctx := t.Context()
		for _, name := range []string{"dana", "lee", "mallory"} {
			w.AddUser(name)
		}
		w.AddAccount("acme", nil, "dana")
		dana, lee, mallory := w.Desk(0, "dana"), w.Desk(0, "lee"), w.Desk(0, "mallory")
		lease := dana.mustCheckOut("x/acme", time.Hour)
		if err := dana.Agent.AskRelay(ctx, lease.GetId()); keyshift.CodeOf(err) != keyshift.CodeNotFound {
			t.Errorf("without a custodian: %v", err)
		}
		Do(t, w.Owner.Browser.AddCustodian, &v1.AddCustodianRequest{Account: "x/acme", User: "lee"})
		Eventually(t, "the desk knows of a custodian", func() bool { return dana.Agent.HasCustodian(lease.GetId()) })
		for range 2 { // asking twice asks once
			if err := dana.Agent.AskRelay(ctx, lease.GetId()); err != nil {
				t.Fatal(err)
			}
		}
		Eventually(t, "the custodian is asked", func() bool { return len(lee.Agent.RelayRequests()) == 1 })
		asked := lee.Agent.RelayRequests()[0]
		if asked.GetAccount() != "x/acme" || asked.GetUser() != "dana" || asked.GetExpiresAt().AsTime().Sub(asked.GetAskedAt().AsTime()) != keyshift.RelayWithin {
			t.Errorf("asked %v", asked)
		}
		if err := mallory.Agent.AnswerRelay(ctx, asked.GetId(), "666666"); keyshift.CodeOf(err) != keyshift.CodeNotFound {
			t.Errorf("a stranger's answer: %v", err)
		}
		if err := lee.Agent.AnswerRelay(ctx, asked.GetId(), "no code!"); keyshift.CodeOf(err) != keyshift.CodeFieldInvalid {
			t.Errorf("what is no code: %v", err)
		}
		if err := lee.Agent.AnswerRelay(ctx, asked.GetId(), "123 456"); err != nil {
			t.Fatal(err)
		}
		if err := lee.Agent.AnswerRelay(ctx, asked.GetId(), "654321"); err == nil {
			t.Error("a second answer was taken")
		}
		if len(lee.Agent.RelayRequests()) != 0 {
			t.Errorf("the custodian is still asked: %v", lee.Agent.RelayRequests())
		}
		Eventually(t, "the code is on the desk that asked", func() bool { return dana.Agent.RelayReady(lease.GetId()) })
		code, err := dana.Agent.FillFor(ctx, "profile", lease.GetId(), native.FieldCode)
		if err != nil || string(code) != "123456" {
			t.Errorf("the code is %q, %v", code, err)
		}
		if dana.Agent.RelayReady(lease.GetId()) {
			t.Error("the code can be used again")
		}
		seen := map[string]int{}
		for _, e := range Do(t, w.Owner.Audit.ListEvents, &v1.ListEventsRequest{}).GetEvents() {
			seen[e.GetAction()]++
		}
		if seen["lease.relay_asked"] != 1 || seen["lease.relay_answered"] != 1 || seen["lease.relay_taken"] != 1 {
			t.Errorf("audit events %v, want each step of the relay once", seen)
		}
	})
}

// What the browser notices reaches the audit log as classes and counts, also when the hub was away.
func TestNotesOfTheBrowserReachTheAuditLog(t *testing.T) {
	t.Parallel()
	w := SQLite(t)
	w.AddUser("dana")
	w.AddAccount("acme", nil, "dana")
	desk := w.Desk(0, "dana")
	lease := desk.mustCheckOut("x/acme", time.Hour)
	err := errors.Join(
		desk.Agent.NoteGuard(native.Lease{ID: lease.GetId(), AllowedGuards: []native.PageClass{native.PageEmail}}, native.GuardHit{LeaseID: lease.GetId(), PageClass: native.PagePassword}),
		desk.Agent.NoteDraft(native.DraftChecked{LeaseID: lease.GetId(), Hits: []native.DraftHit{{Class: native.DraftIBAN, Count: 2}, {Class: native.DraftPhone}}}),
		desk.Agent.NoteDraft(native.DraftChecked{LeaseID: lease.GetId()}),
	)
	if err != nil {
		t.Fatal(err)
	}
	details := map[string]map[string]string{}
	Eventually(t, "both are in the log", func() bool {
		for _, e := range Do(t, w.Owner.Audit.ListEvents, &v1.ListEventsRequest{LeaseId: lease.GetId()}).GetEvents() {
			details[e.GetAction()] = e.GetDetails()
		}
		return details["lease.guard_hit"] != nil && details["lease.draft_checked"] != nil
	})
	if d := details["lease.guard_hit"]; d["class"] != "password" || d["allowed"] != "false" {
		t.Errorf("guard hit %v", d)
	}
	if d := details["lease.draft_checked"]; len(d) != 1 || d["iban"] != "2" {
		t.Errorf("draft checked %v", d)
	}
}
