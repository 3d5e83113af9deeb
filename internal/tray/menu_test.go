package tray

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/i18n"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// drawn writes a menu as a text: inactive entries in parentheses, with what a click does behind the others.
func drawn(items []Item, indent string) string {
	var b strings.Builder
	for _, i := range items {
		switch {
		case i.Line():
			b.WriteString(indent + "--\n")
		case len(i.Items) > 0:
			b.WriteString(indent + i.Text + " >\n" + drawn(i.Items, indent+"  "))
		case !i.Active():
			b.WriteString(indent + "(" + i.Text + ")\n")
		default:
			b.WriteString(indent + i.Text + " = " + did(i.Action) + "\n")
		}
	}
	return b.String()
}

func did(a Action) string {
	words := []string{string(a.Verb)}
	for _, w := range []string{a.Request.Window, a.Request.Argument, a.Lease, a.Code, a.Text} {
		if w != "" {
			words = append(words, w)
		}
	}
	if a.Duration > 0 {
		words = append(words, a.Duration.String())
	}
	if a.Today {
		words = append(words, "today")
	}
	return strings.Join(words, " ")
}

func wantMenu(t *testing.T, v View, want string) {
	t.Helper()
	if diff := cmp.Diff(strings.TrimLeft(want, "\n"), drawn(v.Menu(morning), "")); diff != "" {
		t.Errorf("menu (-want +got):\n%s", diff)
	}
}

func TestMenuOfADayAtWork(t *testing.T) {
	held := lease("acme", 42*time.Minute)
	held.Lease.HasCodeSeed = true
	wiping := lease("other", 0)
	wiping.Ending = "wiping"
	v := enrolled(held, wiping)
	v.Accounts = []*v1.Lendable{
		{AccountId: "account-acme", Handle: "acme", Network: v1.Network_NETWORK_X},
		{AccountId: "account-shop", Handle: "shop", Network: v1.Network_NETWORK_FACEBOOK},
		{AccountId: "account-busy", Handle: "busy", Network: v1.Network_NETWORK_PINTEREST, Holder: "lee", HeldUntil: timestamppb.New(morning.Add(time.Hour))},
	}
	v.Reminders = &v1.LocalServiceListRemindersResponse{
		Shown:         []*v1.LocalReminder{{Id: "1", Kind: "terms", Text: "terms_x"}, {Id: "2", Kind: "ends_soon", Text: "ends_soon_early", Accounts: []string{"@acme"}}},
		Waiting:       []*v1.LocalReminder{{Id: "3", Kind: "lesson", Text: "lesson_x_1", Held: "user"}},
		MayPauseToday: true,
	}
	v.Texts = &v1.LocalServiceListTextsResponse{Texts: []*v1.LocalText{
		{Id: "terms_x", Title: "X Terms of Service", Version: "2026-08-22", ConcernsUser: true},
		{Id: "terms_facebook", Title: "read already", ConcernsUser: true, AcknowledgedAt: timestamppb.New(morning)},
		{Id: "terms_instagram", Title: "nobody needs it"},
	}}
	english := i18n.For()
	wantMenu(t, v, fmt.Sprintf(`
Open Keyshift = open home
--
(@other (X): signing you out…)
@acme (X): 42 min left >
  Open @acme = open-work lease-acme
  Renew for 2 h = renew lease-acme 2h0m0s
  Check in = check-in lease-acme
  Copy one-time code = copy-code lease-acme
--
Check out >
  (@acme (X): you have it)
  @shop (Facebook) = open check-out account-shop
  (@busy (Pinterest): lee until 10:00)
--
Terms to read >
  X Terms of Service = open terms terms_x
Reminders >
  %s = open reminder 3
  @acme: less than 10 minutes left. Finish up, or renew now. = open reminder 2
  %s = open reminder 1
Pause reminders >
  For 15 minutes = pause 15m0s
  For an hour = pause 1h0m0s
  For the rest of today = pause today
--
I made a mistake… = open mistake
What leaves this device… = open sent
Browsers… = open browsers
Settings… = open settings
Diagnostics… = open diagnostics
--
Quit = quit
`, keyshift.CleanText(english.Text("lesson_x_1"), longestLine), keyshift.CleanText(english.Text("terms_x"), longestLine)))
}

