package localapi

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
)

// methods is the table of handlers: each hands one request to the agent. The generated interface makes it complete.
type methods struct{ agent Agent }

func (m methods) GetStatus(context.Context, *v1.LocalServiceGetStatusRequest) (*v1.LocalServiceGetStatusResponse, error) {
	return m.agent.Status(), nil
}

func (m methods) Enroll(ctx context.Context, req *v1.LocalServiceEnrollRequest) (*v1.LocalServiceEnrollResponse, error) {
	return m.agent.Enroll(ctx, req.GetCode(), req.GetDeviceName())
}

func (m methods) Unenroll(ctx context.Context, req *v1.LocalServiceUnenrollRequest) (*v1.LocalServiceUnenrollResponse, error) {
	told, err := m.agent.Unenroll(ctx, req.GetForce())
	return &v1.LocalServiceUnenrollResponse{HubTold: told}, err
}

func (m methods) ListAccounts(ctx context.Context, _ *v1.LocalServiceListAccountsRequest) (*v1.LocalServiceListAccountsResponse, error) {
	accounts, err := m.agent.Accounts(ctx)
	return &v1.LocalServiceListAccountsResponse{Accounts: accounts}, err
}

func (m methods) CheckOut(ctx context.Context, req *v1.LocalServiceCheckOutRequest) (*v1.LocalServiceCheckOutResponse, error) {
	lease, err := m.agent.CheckOut(ctx, req)
	return &v1.LocalServiceCheckOutResponse{Lease: lease}, err
}

func (m methods) ListLeases(context.Context, *v1.LocalServiceListLeasesRequest) (*v1.LocalServiceListLeasesResponse, error) {
	return &v1.LocalServiceListLeasesResponse{Leases: m.agent.Leases()}, nil
}

func (m methods) Renew(ctx context.Context, req *v1.LocalServiceRenewRequest) (*v1.LocalServiceRenewResponse, error) {
	lease, err := m.agent.Renew(ctx, req.GetLease(), req.GetDuration().AsDuration())
	return &v1.LocalServiceRenewResponse{Lease: lease}, err
}

func (m methods) CheckIn(ctx context.Context, req *v1.LocalServiceCheckInRequest) (*v1.LocalServiceCheckInResponse, error) {
	lease, err := m.agent.CheckIn(ctx, req.GetLease())
	return &v1.LocalServiceCheckInResponse{Lease: lease}, err
}

func (m methods) GetCode(ctx context.Context, req *v1.LocalServiceGetCodeRequest) (*v1.LocalServiceGetCodeResponse, error) {
	code, until, err := m.agent.Code(ctx, req.GetLease())
	return &v1.LocalServiceGetCodeResponse{Code: code, ValidUntil: timestamppb.New(until)}, err
}

func (m methods) Reveal(context.Context, *v1.LocalServiceRevealRequest) (*v1.LocalServiceRevealResponse, error) {
	return nil, errBody // see Server.revealed
}

func (m methods) Sync(ctx context.Context, _ *v1.LocalServiceSyncRequest) (*v1.LocalServiceSyncResponse, error) {
	if err := m.agent.SyncNow(ctx); err != nil {
		return nil, err
	}
	return &v1.LocalServiceSyncResponse{Status: m.agent.Status()}, nil
}

func (m methods) Diagnose(ctx context.Context, _ *v1.LocalServiceDiagnoseRequest) (*v1.LocalServiceDiagnoseResponse, error) {
	return &v1.LocalServiceDiagnoseResponse{Findings: m.agent.Diagnose(ctx)}, nil
}

func (m methods) ListReminders(context.Context, *v1.LocalServiceListRemindersRequest) (*v1.LocalServiceListRemindersResponse, error) {
	return m.agent.Reminders(), nil
}

func (m methods) DismissReminder(_ context.Context, req *v1.LocalServiceDismissReminderRequest) (*v1.LocalServiceDismissReminderResponse, error) {
	return &v1.LocalServiceDismissReminderResponse{}, m.agent.DismissReminder(req.GetId())
}

