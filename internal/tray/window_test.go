package tray

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/i18n"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

var (
	midday  = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	english = i18n.For(i18n.English)
)

func lendable(handle string) *v1.Lendable {
	return &v1.Lendable{AccountId: "a-" + handle, Network: v1.Network_NETWORK_X, Handle: handle, MaxDuration: durationpb.New(4 * time.Hour)}
}

func heldFor(handle string, left time.Duration) *v1.HeldLease {
	return &v1.HeldLease{TimeLeft: durationpb.New(left), Lease: &v1.Lease{
		Id: "l-" + handle, AccountId: "a-" + handle, Network: v1.Network_NETWORK_X, Handle: handle, State: v1.LeaseState_LEASE_STATE_ACTIVE,
		StartedAt: timestamppb.New(midday.Add(left - time.Hour)), EndsAt: timestamppb.New(midday.Add(left)), MaxDuration: durationpb.New(4 * time.Hour),
	}}
}

func pictureOf(leases []*v1.HeldLease, accounts ...*v1.Lendable) Picture {
	return Picture{At: midday, Accounts: accounts, AccountsAsked: true, Status: &v1.LocalServiceGetStatusResponse{
		Enrolled: true, Connected: true, User: "dana", HubName: "Example Ltd.", Leases: leases,
	}}
}

func titles(rows []Row) []string {
	var list []string
	for _, r := range rows {
		list = append(list, strings.Repeat("  ", min(1, int(r.Kind)))+r.Title)
	}
	return list
}

func TestHomeSortsWhatCanBeHad(t *testing.T) {
	busy, blocked := lendable("busy"), lendable("blocked")
	busy.Holder, busy.HeldUntil = "lee", timestamppb.New(midday.Add(time.Hour))
	blocked.Missing = []*v1.ErrorInfo{{Code: "account_disabled", Text: "off"}}
	p := pictureOf([]*v1.HeldLease{heldFor("mine", time.Minute)}, lendable("zebra"), busy, lendable("ant"), blocked, lendable("mine"))
	h := HomeOf(english, p, "", midday)
	want := []string{"Checked out", "  @mine", "Ready to check out", "  @ant", "  @zebra", "With others", "  @busy", "Not available right now", "  @blocked"}
	if diff := cmp.Diff(want, titles(h.Rows)); diff != "" {
		t.Error(diff)
	}
	if h.Where != "dana at Example Ltd." || h.Banner != nil || h.Empty != nil || h.Searchable {
		t.Errorf("the window is %+v", h)
	}
	if diff := cmp.Diff([]string{"Ready to check out", "  @zebra"}, titles(HomeOf(english, p, " ZEB", midday).Rows)[2:]); diff != "" {
		t.Error(diff)
	}
}

func TestALeaseSaysHowItStands(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*v1.HeldLease)
		want   string
		offers int
	}{
		{"live", func(*v1.HeldLease) {}, "X · until 12:30", 3},
		{"with code", func(l *v1.HeldLease) { l.Lease.HasCodeSeed = true }, "X · until 12:30", 4},
		{"pending", func(l *v1.HeldLease) { l.Lease.State = v1.LeaseState_LEASE_STATE_PENDING }, "Being prepared…", 3},
		{"offline", func(l *v1.HeldLease) { l.OfflineEnd = timestamppb.New(midday.Add(10 * time.Minute)) }, "Hub not reached · ends at 12:10 at the latest", 3},
		{"offline, later than its end", func(l *v1.HeldLease) { l.OfflineEnd = timestamppb.New(midday.Add(time.Hour)) }, "X · until 12:30", 3},
		{"wiping", func(l *v1.HeldLease) { l.Ending = "wiping" }, "Over. Being wiped from this computer…", 0},
		{"over, not noticed yet", func(l *v1.HeldLease) { l.TimeLeft = nil }, "Over. Being wiped from this computer…", 0},
		{"not wiped", func(l *v1.HeldLease) { l.Ending, l.WipeFailure = "wipe_failed", "locked\u202e" }, "Over, but not wiped yet: locked", 0},
		{"reporting", func(l *v1.HeldLease) { l.Ending = "reporting" }, "Wiped. The hub is told as soon as it can be reached.", 0},
	} {
		l := heldFor("acme", 30*time.Minute)
		tt.change(l)
		row := HomeOf(english, pictureOf([]*v1.HeldLease{l}), "", midday).Rows[1]
		if row.Line != tt.want || len(row.Offers) != tt.offers || row.Muted != (tt.offers == 0) {
			t.Errorf("%s: got %q with %d offers, want %q with %d", tt.name, row.Line, len(row.Offers), tt.want, tt.offers)
		}
	}
}

