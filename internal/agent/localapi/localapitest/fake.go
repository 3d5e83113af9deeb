// Package localapitest gives tests an agent without a hub, a keyring or a clock: [Fake] holds what it was told to hold,
// lends every account it lists, and remembers what it was asked. [Serve] puts it behind a real socket.
package localapitest

import (
	"context"
	"strings"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// State is what a [Fake] answers with.
type State struct {
	// Status without its leases, which are those below.
	Status    *v1.LocalServiceGetStatusResponse
	Accounts  []*v1.Lendable
	Leases    []*v1.HeldLease
	Findings  []*v1.Finding
	Reminders *v1.LocalServiceListRemindersResponse
	Sent      *v1.LocalServiceListSentResponse
	Settings  *v1.LocalSettings
	Texts     []*v1.LocalText
	Relays    []*v1.RelayRequest
	// Away makes reports wait.
	Away       bool
	Credential keyshift.Credential
	Code       string
	CodeUntil  time.Time
	// HubTold is the answer to Unenroll.
	HubTold bool
	// Now is when a check-out happens.
	Now time.Time
	// Fail gives each method, by its name in the contract, what happens instead: an error is answered, anything else
	// is panicked with.
	Fail map[string]any
	// FailLease is the error of checking a lease in, by its id.
	FailLease map[string]error
	// Unwiped is why the wipes of check-ins do not succeed; empty means that they do.
	Unwiped string
	// Wait makes a method, by its name in the contract, wait until the channel is closed or its caller leaves.
	Wait map[string]chan struct{}
}

// Call is one question that a [Fake] was asked.
type Call struct {
	Method string
	// Args is the request, as far as it is no secret.
	Args proto.Message
}

// Fake implements localapi.Agent. Make it with [NewFake].
type Fake struct {
	mu    sync.Mutex
	state State
	calls []Call
	subs  map[chan struct{}]bool
}

// NewFake returns an agent that is not enrolled.
func NewFake() *Fake {
	return &Fake{state: State{Status: &v1.LocalServiceGetStatusResponse{}}, subs: map[chan struct{}]bool{}}
}

// Change changes what the agent answers, and tells its subscribers.
func (f *Fake) Change(change func(*State)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(&f.state)
	for sub := range f.subs {
		select {
		case sub <- struct{}{}:
		default:
		}
	}
}

// Calls are the questions so far, Status and Leases aside.
func (f *Fake) Calls() []Call {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]Call(nil), f.calls...)
}

// Watched is the number of subscribers.
func (f *Fake) Watched() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.subs)
}

// asked remembers a question and gives the state that answers it, or the failure that was arranged.
func (f *Fake) asked(ctx context.Context, method string, args proto.Message) (State, error) {
	f.mu.Lock()
	f.calls = append(f.calls, Call{method, args})
	wait := f.state.Wait[method]
	f.mu.Unlock()
	if wait != nil {
		select {
		case <-wait:
		case <-ctx.Done():
			return State{}, ctx.Err()
		}
	}
	return f.answer(method)
}

func (f *Fake) answer(method string) (State, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch failure := f.state.Fail[method].(type) {
	case nil:
		return f.state, f.needsHub(method)
	case error:
		return State{}, failure
	default:
		panic(failure)
	}
}

// needsHub refuses what an agent without a hub cannot do.
func (f *Fake) needsHub(method string) error {
	switch method {
	case "GetStatus", "ListLeases", "Diagnose", "Enroll", "PreviewCode", "ListTexts", "ListSent", "GetSettings", "SetSettings":
		return nil
	}
	if f.state.Status.GetEnrolled() {
		return nil
	}
	return keyshift.Refuse(keyshift.CodeNotEnrolled, "This computer is not enrolled.", "Ask your admin for an enrollment code and run keyshift-agent enroll.")
}

// Status gives the state.
func (f *Fake) Status() *v1.LocalServiceGetStatusResponse {
	state, err := f.answer("GetStatus")
	if err != nil {
		panic(err)
	}
	status := proto.CloneOf(state.Status)
	status.Leases = state.Leases
	return status
}

// Enroll makes the agent enrolled as a device of dana.
func (f *Fake) Enroll(ctx context.Context, code, deviceName string) (*v1.LocalServiceEnrollResponse, error) {
	_, err := f.asked(ctx, "Enroll", &v1.LocalServiceEnrollRequest{DeviceName: deviceName})
	if err != nil {
		return nil, err
	}
	inv, err := keyshift.ParseInvitation(code)
	if err != nil {
		return nil, err
	}
	f.Change(func(s *State) {
		s.Status = &v1.LocalServiceGetStatusResponse{Enrolled: true, Version: s.Status.GetVersion(), HubUrl: inv.HubURL, HubName: "Acme Inc", User: "dana", DeviceName: deviceName, Connected: true}
	})
	return &v1.LocalServiceEnrollResponse{HubName: "Acme Inc", User: "dana", DeviceId: "d1"}, nil
}