func TestMenuBeforeTheFirstDay(t *testing.T) {
	v := View{Words: i18n.For(), Picture: Picture{Status: &v1.LocalServiceGetStatusResponse{}}}
	wantMenu(t, v, `
(This computer is not enrolled yet)
Enroll this computer… = open enroll
Open Keyshift = open home
--
Settings… = open settings
Diagnostics… = open diagnostics
--
Quit = quit
`)
}

func TestMenuWithoutAnAgent(t *testing.T) {
	v := View{Words: i18n.For(), NoWindows: true, Picture: Picture{Problem: keyshift.Refuse(keyshift.CodeAgentNotRunning, "The agent is not running.", "")}}
	wantMenu(t, v, `
(The agent is not running.)
Start the agent = start-agent
(Windows can't be shown on this desk. In a terminal, keyshift-agent does the same)
Open Keyshift = open home
--
Settings… = open settings
Diagnostics… = open diagnostics
--
Quit = quit
`)
}

func TestPausedReminders(t *testing.T) {
	v := enrolled()
	v.Reminders = &v1.LocalServiceListRemindersResponse{PausedUntil: timestamppb.New(morning.Add(30 * time.Minute))}
	want := "Reminders pause until 09:30 >\n  Remind me again = resume\n"
	if got := drawn(v.reminders(morning), ""); got != want {
		t.Errorf("while they pause:\n%s\nwant\n%s", got, want)
	}
	if got := drawn(v.reminders(morning.Add(time.Hour)), ""); !strings.HasPrefix(got, "Pause reminders >") {
		t.Errorf("after the pause:\n%s", got)
	}
}

func TestFiveHundredAccountsFitIntoAMenu(t *testing.T) {
	v := enrolled()
	for n := range 500 {
		v.Accounts = append(v.Accounts, &v1.Lendable{AccountId: fmt.Sprint(n), Handle: fmt.Sprintf("a%d", n), Network: v1.Network_NETWORK_X})
	}
	items := v.lend()[0].Items
	if got, want := len(items), mostAccounts+1; got != want {
		t.Fatalf("%d entries, want %d", got, want)
	}
	if got, want := items[mostAccounts].Action, show(WindowHome, ""); got != want {
		t.Errorf("the last entry does %+v, want %+v", got, want)
	}
}

// TestFiveHundredLeasesFitIntoAMenu: those that end first are in it.
func TestFiveHundredLeasesFitIntoAMenu(t *testing.T) {
	var leases []*v1.HeldLease
	for n := range 500 {
		leases = append(leases, lease(fmt.Sprintf("a%d", n), 600*time.Minute-time.Duration(n)*time.Minute))
	}
	items := enrolled(leases...).leases(morning)
	if got, want := len(items), mostLeases+1; got != want {
		t.Fatalf("%d entries, want %d", got, want)
	}
	if got, want := items[0].Text, "@a499 (X): 1 h 41 min left"; got != want {
		t.Errorf("the first is %q, want %q", got, want)
	}
	if got, want := items[mostLeases].Action, show(WindowHome, ""); got != want {
		t.Errorf("the last entry does %+v, want %+v", got, want)
	}
}

// TestMenusAreCompleteInEveryLanguage: a key without a text shows in angle brackets.
func TestMenusAreCompleteInEveryLanguage(t *testing.T) {
	views := map[string]View{"enrolled": enrolled(lease("acme", time.Hour)), "new": {Picture: Picture{Status: &v1.LocalServiceGetStatusResponse{}}}, "nothing": {NoWindows: true}}
	for _, language := range append(i18n.Languages(), i18n.Pseudo) {
		for name, v := range views {
			v.Words = i18n.For(language)
			if got := drawn(v.Menu(morning), ""); strings.Contains(got, "<") {
				t.Errorf("%s in %s:\n%s", name, language, got)
			}
		}
	}
}