func TestTheLastTenMinutesOfferToRenew(t *testing.T) {
	for left, soon := range map[time.Duration]bool{11 * time.Minute: false, 10 * time.Minute: true, time.Second: true} {
		row := HomeOf(english, pictureOf([]*v1.HeldLease{heldFor("acme", left)}), "", midday).Rows[1]
		if o := row.Offers[0]; row.Soon != soon || !o.Main || (o.Action.Verb == Renew) != soon || (o.Action.Verb == OpenWork) == soon {
			t.Errorf("%s left: soon is %v, %+v is offered first, want %v", left, row.Soon, o, soon)
		}
	}
}

func TestHomeIsNeverBlank(t *testing.T) {
	notEnrolled := Picture{At: midday, Status: &v1.LocalServiceGetStatusResponse{}}
	away := Picture{At: midday, Problem: &keyshift.Error{Code: keyshift.CodeAgentNotRunning}}
	foreign := Picture{At: midday, Problem: &keyshift.Error{Code: keyshift.CodePeerRefused}}
	waiting, refused := pictureOf(nil), pictureOf(nil)
	waiting.AccountsAsked = false
	refused.AccountsProblem = &keyshift.Error{Code: keyshift.CodeUserInactive}
	for _, tt := range []struct {
		name    string
		picture Picture
		title   string
		verb    Verb
	}{
		{"at first", Picture{}, "Looking for the agent…", ""},
		{"agent away", away, "The agent is taking a break", StartAgent},
		{"somebody in its place", foreign, "Another user's program stands in the agent's place. Nothing was sent to it.", Copy},
		{"not enrolled", notEnrolled, "Welcome to Keyshift", Open},
		{"nothing granted", pictureOf(nil), "Nothing here yet", AskHub},
		{"not asked yet", waiting, "", ""},
		{"not answered", refused, "Your access is switched off at the moment.", AskHub},
	} {
		e := HomeOf(english, tt.picture, "", midday).Empty
		if e == nil {
			t.Errorf("%s: the window says nothing", tt.name)
			continue
		}
		var verb Verb
		if len(e.Offers) > 0 {
			verb = e.Offers[0].Action.Verb
		}
		if e.Title != tt.title || verb != tt.verb {
			t.Errorf("%s: got %q with %q, want %q with %q", tt.name, e.Title, verb, tt.title, tt.verb)
		}
	}
}

func TestTheBannerNamesTheGravestThing(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*v1.LocalServiceGetStatusResponse)
		want   keyshift.Code
	}{
		{"all well", func(*v1.LocalServiceGetStatusResponse) {}, ""},
		{"offline", func(s *v1.LocalServiceGetStatusResponse) { s.Connected = false }, keyshift.CodeHubUnreachable},
		{"stale", func(s *v1.LocalServiceGetStatusResponse) { s.Connected, s.Trust = false, v1.Trust_TRUST_STALE }, keyshift.CodeOffline},
		{"problem", func(s *v1.LocalServiceGetStatusResponse) { s.Problem = &v1.ErrorInfo{Code: "keyring_locked"} }, keyshift.CodeKeyringLocked},
		{"clock", func(s *v1.LocalServiceGetStatusResponse) {
			s.Trust, s.Problem = v1.Trust_TRUST_CLOCK_SUSPECT, &v1.ErrorInfo{Code: "keyring_locked"}
		}, keyshift.CodeClockSuspect},
	} {
		p := pictureOf([]*v1.HeldLease{heldFor("acme", time.Hour)})
		tt.change(p.Status)
		b := HomeOf(english, p, "", midday).Banner
		if (b == nil) != (tt.want == "") || b != nil && b.Code != tt.want {
			t.Errorf("%s: got %+v, want %q", tt.name, b, tt.want)
		}
	}
}