// Unenroll makes the agent not enrolled.
func (f *Fake) Unenroll(ctx context.Context, force bool) (bool, error) {
	state, err := f.asked(ctx, "Unenroll", &v1.LocalServiceUnenrollRequest{Force: force})
	if err == nil {
		f.Change(func(s *State) { s.Status, s.Leases = &v1.LocalServiceGetStatusResponse{}, nil })
	}
	return state.HubTold, err
}

// Accounts gives the accounts.
func (f *Fake) Accounts(ctx context.Context) ([]*v1.Lendable, error) {
	state, err := f.asked(ctx, "ListAccounts", &v1.LocalServiceListAccountsRequest{})
	return state.Accounts, err
}

// CheckOut lends an account that is listed. The same request id gives the same lease.
func (f *Fake) CheckOut(ctx context.Context, req *v1.LocalServiceCheckOutRequest) (*v1.HeldLease, error) {
	state, err := f.asked(ctx, "CheckOut", proto.CloneOf(req))
	if err != nil {
		return nil, err
	}
	for _, held := range state.Leases {
		if held.GetLease().GetId() == "lease-"+req.GetRequestId() {
			return held, nil
		}
	}
	for _, a := range state.Accounts {
		if names(a.GetNetwork(), a.GetHandle(), req.GetAccount()) {
			held := lend(a, req, state.Now)
			f.Change(func(s *State) { s.Leases = append(s.Leases, held) })
			return held, nil
		}
	}
	return nil, keyshift.NotFound("account", req.GetAccount())
}

func lend(a *v1.Lendable, req *v1.LocalServiceCheckOutRequest, now time.Time) *v1.HeldLease {
	return &v1.HeldLease{
		Lease: &v1.Lease{
			Id: "lease-" + req.GetRequestId(), Network: a.GetNetwork(), Handle: a.GetHandle(), User: "dana", Reason: req.GetReason(),
			State: v1.LeaseState_LEASE_STATE_ACTIVE, StartedAt: timestamppb.New(now), EndsAt: timestamppb.New(now.Add(req.GetDuration().AsDuration())),
			AccessMode: a.GetAccessMode(), LeaseStorage: a.GetLeaseStorage(), AllowShow: a.GetAllowShow(), HasCodeSeed: a.GetHasCodeSeed(), Exclusive: a.GetExclusive(),
		},
		TimeLeft: req.GetDuration(),
	}
}

// Leases gives the leases.
func (f *Fake) Leases() []*v1.HeldLease {
	state, err := f.answer("ListLeases")
	if err != nil {
		panic(err)
	}
	return state.Leases
}

// Renew gives a live lease so much time from now.
func (f *Fake) Renew(ctx context.Context, lease string, d time.Duration) (*v1.HeldLease, error) {
	state, err := f.asked(ctx, "Renew", &v1.LocalServiceRenewRequest{Lease: lease, Duration: durationpb.New(d)})
	if err != nil {
		return nil, err
	}
	return f.edit(lease, func(h *v1.HeldLease) {
		h.TimeLeft, h.Lease.EndsAt = durationpb.New(d), timestamppb.New(state.Now.Add(d))
	})
}

// CheckIn ends a live lease and takes it off the list.
func (f *Fake) CheckIn(ctx context.Context, lease string) (*v1.HeldLease, error) {
	state, err := f.asked(ctx, "CheckIn", &v1.LocalServiceCheckInRequest{Lease: lease})
	if err == nil {
		err = state.FailLease[lease]
	}
	if err != nil {
		return nil, err
	}
	held, err := f.edit(lease, func(h *v1.HeldLease) {
		h.TimeLeft, h.Ending = nil, "reporting"
		if state.Unwiped != "" {
			h.Ending, h.WipeFailure = "wipe_failed", state.Unwiped
		}
		h.Lease.State, h.Lease.EndedAt, h.Lease.EndReason = v1.LeaseState_LEASE_STATE_CHECKED_IN, timestamppb.New(state.Now), "checked in"
	})
	if err == nil {
		f.Change(func(s *State) { s.Leases = without(s.Leases, held) })
	}
	return held, err
}

func without(leases []*v1.HeldLease, gone *v1.HeldLease) (rest []*v1.HeldLease) {
	for _, h := range leases {
		if h.GetLease().GetId() != gone.GetLease().GetId() {
			rest = append(rest, h)
		}
	}
	return rest
}

// edit replaces the lease of that name with a changed copy.
func (f *Fake) edit(name string, change func(*v1.HeldLease)) (held *v1.HeldLease, err error) {
	err = keyshift.NotFound("lease", name)
	f.Change(func(s *State) {
		leases := append([]*v1.HeldLease(nil), s.Leases...)
		for i, h := range leases {
			if l := h.GetLease(); l.GetId() == name || names(l.GetNetwork(), l.GetHandle(), name) {
				held, err = proto.CloneOf(h), nil
				change(held)
				leases[i] = held
			}
		}
		s.Leases = leases
	})
	return held, err
}

