package tray

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
)

func reminded(ids ...string) *v1.LocalServiceListRemindersResponse {
	r := &v1.LocalServiceListRemindersResponse{}
	for _, id := range ids {
		r.Shown = append(r.Shown, &v1.LocalReminder{Id: id, Kind: "personal", Text: "personal_1"})
	}
	return r
}

func ids(notices []Notice) []string {
	list := []string{}
	for _, n := range notices {
		list = append(list, n.ID)
	}
	return list
}

// TestNewsAreToldOnce goes through a day of reminders.
func TestNewsAreToldOnce(t *testing.T) {
	var news News
	for _, tt := range []struct {
		what  string
		shown *v1.LocalServiceListRemindersResponse
		want  []string
	}{
		{"the agent is not there yet", nil, []string{}},
		{"shown before the tray started", reminded("1", "2"), []string{}},
		{"nothing new", reminded("1", "2"), []string{}},
		{"two at once", reminded("1", "2", "3", "4"), []string{"3", "4"}},
		{"the agent is away", nil, []string{}},
		{"and comes back", reminded("2", "3", "4"), []string{}},
		{"one was read", reminded("2", "4"), []string{}},
		{"one more", reminded("2", "4", "5"), []string{"5"}},
	} {
		v := enrolled()
		v.Reminders = tt.shown
		if diff := cmp.Diff(tt.want, ids(news.Notices(v))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.what, diff)
		}
	}
}

func TestNoticeOfALeaseThatEndsSoon(t *testing.T) {
	v := enrolled(lease("other", time.Hour), lease("acme", 2*time.Minute))
	v.Wishes.Sound = true
	v.Reminders = reminded()
	var news News
	news.Notices(v)
	v.Reminders = &v1.LocalServiceListRemindersResponse{Shown: []*v1.LocalReminder{
		{Id: "9", Kind: "ends_soon", Text: "ends_soon_late", Accounts: []string{"@acme"}, LeaseIds: []string{"lease-acme"}, Also: "personal_1"},
	}}
	want := []Notice{{
		ID: "9", Title: "Almost over", Body: "@acme: less than 2 minutes left. Save your draft.\n" + v.Words.Text("personal_1"), Urgent: true, Sound: true,
		Buttons: []Button{
			{"Renew", []Action{{Verb: Renew, Lease: "lease-acme", Duration: 2 * time.Hour}}}, {"Check in", []Action{{Verb: CheckIn, Lease: "lease-acme"}}},
		},
	}}
	if diff := cmp.Diff(want, news.Notices(v)); diff != "" {
		t.Errorf("notices (-want +got):\n%s", diff)
	}
}

func TestAnswersOfReminders(t *testing.T) {
	v := enrolled()
	v.Wishes.SnoozeMinutes = 60
	snooze := Action{Verb: Pause, Duration: time.Hour}
	for kind, want := range map[string][]Action{
		"ends_soon": nil, // the lease is over already
		"ended":     nil,
		"terms":     {show(WindowTerms, "x"), snooze},
		"changed":   {show(WindowTerms, "x"), snooze},
		"personal":  {{Verb: Dismiss, Reminder: "1"}, snooze},
		"lesson":    {{Verb: Dismiss, Reminder: "1"}, snooze},
	} {
		var got []Action
		for _, b := range v.answers(&v1.LocalReminder{Id: "1", Kind: kind, Text: kind + "_x"}) {
			got = append(got, b.Actions...)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", kind, diff)
		}
	}
}