func TestEveryRefusalOffersWhatMendsIt(t *testing.T) {
	for code, want := range map[keyshift.Code]Verb{
		keyshift.CodeAgentNotRunning: StartAgent, keyshift.CodeNotEnrolled: Open, keyshift.CodeReasonInvalid: EditReason,
		keyshift.CodeDurationInvalid: EditDuration, keyshift.CodeAccountInUse: Again, keyshift.CodeRiskNotAccepted: Copy,
		keyshift.CodeClockSuspect: AskHub, keyshift.CodeHubUnreachable: Again, keyshift.CodeUnavailable: Again, keyshift.CodeNotFound: Open, "made_up": Again,
	} {
		trouble := TroubleOf(english, keyshift.Refuse(code, "text", "hint"), midday)
		if got := trouble.Offers[0].Action.Verb; got != want {
			t.Errorf("%s offers %q first, want %q", code, got, want)
		}
	}
}

func TestTroublesAreToldInTheUsersLanguage(t *testing.T) {
	inUse := keyshift.Refuse(keyshift.CodeAccountInUse, "raw", "raw hint").With("holder", "lee\u202e").With("until", midday.Add(time.Hour).Format(time.RFC3339))
	for _, tt := range []struct {
		err        error
		text, hint string
	}{
		{inUse, "lee hat es bis 13:00.", "Versuch es dann noch einmal, oder bitte lee ums Zurückgeben."},
		{keyshift.Refuse(keyshift.CodeAccountInUse, "raw", "raw hint"), "raw", "raw hint"},
		{keyshift.Refuse("made_up", "raw", "raw hint"), "raw", "raw hint"},
		{keyshift.Refuse(keyshift.CodeDurationInvalid, "raw", "").With("max", "4h"), "Dieses Konto gibt es für höchstens 4h am Stück.", "Wähl eine andere Dauer."},
		{errors.New("boom"), "Da ist etwas schiefgegangen, das nicht schiefgehen sollte.", "Versuch es noch einmal. Passiert es wieder, sollte es die Verwaltung wissen."},
	} {
		got := TroubleOf(i18n.For(i18n.German), tt.err, midday)
		if got.Text != tt.text || got.Hint != tt.hint {
			t.Errorf("%v: got %q, %q, want %q, %q", tt.err, got.Text, got.Hint, tt.text, tt.hint)
		}
	}
	if got := TroubleOf(english, nil, midday); got != nil {
		t.Errorf("no error is a trouble: %+v", got)
	}
}

func TestNoTextOfAnErrorLacksItsFacts(t *testing.T) {
	for _, c := range append(i18n.Languages(), i18n.Pseudo) {
		catalog := i18n.For(c)
		for _, key := range catalog.Keys() {
			code, found := strings.CutPrefix(key, "error_")
			if !found {
				continue
			}
			got := TroubleOf(catalog, &keyshift.Error{Code: keyshift.Code(code), Text: "text", Hint: "hint"}, midday)
			if strings.ContainsFunc(got.Text+got.Hint, func(r rune) bool { return r >= 0xe000 && r <= 0xf8ff }) {
				t.Errorf("%s: %s has an empty place: %q %q", c, code, got.Text, got.Hint)
			}
		}
	}
}

func TestPresetsStayWithinTheLimit(t *testing.T) {
	for longest, want := range map[time.Duration]string{
		0: "", 30 * time.Second: "", 5 * time.Minute: "5 min", 30 * time.Minute: "15 min, 30 min",
		4 * time.Hour: "15 min, 30 min, 1 h, 2 h, 4 h", 5 * time.Hour: "30 min, 1 h, 2 h, 4 h, 5 h", 24 * time.Hour: "1 h, 2 h, 4 h, 8 h, 24 h",
	} {
		var got []string
		for _, p := range Presets(english, longest, midday) {
			got = append(got, p.Text)
		}
		if s := strings.Join(got, ", "); s != want {
			t.Errorf("presets within %s are %q, want %q", longest, s, want)
		}
	}
	for longest, want := range map[time.Duration]time.Duration{5 * time.Minute: 5 * time.Minute, 4 * time.Hour: time.Hour, 24 * time.Hour: time.Hour} {
		list := Presets(english, longest, midday)
		if got := list[Usual(list)].Duration; got != want {
			t.Errorf("within %s, %s is chosen at first, want %s", longest, got, want)
		}
	}
}