func (m methods) PauseReminders(_ context.Context, req *v1.LocalServicePauseRemindersRequest) (*v1.LocalServicePauseRemindersResponse, error) {
	return &v1.LocalServicePauseRemindersResponse{}, m.agent.PauseReminders(req.GetDuration().AsDuration(), req.GetToday())
}

func (m methods) PreviewCode(ctx context.Context, req *v1.LocalServicePreviewCodeRequest) (*v1.LocalServicePreviewCodeResponse, error) {
	return m.agent.PreviewCode(ctx, req.GetCode())
}

func (m methods) ListSent(context.Context, *v1.LocalServiceListSentRequest) (*v1.LocalServiceListSentResponse, error) {
	return m.agent.Sent(), nil
}

func (m methods) GetSettings(context.Context, *v1.LocalServiceGetSettingsRequest) (*v1.LocalServiceGetSettingsResponse, error) {
	return &v1.LocalServiceGetSettingsResponse{Settings: m.agent.Settings()}, nil
}

func (m methods) SetSettings(_ context.Context, req *v1.LocalServiceSetSettingsRequest) (*v1.LocalServiceSetSettingsResponse, error) {
	settings, err := m.agent.SetSettings(req.GetSettings())
	return &v1.LocalServiceSetSettingsResponse{Settings: settings}, err
}

func (m methods) ReportMistake(ctx context.Context, req *v1.LocalServiceReportMistakeRequest) (*v1.LocalServiceReportMistakeResponse, error) {
	return m.agent.ReportMistake(ctx, req)
}

func (m methods) ListTexts(context.Context, *v1.LocalServiceListTextsRequest) (*v1.LocalServiceListTextsResponse, error) {
	return &v1.LocalServiceListTextsResponse{Texts: m.agent.Texts()}, nil
}

func (m methods) Acknowledge(ctx context.Context, req *v1.LocalServiceAcknowledgeRequest) (*v1.LocalServiceAcknowledgeResponse, error) {
	text, err := m.agent.Acknowledge(ctx, req.GetTextId(), req.GetVersion())
	return &v1.LocalServiceAcknowledgeResponse{Text: text}, err
}

func (m methods) ListBrowserProfiles(context.Context, *v1.LocalServiceListBrowserProfilesRequest) (*v1.LocalServiceListBrowserProfilesResponse, error) {
	return &v1.LocalServiceListBrowserProfilesResponse{Profiles: m.agent.BrowserProfiles()}, nil
}

func (m methods) AnswerPairing(_ context.Context, req *v1.LocalServiceAnswerPairingRequest) (*v1.LocalServiceAnswerPairingResponse, error) {
	profile, err := m.agent.AnswerPairing(req.GetCode(), req.GetAccept())
	return &v1.LocalServiceAnswerPairingResponse{Profile: profile}, err
}

func (m methods) ForgetBrowserProfile(_ context.Context, req *v1.LocalServiceForgetBrowserProfileRequest) (*v1.LocalServiceForgetBrowserProfileResponse, error) {
	return &v1.LocalServiceForgetBrowserProfileResponse{}, m.agent.ForgetBrowserProfile(req.GetId())
}

func (m methods) OpenAccount(ctx context.Context, req *v1.LocalServiceOpenAccountRequest) (*v1.LocalServiceOpenAccountResponse, error) {
	return m.agent.OpenAccount(ctx, req.GetLease())
}

func (m methods) AskRelay(ctx context.Context, req *v1.LocalServiceAskRelayRequest) (*v1.LocalServiceAskRelayResponse, error) {
	return &v1.LocalServiceAskRelayResponse{}, m.agent.AskRelayFor(ctx, req.GetLease())
}

func (m methods) ListRelayRequests(context.Context, *v1.LocalServiceListRelayRequestsRequest) (*v1.LocalServiceListRelayRequestsResponse, error) {
	return &v1.LocalServiceListRelayRequestsResponse{Requests: m.agent.RelayRequests()}, nil
}

func (m methods) AnswerRelayRequest(ctx context.Context, req *v1.LocalServiceAnswerRelayRequestRequest) (*v1.LocalServiceAnswerRelayRequestResponse, error) {
	return &v1.LocalServiceAnswerRelayRequestResponse{}, m.agent.AnswerRelay(ctx, req.GetId(), req.GetCode())
}