func names(network v1.Network, handle, asked string) bool {
	full := strings.ToLower(strings.TrimPrefix(network.String(), "NETWORK_")) + "/" + handle
	return asked == full || strings.TrimPrefix(asked, "@") == handle
}

// Code gives the one-time code.
func (f *Fake) Code(ctx context.Context, lease string) (string, time.Time, error) {
	state, err := f.asked(ctx, "GetCode", &v1.LocalServiceGetCodeRequest{Lease: lease})
	return state.Code, state.CodeUntil, err
}

// Reveal gives the credential.
func (f *Fake) Reveal(ctx context.Context, lease string) (*keyshift.Opened, error) {
	state, err := f.asked(ctx, "Reveal", &v1.LocalServiceRevealRequest{Lease: lease})
	if err != nil {
		return nil, err
	}
	return keyshift.OpenCredential(state.Credential.Encode())
}

// SyncNow does nothing but remember.
func (f *Fake) SyncNow(ctx context.Context) error {
	_, err := f.asked(ctx, "Sync", &v1.LocalServiceSyncRequest{})
	return err
}

// Reminders gives the reminders.
func (f *Fake) Reminders() *v1.LocalServiceListRemindersResponse {
	state, _ := f.answer("ListReminders")
	return state.Reminders
}

// DismissReminder only remembers.
func (f *Fake) DismissReminder(id string) error {
	_, err := f.asked(context.Background(), "DismissReminder", &v1.LocalServiceDismissReminderRequest{Id: id})
	return err
}

// PauseReminders only remembers.
func (f *Fake) PauseReminders(d time.Duration, today bool) error {
	_, err := f.asked(context.Background(), "PauseReminders", &v1.LocalServicePauseRemindersRequest{Duration: durationpb.New(d), Today: today})
	return err
}

// PreviewCode reads the code, for a hub of Acme Inc.
func (f *Fake) PreviewCode(ctx context.Context, code string) (*v1.LocalServicePreviewCodeResponse, error) {
	_, err := f.asked(ctx, "PreviewCode", &v1.LocalServicePreviewCodeRequest{})
	if err != nil {
		return nil, err
	}
	inv, err := keyshift.ParseInvitation(code)
	if err != nil {
		return nil, err
	}
	return &v1.LocalServicePreviewCodeResponse{HubUrl: inv.HubURL, HubName: "Acme Inc", HubKey: keyshift.KeyText(inv.HubKey)}, nil
}

// ReportMistake only remembers.
func (f *Fake) ReportMistake(ctx context.Context, req *v1.LocalServiceReportMistakeRequest) (*v1.LocalServiceReportMistakeResponse, error) {
	state, err := f.asked(ctx, "ReportMistake", proto.CloneOf(req))
	if err != nil || !state.Away {
		return &v1.LocalServiceReportMistakeResponse{Told: true}, err
	}
	return &v1.LocalServiceReportMistakeResponse{Waiting: 1}, nil
}

// Texts gives what there is to read.
func (f *Fake) Texts() []*v1.LocalText {
	state, _ := f.answer("ListTexts")
	return state.Texts
}

// Acknowledge marks a text as read.
func (f *Fake) Acknowledge(ctx context.Context, id, version string) (*v1.LocalText, error) {
	state, err := f.asked(ctx, "Acknowledge", &v1.LocalServiceAcknowledgeRequest{TextId: id, Version: version})
	if err != nil {
		return nil, err
	}
	for i, text := range state.Texts {
		if text.GetId() == id {
			read := proto.CloneOf(text)
			read.AcknowledgedAt = timestamppb.New(state.Now)
			f.Change(func(s *State) {
				s.Texts = append([]*v1.LocalText(nil), s.Texts...)
				s.Texts[i] = read
			})
			return read, nil
		}
	}
	return nil, keyshift.NotFound("text", id)
}

// Sent gives what left the device.
func (f *Fake) Sent() *v1.LocalServiceListSentResponse {
	state, _ := f.answer("ListSent")
	return state.Sent
}

// Settings gives what was chosen.
func (f *Fake) Settings() *v1.LocalSettings {
	state, _ := f.answer("GetSettings")
	return state.Settings
}

// SetSettings keeps what is chosen.
func (f *Fake) SetSettings(settings *v1.LocalSettings) (*v1.LocalSettings, error) {
	_, err := f.asked(context.Background(), "SetSettings", &v1.LocalServiceSetSettingsRequest{Settings: proto.CloneOf(settings)})
	if err == nil {
		f.Change(func(s *State) { s.Settings = proto.CloneOf(settings) })
	}
	return settings, err
}

// Diagnose gives the findings.
func (f *Fake) Diagnose(ctx context.Context) []*v1.Finding {
	state, err := f.asked(ctx, "Diagnose", &v1.LocalServiceDiagnoseRequest{})
	if err != nil {
		panic(err)
	}
	return state.Findings
}

// Subscribe tells of every [Fake.Change].
func (f *Fake) Subscribe() (<-chan struct{}, func()) {
	sub := make(chan struct{}, 1)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.subs[sub] = true
	return sub, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.subs, sub)
	}
}