func TestCheckOutTellsTheTermsAndTheEnd(t *testing.T) {
	a := lendable("acme")
	a.Exclusive = true
	w := CheckOutOf(english, pictureOf(nil, a), "x/acme", midday)
	if w == nil || w.Account != "a-acme" || len(w.End) != 2 || w.Refusal != nil {
		t.Fatalf("the window is %+v", w)
	}
	want := []string{"Use a password that is used nowhere else, with an authenticator app or a security key.", "Use X itself; no tools that collect its pages.", "You answer for what you post in the company's name."}
	if diff := cmp.Diff(want, w.Rules.Lines); diff != "" {
		t.Error(diff)
	}
	if w.Rules.URL != "https://x.com/tos" || w.Rules.AsOf != "as of 8/22/2026" {
		t.Errorf("the terms are at %s, %s", w.Rules.URL, w.Rules.AsOf)
	}
	if got := CheckOutOf(english, pictureOf(nil), "a-acme", midday); got != nil {
		t.Errorf("an account that is gone can be checked out: %+v", got)
	}
}

func TestEveryNetworkHasThreeLines(t *testing.T) {
	for _, language := range i18n.Languages() {
		for _, n := range keyshift.Networks() {
			if r := RulesOf(i18n.For(language), n); len(r.Lines) != 3 || r.Document == "" || r.AsOf == "" {
				t.Errorf("%s, %s: %+v", language, n, r)
			}
		}
	}
}

func TestAnAttemptKeepsItsRequestID(t *testing.T) {
	n := 0
	a := Attempt{NewID: func() string { n++; return fmt.Sprint(n) }}
	ask := func(reason string, d time.Duration) string { return a.Request("acc", reason, d).GetRequestId() }
	first := ask("launch", time.Hour)
	if ask(" launch ", time.Hour) != first {
		t.Error("the same question got another id")
	}
	a.Refused(keyshift.Refuse(keyshift.CodeUnavailable, "lost", ""))
	if ask("launch", time.Hour) != first {
		t.Error("after a lost answer the same question got another id")
	}
	if ask("launch", 2*time.Hour) == first {
		t.Error("another duration has the same id")
	}
	second := ask("launch", 2*time.Hour)
	a.Refused(keyshift.Refuse(keyshift.CodeAccountInUse, "taken", ""))
	if ask("launch", 2*time.Hour) == second {
		t.Error("after a refusal the question has the same id")
	}
	third := ask("launch", 2*time.Hour)
	a.Done()
	if ask("launch", 2*time.Hour) == third {
		t.Error("after it was done the next question has the same id")
	}
}

func TestRenewalIsLongerThanWhatIsLeft(t *testing.T) {
	p := pictureOf([]*v1.HeldLease{heldFor("acme", 50*time.Minute)})
	w := ProlongOf(english, p, "l-acme", midday)
	for _, preset := range w.Presets {
		if preset.Duration <= 50*time.Minute {
			t.Errorf("%s is offered with 50 minutes left", preset.Text)
		}
	}
	if len(w.Presets) != 3 || w.Over != nil {
		t.Errorf("the window is %+v", w)
	}
	p.Status.Leases[0].Lease.StartedAt = timestamppb.New(midday.Add(-keyshift.MaxLeaseLength + 40*time.Minute))
	if w := ProlongOf(english, p, "l-acme", midday); len(w.Presets) != 0 {
		t.Errorf("a lease near its longest is offered %+v", w.Presets)
	}
	if w := ProlongOf(english, p, "l-acme", midday.Add(time.Hour)); w.Over == nil || w.Over.Offers[0].Action.Request.Argument != "a-acme" {
		t.Errorf("after its end the window is %+v", w)
	}
	if w := ProlongOf(english, p, "gone", midday); w.Over == nil {
		t.Error("a lease that is gone is not over")
	}
}

