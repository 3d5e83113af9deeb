package cli

import (
	"strings"
	"testing"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
)

// TestTranscripts shows every command that asks the hub one thing, to people and to programs, and what it says when
// there is nothing yet.
func TestTranscripts(t *testing.T) {
	for _, tt := range []struct {
		name     string
		commands [][]string
		empty    [][]string
	}{
		{
			name: "users",
			commands: [][]string{
				{"users", "list"}, {"users", "add", "lee"}, {"users", "add", "kim", "--full-name", "Kim (press)", "--role", "admin,auditor"}, {"users", "roles", "lee", "member", "approver"},
				{"users", "deactivate", "lee", "--reason", "left us"}, {"users", "activate", "lee"}, {"users", "add", "lee", "--role", "boss"},
			},
			empty: [][]string{{"users"}},
		},
		{
			name: "groups",
			commands: [][]string{
				{"groups", "list"}, {"groups", "add", "social-team"}, {"groups", "add-member", "social-team", "lee"}, {"groups", "remove-member", "social-team", "lee"},
			},
			empty: [][]string{{"groups"}},
		},
		{
			name: "accounts",
			commands: [][]string{
				{"accounts", "list"}, {"accounts", "add", "x/@acme", "--max-duration", "4h", "--no-exclusive"}, {"accounts", "add", "facebook/acme", "--mode", "shared-secret"},
				{"accounts", "update", "x/acme", "--max-duration", "90m", "--offline-grace", "0s", "--storage", "memory", "--allow-show"},
				{"accounts", "disable", "x/acme"}, {"accounts", "enable", "x/acme"}, {"accounts", "rotated", "x/acme"}, {"accounts", "withdraw-risk", "facebook/acme.shop"},
				{"accounts", "update", "x/acme"}, {"accounts", "add", "acme"}, {"accounts", "add", "myspace/acme"}, {"accounts", "add", "x/acme", "--mode", "lent"},
				{"accounts", "add", "x/acme", "--max-duration", "abc"}, {"accounts", "add", "x/acme", "--max-duration=-5m"}, {"accounts", "add", "x/acme", "--max-duration", "10d"}, {"accounts", "add", "x/acme", "--max-duration", "0s"}, {"accounts", "add", "x/acme", "--storage", "disk"},
			},
			empty: [][]string{{"accounts"}},
		},
		{
			name: "grants",
			commands: [][]string{
				{"grants", "list"}, {"grants", "list", "--account", "x/acme"}, {"grants", "add", "x/acme", "--user", "lee"}, {"grants", "add", "x/acme", "--group", "social-team"},
				{"grants", "remove", grantID}, {"grants", "remove", "x/acme", "--group", "social-team"},
				{"grants", "remove", "x/acme", "--user", "kim"}, {"grants", "add", "x/acme"}, {"grants", "remove", "x/acme"}, {"grants", "add", "x/acme", "--user", "a", "--group", "b"},
			},
			empty: [][]string{{"grants"}},
		},
		{
			name: "packs",
			commands: [][]string{
				{"pack", "list"}, {"pack", "lint", "testdata/packs/good.json"}, {"pack", "lint", "testdata/packs/bad.json"}, {"pack", "lint", "testdata/packs/none.json"},
				{"pack", "diff", "testdata/packs/good.json"}, {"pack", "publish", "testdata/packs/good.json"}, {"pack", "publish", "testdata/packs/bad.json"},
				{"site", "list"}, {"site", "add", "news.example.com", "--title", "News"}, {"site", "remove", "news.example.com"},
			},
			empty: [][]string{{"site"}},
		},
		{
			name: "browser",
			commands: [][]string{
				{"words", "list"}, {"words", "add", "project zephyr", "--pattern", `ACME-\d{4,6}`, "--host", "intranet.example.com"}, {"words", "remove", "zephyr"}, {"words", "add"},
				{"guard", "list"}, {"guard", "allow", grantID, "--class", "email,password"}, {"guard", "allow", grantID}, {"guard", "personal", "forbidden", "germany", "--note", "works council"},
				{"guard", "personal", "maybe", "germany"}, {"accounts", "custodian", "list", "x/acme"}, {"accounts", "custodian", "add", "x/acme", "lee"}, {"accounts", "custodian", "remove", "x/acme", "lee"},
				{"accounts", "ref", "facebook/acme", "1234567890"}, {"accounts", "ref", "facebook/acme"},
				{"accounts", "browser"}, {"accounts", "browser", "x/acme", "--use", "firefox", "--keep"}, {"accounts", "browser", "X/@Acme"},
				{"accounts", "browser", "x/acme", "--use", "any"}, {"accounts", "browser", "x/nobody"}, {"accounts", "browser", "acme"}, {"accounts", "browser", "--keep"},
			},
			empty: [][]string{{"words"}, {"guard"}, {"accounts", "custodian", "list", "x/acme"}, {"accounts", "browser"}},
		},
		{
			name: "practice",
			commands: [][]string{
				{"practice", "add", "--group", "social-team"}, {"practice", "add", "Acme-Code", "--user", "lee"}, {"practice", "add", "a b", "--user", "lee"}, {"practice", "add"},
			},
			empty: [][]string{{"practice", "add", "--user", "lee"}},
		},
		{name: "codes", commands: [][]string{{"codes", "enroll", "lee"}, {"codes", "login", "lee"}}},
		{
			name: "devices",
			commands: [][]string{
				{"devices", "list"}, {"devices", "trust", deskID}, {"devices", "block", "laptop", "--reason", "virus found"}, {"devices", "lost", "laptop"},
				{"devices", "lost", "tablet"}, {"devices", "lost", "twin"},
			},
			empty: [][]string{{"devices"}},
		},
		{
			name: "leases",
			commands: [][]string{
				{"leases", "list"}, {"leases", "list", "--all", "--limit", "1"}, {"leases", "held", "x/acme"}, {"leases", "held", "x/acme", "--at", "13:30"},
				{"leases", "held", "x/acme", "--at", "noon"},
			},
			empty: [][]string{{"leases"}, {"leases", "list", "--all"}, {"leases", "held", "x/acme", "--at", "2026-11-20"}},
		},
		{
			name:     "audit-list",
			commands: [][]string{{"audit", "list"}, {"audit", "list", "--limit", "2"}, {"audit", "--account", "x/acme", "--device", "laptop"}},
			empty:    [][]string{{"audit"}},
		},
		{
			name: "hours",
			commands: [][]string{
				{"hours", "show", "--user", "lee"}, {"hours", "set", "--group", "social-team", "--zone", "Europe/Berlin", "--day-off", "2026-12-24", "mon-thu 9-12:30, 13:30-18", "fri 9:00-14:00"},
				{"hours", "clear", "--user", "lee"}, {"hours", "lift", "lee", "--until", "22:30", "--reason", "launch night"}, {"hours", "lift", "lee", "--until", "00:01", "--reason", "done"},
				{"hours", "set", "--user", "lee", "--zone", "Europe/Berlin", "weekdays 9-17"}, {"hours", "set", "--user", "lee", "--zone", "Europe/Berlin", "mon 9-noon"},
				{"hours", "set", "--user", "lee", "--zone", "Europe/Berlin", "--holidays", "testdata/missing.ics", "mon 9:00-17:00"}, {"hours", "set", "--user", "lee", "--zone", "Europe/Berlin"},
			},
			empty: [][]string{{"hours", "show", "--group", "social-team"}},
		},
		{
			name:     "reminders",
			commands: [][]string{{"reminders"}, {"reminders", "set", "--per-hour", "2", "--every", "90m", "--may-pause-today"}, {"reminders", "set", "--no-may-pause-today"}, {"reminders", "set", "--every", "1s"}},
			empty:    [][]string{{"reminders"}},
		},
		{name: "reports", commands: [][]string{{"reports"}, {"reports", "list", "--limit", "1"}}, empty: [][]string{{"reports"}}},
		{name: "who", commands: [][]string{{"whoami"}, {"accept-rollback"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := loggedIn(t)
			for _, args := range tt.commands {
				d.both(args...)
			}
			d.hub.empty = true
			for _, args := range tt.empty {
				d.both(args...)
			}
			d.golden(tt.name)
		})
	}
}

func TestAPracticeAccountGetsALoginThatNobodySees(t *testing.T) {
	d := loggedIn(t)
	got := d.run("", "practice", "add", "acme-code", "--group", "social-team")
	q := last[v1.AddAccountRequest](t, d.hub)
	if q.GetNetwork() != v1.Network_NETWORK_SITE || q.GetHandle() != "acme-code@practice.example.com" || q.GetSettings().Exclusive == nil || q.GetSettings().GetExclusive() {
		t.Errorf("add account asked %v", q)
	}
	login := last[v1.SetCredentialRequest](t, d.hub)
	if login.GetLogin() != "acme-code" || len(login.GetPassword()) < 20 || len(login.GetCodeSeed()) != 32 || strings.Contains(got.out+got.err, login.GetPassword()) {
		t.Errorf("set credential asked for login %q, a seed of %d, and said %s", login.GetLogin(), len(login.GetCodeSeed()), got.out)
	}
	if g := last[v1.AddGrantRequest](t, d.hub); g.GetGroup() != "social-team" || g.GetAccount() != "site/acme-code@practice.example.com" {
		t.Errorf("add grant asked %v", g)
	}
	d.run("", "practice", "add", "acme", "--user", "lee")
	if again := last[v1.SetCredentialRequest](t, d.hub); again.GetPassword() == login.GetPassword() || again.GetCodeSeed() != "" {
		t.Error("another account has the same password, or a seed that it does not need")
	}
}

func TestWhatIsTypedReachesTheHub(t *testing.T) {
	d := loggedIn(t)
	d.run("", "users", "add", "kim", "--full-name", "Kim (press)", "--role", "admin", "--role", "auditor")
	if q := last[v1.AddUserRequest](t, d.hub); q.GetName() != "kim" || q.GetDisplayName() != "Kim (press)" || len(q.GetRoles()) != 2 || q.GetRoles()[0] != v1.Role_ROLE_ADMIN {
		t.Errorf("add user asked %v", q)
	}
	d.run("", "accounts", "add", "Instagram/@acme", "--mode", "break-glass", "--no-exclusive", "--max-duration", "1h30m", "--offline-grace", "0s", "--storage", "memory", "--allow-show")
	q := last[v1.AddAccountRequest](t, d.hub)
	s := q.GetSettings()
	if q.GetNetwork() != v1.Network_NETWORK_INSTAGRAM || q.GetHandle() != "acme" || s.GetAccessMode() != v1.AccessMode_ACCESS_MODE_BREAK_GLASS || s.Exclusive == nil || s.GetExclusive() ||
		s.GetMaxDuration().AsDuration() != 90*time.Minute || s.OfflineGrace == nil || s.GetOfflineGrace().AsDuration() != 0 ||
		s.GetLeaseStorage() != v1.LeaseStorage_LEASE_STORAGE_MEMORY || !s.GetAllowShow() || s.Enabled != nil {
		t.Errorf("add account asked %v", q)
	}
	d.run("", "accounts", "add", "x/acme")
	if q := last[v1.AddAccountRequest](t, d.hub); q.GetSettings() != nil {
		t.Errorf("without flags add account asked %v, want the hub's defaults", q)
	}
	d.run("", "grants", "remove", "x/acme", "--group", "social-team")
	if q := last[v1.RemoveGrantRequest](t, d.hub); q.GetGrantId() != "01890a5d-ac96-774b-bcce-0000000000b2" {
		t.Errorf("remove grant asked %v", q)
	}
	d.run("", "words", "add", "zephyr", "red fox", "--pattern", `A,B\d{2}`, "--host", "intranet.example.com")
	if q := last[v1.AddInsiderWordsRequest](t, d.hub); len(q.GetWords()) != 4 || q.GetWords()[1].GetWord() != "red fox" || q.GetWords()[2].GetPattern() != `A,B\d{2}` || q.GetWords()[3].GetHost() != "intranet.example.com" {
		t.Errorf("add words asked %v", q)
	}
	d.run("", "guard", "allow", grantID, "--class", "email,password")
	if q := last[v1.SetAllowedGuardsRequest](t, d.hub); q.GetGrantId() != grantID || len(q.GetClasses()) != 2 {
		t.Errorf("allow asked %v", q)
	}
	d.run("", "devices", "lost", "desk", "--reason", "left in a train")
	if q := last[v1.SetDeviceStateRequest](t, d.hub); q.GetDeviceId() != deskID || q.GetState() != v1.DeviceState_DEVICE_STATE_LOST || q.GetReason() != "left in a train" {
		t.Errorf("lost asked %v", q)
	}
	d.run("", "leases", "held", "x/acme", "--at", "2026-11-20 08:15")
	if q := last[v1.WhoHeldRequest](t, d.hub); !q.GetAt().AsTime().Equal(time.Date(2026, 11, 20, 8, 15, 0, 0, here)) {
		t.Errorf("held asked %v", q)
	}
	d.run("", "audit", "list", "--user", "lee", "--device", "laptop", "--lease", leaseID, "--account", "x/acme")
	if q := last[v1.ListEventsRequest](t, d.hub); q.GetUser() != "lee" || q.GetDeviceId() != laptopID || q.GetLeaseId() != leaseID || q.GetAccount() != "x/acme" {
		t.Errorf("audit list asked %v", q)
	}
}