// TestARenewalAsksForWhatIsAllowed: as long as at first, but neither more than the account allows nor next to nothing.
func TestARenewalAsksForWhatIsAllowed(t *testing.T) {
	long, short := lease("acme", 3*time.Hour), lease("acme", time.Minute)
	long.Lease.StartedAt.Seconds -= 10 * 3600
	short.Lease.StartedAt.Seconds = short.Lease.EndsAt.Seconds - 60
	for name, tt := range map[string]struct {
		lease *v1.HeldLease
		want  time.Duration
	}{"as at first": {lease("acme", time.Hour), 2 * time.Hour}, "at most": {long, 8 * time.Hour}, "at least": {short, 15 * time.Minute}} {
		if got := renewal(tt.lease).Duration; got != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}

// TestAWarningAnswersForAllItIsAbout: companies have the same handle on several networks, and some of those leases end together.
func TestAWarningAnswersForAllItIsAbout(t *testing.T) {
	other, lasting := lease("acme", 2*time.Minute), lease("acme", time.Hour)
	other.Lease.Id, other.Lease.Network = "on-facebook", v1.Network_NETWORK_FACEBOOK
	lasting.Lease.Id, lasting.Lease.Network = "on-pinterest", v1.Network_NETWORK_PINTEREST
	v := enrolled(lasting, other, lease("acme", 2*time.Minute))
	r := &v1.LocalReminder{Id: "1", Kind: "ends_soon", Accounts: []string{"@acme (X)", "@acme (Facebook)"}, LeaseIds: []string{"lease-acme", "on-facebook", "over already"}}
	var got []string
	for _, b := range v.answers(r) {
		for _, a := range b.Actions {
			got = append(got, string(a.Verb)+" "+a.Lease)
		}
	}
	if diff := cmp.Diff([]string{"renew on-facebook", "renew lease-acme", "check-in on-facebook", "check-in lease-acme"}, got); diff != "" {
		t.Errorf("the buttons do (-want +got):\n%s", diff)
	}
}

// TestNoticesThatDoNotHoldAnyMoreAreTakenBack, each once: a warning when the lease is over or was renewed, a question when it
// was answered or its time is over.
func TestNoticesThatDoNotHoldAnyMoreAreTakenBack(t *testing.T) {
	warned := func(leases ...*v1.HeldLease) View {
		v := enrolled(leases...)
		v.Reminders = &v1.LocalServiceListRemindersResponse{Shown: []*v1.LocalReminder{{Id: "9", Kind: "ends_soon", Text: "ends_soon_late", LeaseIds: []string{"lease-acme"}}}}
		return v
	}
	for name, after := range map[string]View{"over": warned(), "renewed": warned(lease("acme", 2*time.Hour))} {
		var news News
		empty := enrolled(lease("acme", 2*time.Minute))
		empty.Reminders = reminded()
		news.Notices(empty)
		before := warned(lease("acme", 2*time.Minute))
		if got := ids(news.Notices(before)); len(got) != 1 || len(news.Over(before, morning)) != 0 {
			t.Errorf("%s: told %q", name, got)
		}
		news.Notices(after)
		if got := news.Over(after, morning); !slices.Equal(got, []string{"9"}) {
			t.Errorf("%s: taken back is %q, want the warning", name, got)
		}
		if got := news.Over(after, morning); len(got) != 0 {
			t.Errorf("%s: taken back again is %q", name, got)
		}
	}
	var news News
	v := withBrowsers(false, asking("482913"))
	v.Relays = []*v1.RelayRequest{relayed("1", "x/acme")}
	news.Notices(v)
	if got := news.Over(v, morning.Add(time.Minute)); !slices.Equal(got, []string{"pairing-482913"}) {
		t.Errorf("after a minute %q is taken back", got)
	}
	v.Relays = nil
	if got := news.Over(v, morning.Add(time.Minute)); !slices.Equal(got, []string{"relay-1"}) {
		t.Errorf("after an answer %q is taken back", got)
	}
}

func TestAReminderOfManyAccountsStaysShort(t *testing.T) {
	r := &v1.LocalReminder{Text: "ends_soon_late"}
	for range 500 {
		r.Accounts = append(r.Accounts, "@acme")
	}
	if got, want := ReminderText(enrolled().Words, r), "@acme, @acme, @acme, @acme, @acme, …: less than 2 minutes left. Save your draft."; got != want {
		t.Errorf("it reads %.200q, want %q", got, want)
	}
}