func TestACodeIsForgottenOnceItIsOver(t *testing.T) {
	got := &v1.LocalServiceGetCodeResponse{Code: "123456", ValidUntil: timestamppb.New(midday.Add(15 * time.Second))}
	if w := CodeOf(english, got, midday); w.Digits != "123 456" || w.Part != 0.5 || w.Seconds != "15 s" {
		t.Errorf("the window is %+v", w)
	}
	if w := CodeOf(english, got, midday.Add(15*time.Second)); w != (OneTimeCode{}) {
		t.Errorf("after its end the window is %+v", w)
	}
}

func TestRemindersAreInWords(t *testing.T) {
	p := pictureOf(nil)
	p.Reminders = &v1.LocalServiceListRemindersResponse{
		PausedUntil: timestamppb.New(midday.Add(time.Hour)),
		Shown: []*v1.LocalReminder{
			{Id: "1", Kind: "personal", Text: "personal_2", Due: timestamppb.New(midday)},
			{Id: "2", Kind: "ends_soon", Text: "ends_soon_late", Accounts: []string{"@a", "@b"}, LeaseIds: []string{"l-a", "l-b"}, Due: timestamppb.New(midday)},
		},
		Waiting: []*v1.LocalReminder{{Id: "3", Kind: "lesson", Text: "lesson_x_1", Held: "pause"}},
	}
	w := RemindersOf(english, p, midday)
	if got, want := w.Shown[0].Text, "@a, @b: less than 2 minutes left. Save your draft."; got != want || !w.Shown[0].Urgent {
		t.Errorf("the newest is %q, want %q, urgent", got, want)
	}
	if w.Waiting[0].Note != "waits until the pause is over" || !strings.Contains(w.Paused, "13:00") {
		t.Errorf("waiting: %+v, paused: %q", w.Waiting, w.Paused)
	}
	if one := w.Only("1"); len(one.Shown) != 1 || one.Shown[0].ID != "1" || len(one.Waiting) != 0 {
		t.Errorf("only the first: %+v", one)
	}
	if offers := w.Shown[0].Offers; len(offers) != 0 {
		t.Errorf("nothing is held, and offered is %+v", offers)
	}
	p.Status.Leases = []*v1.HeldLease{heldFor("b", time.Hour), heldFor("b", time.Minute), heldFor("c", time.Minute)}
	p.Status.Leases[0].Lease.Id = "on another network"
	if offers := RemindersOf(english, p, midday).Shown[0].Offers; len(offers) != 2 || offers[0].Action.Lease != "l-b" || offers[0].Action.Verb != Renew || offers[1].Action.Verb != CheckIn {
		t.Errorf("a warning offers %+v", offers)
	}
	p.Status.Leases = append(p.Status.Leases, heldFor("a", time.Minute))
	if offers := RemindersOf(english, p, midday).Shown[0].Offers; len(offers) != 4 || offers[0].Text != "Renew @b (X)" || offers[3].Text != "Check in @a (X)" {
		t.Errorf("a warning about two offers %+v", offers)
	}
	if all := w.Only("gone"); len(all.Shown) != 2 {
		t.Errorf("one that is gone shows %+v", all)
	}
}

func TestDoctorBeginsWithWhatIsWrong(t *testing.T) {
	w := DoctorOf(english, &v1.LocalServiceDiagnoseResponse{Findings: []*v1.Finding{
		{Subject: "keyring", Ok: true, Text: "fine"}, {Subject: "clock", Text: "late", Mend: "set it", Code: "clock_suspect"},
	}})
	if w.Well || w.Findings[0].Subject != "clock" || w.Findings[0].Mend != "This helps: set it" || !strings.Contains(w.Report, "clock: clock_suspect late set it\n") {
		t.Errorf("the window is %+v", w)
	}
}

func TestTheLedgerCounts(t *testing.T) {
	w := LedgerOf(english, &v1.LocalServiceListSentResponse{Since: timestamppb.New(midday), Sent: []*v1.Sent{
		{Text: "sent_check_in", Account: "@acme", Count: 2, Last: timestamppb.New(midday)}, {Text: "sent_sync", Count: 1, Last: timestamppb.New(midday)},
	}}, midday)
	if !strings.Contains(w.Entries[0].Text, "@acme") || w.Entries[0].Note != "2 times · last on 11/23/2026, 12:00" || w.Entries[1].Note != "Once · on 11/23/2026, 12:00" {
		t.Errorf("the window is %+v", w)
	}
	if w := LedgerOf(english, &v1.LocalServiceListSentResponse{}, midday); w.Empty == nil {
		t.Error("a ledger without entries says nothing")
	}
}

