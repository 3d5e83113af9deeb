package fyneui

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/tray"
)

// noon is when the tests take place.
var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// agent is an agent that holds what it was told to hold, and remembers what it was asked.
type agent struct {
	tray.Agent
	status    *v1.LocalServiceGetStatusResponse
	away      error
	accounts  []*v1.Lendable
	reminders *v1.LocalServiceListRemindersResponse
	settings  *v1.LocalSettings
	findings  []*v1.Finding
	sent      []*v1.Sent
	preview   *v1.LocalServicePreviewCodeResponse
	texts     []*v1.LocalText
	told      bool
	mode      string
	relays    []*v1.RelayRequest
	code      string
	until     time.Time
	// fail are the errors of methods.
	fail map[string]error

	called []string
	outs   []*v1.LocalServiceCheckOutRequest
	// elsewhere reports whether the question comes from another goroutine than that of the user interface.
	elsewhere func() bool
	t         *testing.T
}

// note remembers a question and gives the error that it is to be answered with.
func (a *agent) note(method string, args ...any) error {
	if !a.elsewhere() {
		a.t.Errorf("%s is asked on the goroutine of the user interface", method)
	}
	a.called = append(a.called, strings.TrimSpace(fmt.Sprintln(append([]any{method}, args...)...)))
	return a.fail[method]
}

func (a *agent) Events(context.Context) iter.Seq2[*v1.LocalServiceGetStatusResponse, error] {
	return func(yield func(*v1.LocalServiceGetStatusResponse, error) bool) { yield(a.status, a.away) }
}

func (a *agent) Accounts(context.Context) (*v1.LocalServiceListAccountsResponse, error) {
	return &v1.LocalServiceListAccountsResponse{Accounts: a.accounts}, a.fail["Accounts"]
}

func (a *agent) Reminders(context.Context) (*v1.LocalServiceListRemindersResponse, error) {
	return a.reminders, a.fail["Reminders"]
}

func (a *agent) CheckOut(_ context.Context, req *v1.LocalServiceCheckOutRequest) (*v1.LocalServiceCheckOutResponse, error) {
	a.outs = append(a.outs, req)
	if err := a.note("CheckOut", req.GetAccount()); err != nil {
		return nil, err
	}
	return &v1.LocalServiceCheckOutResponse{Lease: lease("l9", v1.Network_NETWORK_X, "acme", req.GetDuration().AsDuration(), req.GetDuration().AsDuration())}, nil
}

func (a *agent) Renew(_ context.Context, id string, d time.Duration) (*v1.LocalServiceRenewResponse, error) {
	return &v1.LocalServiceRenewResponse{Lease: lease(id, v1.Network_NETWORK_X, "acme", d, d)}, a.note("Renew", id, d)
}

func (a *agent) CheckIn(_ context.Context, id string) (*v1.LocalServiceCheckInResponse, error) {
	return &v1.LocalServiceCheckInResponse{}, a.note("CheckIn", id)
}

func (a *agent) Code(_ context.Context, id string) (*v1.LocalServiceGetCodeResponse, error) {
	return &v1.LocalServiceGetCodeResponse{Code: a.code, ValidUntil: timestamppb.New(a.until)}, a.note("Code", id)
}

func (a *agent) Sync(context.Context) (*v1.LocalServiceSyncResponse, error) {
	return nil, a.note("Sync")
}

func (a *agent) PreviewCode(_ context.Context, code string) (*v1.LocalServicePreviewCodeResponse, error) {
	return a.preview, a.note("PreviewCode", code)
}

func (a *agent) Enroll(_ context.Context, code, name string) (*v1.LocalServiceEnrollResponse, error) {
	return &v1.LocalServiceEnrollResponse{HubName: "Example Ltd.", User: "dana"}, a.note("Enroll", code, name)
}

func (a *agent) DismissReminder(_ context.Context, id string) (*v1.LocalServiceDismissReminderResponse, error) {
	return nil, a.note("DismissReminder", id)
}

func (a *agent) PauseReminders(_ context.Context, d time.Duration, today bool) (*v1.LocalServicePauseRemindersResponse, error) {
	return nil, a.note("PauseReminders", d, today)
}

func (a *agent) Diagnose(context.Context) (*v1.LocalServiceDiagnoseResponse, error) {
	return &v1.LocalServiceDiagnoseResponse{Findings: a.findings}, a.note("Diagnose")
}

func (a *agent) Texts(context.Context) (*v1.LocalServiceListTextsResponse, error) {
	return &v1.LocalServiceListTextsResponse{Texts: a.texts}, a.fail["Texts"]
}

func (a *agent) Acknowledge(_ context.Context, id, version string) (*v1.LocalServiceAcknowledgeResponse, error) {
	return &v1.LocalServiceAcknowledgeResponse{}, a.note("Acknowledge", id, version)
}

func (a *agent) ReportMistake(_ context.Context, req *v1.LocalServiceReportMistakeRequest) (*v1.LocalServiceReportMistakeResponse, error) {
	return &v1.LocalServiceReportMistakeResponse{Told: a.told}, a.note("ReportMistake", req.GetAbout(), req.GetText(), req.GetRequestId())
}