func TestReadingHasNoShortcuts(t *testing.T) {
	for _, tt := range []struct {
		name    string
		screens [][2]float64
		done    bool
		percent int
		skipped bool
	}{
		{"nothing", nil, false, 0, false},
		{"the first screen", [][2]float64{{0, 500}}, false, 25, false},
		{"all", [][2]float64{{0, 500}, {400, 900}, {850, 1350}, {1300, 1800}, {1500, 2000}}, true, 100, false},
		{"a jump to the end", [][2]float64{{0, 500}, {1500, 2000}}, false, 25, true},
		{"the jump made good", [][2]float64{{0, 500}, {1500, 2000}, {500, 1000}, {1000, 1500}, {1500, 2000}}, true, 100, false},
		{"back and forth", [][2]float64{{0, 500}, {400, 900}, {0, 500}, {600, 1100}}, false, 55, false},
		{"nearly all", [][2]float64{{0, 500}, {500, 1000}, {1000, 1500}, {1480, 1980}}, false, 99, false},
	} {
		var r Reading
		top := 0.0
		for _, s := range tt.screens {
			r.See(s[0], s[1], 2000)
			top = s[0]
		}
		if r.Done() != tt.done || r.Percent() != tt.percent || r.Skipped(top) != tt.skipped {
			t.Errorf("%s: done %v, %d %%, skipped %v, want %v, %d, %v", tt.name, r.Done(), r.Percent(), r.Skipped(top), tt.done, tt.percent, tt.skipped)
		}
	}
	var r Reading
	r.See(0, 500, 1000)
	r.See(0, 500, 2000) // the window became narrow
	if r.Percent() != 50 {
		t.Errorf("after another layout %d %% are read, want 50", r.Percent())
	}
	var short Reading
	if short.See(0, 300, 200); !short.Done() {
		t.Error("a text that fits the window is not read")
	}
}

func TestWhatIsReadConcernsTheUser(t *testing.T) {
	text := func(n v1.Network, concerns, read bool) *v1.LocalText {
		l := &v1.LocalText{Id: "terms_" + string(NetworkOf(n)), Network: n, Version: "2026-08-22", Lines: []string{"terms_line_x_1"}, ConcernsUser: concerns}
		if read {
			l.AcknowledgedAt = timestamppb.New(midday)
		}
		return l
	}
	got := &v1.LocalServiceListTextsResponse{Texts: []*v1.LocalText{
		text(v1.Network_NETWORK_X, true, false), text(v1.Network_NETWORK_FACEBOOK, true, true), text(v1.Network_NETWORK_PINTEREST, false, false),
	}}
	for only, want := range map[string]string{"": "terms_x", "facebook": "terms_facebook", "terms_pinterest": "terms_pinterest", "tumblr": ""} {
		var ids []string
		for _, l := range TextsOf(english, got, only) {
			ids = append(ids, l.ID)
			if l.AsOf != "8/22/2026" || len(l.Paragraphs) != 1 {
				t.Errorf("%q: %+v", only, l)
			}
		}
		if s := strings.Join(ids, " "); s != want {
			t.Errorf("%q lists %q, want %q", only, s, want)
		}
	}
}

func TestAMistakeCanBeAboutWhatIsHeldOrLent(t *testing.T) {
	got := Concerns(pictureOf([]*v1.HeldLease{heldFor("mine", time.Hour)}, lendable("other"), lendable("mine")))
	if diff := cmp.Diff([]Concern{{"@mine (X)", "a-mine"}, {"@other (X)", "a-other"}}, got); diff != "" {
		t.Error(diff)
	}
}

func TestAReportKeepsItsRequestID(t *testing.T) {
	n := 0
	r := Report{NewID: func() string { n++; return fmt.Sprint(n) }}
	if a, b := r.Request("acc", "oops").GetRequestId(), r.Request("acc", "oops").GetRequestId(); a != b {
		t.Errorf("the same report has the ids %s and %s", a, b)
	}
	if a, b := r.Request("acc", "oops").GetRequestId(), r.Request("acc", "more").GetRequestId(); a == b {
		t.Error("another report has the same id")
	}
}