func (a *agent) Sent(context.Context) (*v1.LocalServiceListSentResponse, error) {
	return &v1.LocalServiceListSentResponse{Sent: a.sent, Since: timestamppb.New(noon.AddDate(0, -1, 0))}, a.note("Sent")
}

func (a *agent) AnswerPairing(_ context.Context, code string, accept bool) (*v1.LocalServiceAnswerPairingResponse, error) {
	return &v1.LocalServiceAnswerPairingResponse{}, a.note("AnswerPairing", code, accept)
}

func (a *agent) ForgetBrowserProfile(_ context.Context, id string) (*v1.LocalServiceForgetBrowserProfileResponse, error) {
	return &v1.LocalServiceForgetBrowserProfileResponse{}, a.note("ForgetBrowserProfile", id)
}

func (a *agent) OpenAccount(_ context.Context, lease string) (*v1.LocalServiceOpenAccountResponse, error) {
	return &v1.LocalServiceOpenAccountResponse{Browser: "chromium", Mode: a.mode}, a.note("OpenAccount", lease)
}

func (a *agent) RelayRequests(context.Context) (*v1.LocalServiceListRelayRequestsResponse, error) {
	return &v1.LocalServiceListRelayRequestsResponse{Requests: a.relays}, a.fail["RelayRequests"]
}

func (a *agent) AnswerRelay(_ context.Context, id, code string) (*v1.LocalServiceAnswerRelayRequestResponse, error) {
	return &v1.LocalServiceAnswerRelayRequestResponse{}, a.note("AnswerRelay", id, code)
}

func (a *agent) Settings(context.Context) (*v1.LocalServiceGetSettingsResponse, error) {
	return &v1.LocalServiceGetSettingsResponse{Settings: a.settings}, a.note("Settings")
}

func (a *agent) SetSettings(_ context.Context, s *v1.LocalSettings) (*v1.LocalServiceSetSettingsResponse, error) {
	a.settings = s
	return &v1.LocalServiceSetSettingsResponse{Settings: s}, a.note("SetSettings", s.GetCheckInWhenIdle().AsDuration(), s.GetCheckInWhenLocked())
}

func lease(id string, n v1.Network, handle string, left, total time.Duration) *v1.HeldLease {
	return &v1.HeldLease{TimeLeft: durationpb.New(left), Lease: &v1.Lease{
		Id: id, AccountId: "a-" + handle, Network: n, Handle: handle, State: v1.LeaseState_LEASE_STATE_ACTIVE, HasCodeSeed: true,
		StartedAt: timestamppb.New(noon.Add(left - total)), EndsAt: timestamppb.New(noon.Add(left)), MaxDuration: durationpb.New(4 * time.Hour),
	}}
}

func account(n v1.Network, handle string) *v1.Lendable {
	return &v1.Lendable{AccountId: "a-" + handle, Network: n, Handle: handle, Exclusive: true, MaxDuration: durationpb.New(4 * time.Hour)}
}

// office is an agent on an ordinary day: two leases, an account that is free, one with somebody else, one not to be had.
func office() *agent {
	busy := account(v1.Network_NETWORK_FACEBOOK, "acme.events")
	busy.Holder, busy.HeldUntil = "Lee", timestamppb.New(noon.Add(90*time.Minute))
	busy.Missing = []*v1.ErrorInfo{{Code: "account_in_use", Text: "taken", Facts: map[string]string{"holder": "Lee", "until": noon.Add(90 * time.Minute).Format(time.RFC3339)}}}
	blocked := account(v1.Network_NETWORK_PINTEREST, "acme_ideas")
	blocked.Missing = []*v1.ErrorInfo{{Code: "outside_hours", Text: "outside", Facts: map[string]string{"begin": noon.Add(20 * time.Hour).Format(time.RFC3339)}}}
	return &agent{
		status: &v1.LocalServiceGetStatusResponse{
			Enrolled: true, Connected: true, User: "dana", HubName: "Example Ltd.", LastContact: timestamppb.New(noon),
			Leases: []*v1.HeldLease{
				lease("l1", v1.Network_NETWORK_X, "acme", 42*time.Minute, time.Hour),
				lease("l2", v1.Network_NETWORK_INSTAGRAM, "acme.studio", 7*time.Minute, 2*time.Hour),
			},
		},
		accounts: []*v1.Lendable{account(v1.Network_NETWORK_X, "acme"), account(v1.Network_NETWORK_INSTAGRAM, "acme_de"), busy, blocked},
		reminders: &v1.LocalServiceListRemindersResponse{
			MayPauseToday: true,
			Shown: []*v1.LocalReminder{
				{Id: "r1", Kind: "terms", Text: "terms_x", Also: "personal_1", Accounts: []string{"@acme"}, LeaseIds: []string{"l1"}, Due: timestamppb.New(noon.Add(-18 * time.Minute))},
				{Id: "r2", Kind: "ends_soon", Text: "ends_soon_early", Accounts: []string{"@acme.studio"}, LeaseIds: []string{"l2"}, Due: timestamppb.New(noon.Add(-3 * time.Minute))},
			},
			Waiting: []*v1.LocalReminder{{Id: "r3", Kind: "lesson", Text: "lesson_x_2", Due: timestamppb.New(noon), Held: "room"}},
		},
		findings: []*v1.Finding{
			{Subject: "keyring", Ok: true, Text: "The keyring answers in 3 ms."},
			{Subject: "hub", Ok: true, Text: "The hub answers, and it is the one you enrolled with."},
			{Subject: "clock", Text: "The clock differs from the hub's by 3 minutes.", Mend: "timedatectl set-ntp true", Code: "clock_suspect"},
		},
		sent: []*v1.Sent{
			{Text: "sent_sync", Count: 214, Last: timestamppb.New(noon.Add(-time.Minute))},
			{Text: "sent_check_out", Account: "@acme", Count: 1, Last: timestamppb.New(noon.Add(-18 * time.Minute))},
		},
		preview: &v1.LocalServicePreviewCodeResponse{HubUrl: "https://hub.example.com", HubName: "Example Ltd.", HubKey: "3f1a 90bc 77d2 e411 0a5c 6b9e 18f3 2c70"},
		texts: []*v1.LocalText{
			terms(v1.Network_NETWORK_X, "x"), terms(v1.Network_NETWORK_INSTAGRAM, "instagram"), {Id: "terms_facebook", Network: v1.Network_NETWORK_FACEBOOK},
		},
		code: "482913", until: noon.Add(19 * time.Second),
	}
}

func terms(n v1.Network, name string) *v1.LocalText {
	t := &v1.LocalText{Id: "terms_" + name, Kind: "terms", Network: n, Title: tray.NetworkOf(n).Title() + " Terms of Service", Url: "https://example.com/terms", Version: "2026-08-22", ConcernsUser: true}
	for i := range 3 {
		t.Lines = append(t.Lines, fmt.Sprintf("terms_line_%s_%d", name, i+1))
	}
	return t
}

// login is a start at login in memory.
type login struct{ on bool }

func (l *login) Enabled() (bool, error) { return l.on, nil }
func (l *login) Set(on bool) error      { l.on = on; return nil }

// world is a desk in a test. What would run elsewhere waits until settle.
type world struct {
	*desk
	t     *testing.T
	agent *agent
	now   time.Time
	saved []tray.Settings
	queue []func()
	// plans are what was planned and not stopped.
	plans map[int]plan
	made  int
	// settling is set while what was spawned is done.
	settling bool
}

type plan struct {
	at time.Time
	do func()
}

func newWorld(t *testing.T, a *agent, s tray.Settings) *world {
	w := &world{t: t, agent: a, now: noon, plans: map[int]plan{}}
	a.t, a.elsewhere = t, func() bool { return w.settling }
	app := test.NewTempApp(t)
	b := bridge{ctx: t.Context(), post: w.post, spawn: func(f func()) { w.queue = append(w.queue, f) }, after: w.after}
	ids := 0
	w.desk = newDesk(b, app, Options{
		Agent: a, Settings: s, Languages: []string{"en"}, Linger: time.Minute, Login: &login{}, Now: func() time.Time { return w.now },
		Save:  func(s tray.Settings) error { w.saved = append(w.saved, s); return a.fail["Save"] },
		NewID: func() string { ids++; return fmt.Sprint("request-", ids) },
	})
	return w
}

func (w *world) after(d time.Duration, f func()) func() {
	w.made++
	id := w.made
	w.plans[id] = plan{w.now.Add(d), f}
	return func() { delete(w.plans, id) }
}

// post does something on the goroutine of the user interface.
func (w *world) post(f func()) {
	before := w.settling
	w.settling = false
	f()
	w.settling = before
}

// settle lets everything that was begun come to its end.
func (w *world) settle() {
	for len(w.queue) > 0 {
		f := w.queue[0]
		w.queue = w.queue[1:]
		w.settling = true
		f()
		w.settling = false
	}
}

// wait lets time pass, and does what was planned for it.
func (w *world) wait(d time.Duration) {
	end := w.now.Add(d)
	for {
		next, id := end.Add(time.Nanosecond), 0
		for i, p := range w.plans {
			if p.at.Before(next) {
				next, id = p.at, i
			}
		}
		if id == 0 {
			break
		}
		do := w.plans[id].do
		delete(w.plans, id)
		w.now = next
		do()
		w.settle()
	}
	w.now = end
}

// see opens a window, as the resident asks for it.
func (w *world) see(window string, argument ...string) {
	r := tray.Request{Window: window}
	if len(argument) > 0 {
		r.Argument = argument[0]
	}
	w.show(r)
	w.settle()
}

// refusal is an error of hub or agent.
func refusal(code keyshift.Code) error { return keyshift.Refuse(code, "text of "+string(code), "hint") }

// all lists every object in the window that can be seen.
func (w *world) all() []fyne.CanvasObject {
	list := test.LaidOutObjects(w.window.Content())
	for _, o := range w.window.Canvas().Overlays().List() {
		list = append(list, test.LaidOutObjects(o)...)
	}
	return list
}
