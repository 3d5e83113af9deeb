// Package tray is what the tray shows, as data: what the agent says becomes a [Picture], a picture becomes an icon, a
// menu and the contents of windows. It draws nothing; package icon shows icon, menu and notifications, package fyneui
// the windows.
//
// A [Feed] follows the agent. It works only when the agent says that something changed, so a tray with nothing held
// costs nothing. Countdowns are computed from the picture and the moment at which they are drawn.
//
// The tray holds no secret. A one-time code passes through it when the user asks for one; see [Agent].
package tray

import (
	"context"
	"iter"
	"time"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// Agent is the agent of the same user, as [localclient.Client] reaches it. Every error is a [keyshift.Error].
type Agent interface {
	Status(ctx context.Context) (*v1.LocalServiceGetStatusResponse, error)
	Events(ctx context.Context) iter.Seq2[*v1.LocalServiceGetStatusResponse, error]
	PreviewCode(ctx context.Context, code string) (*v1.LocalServicePreviewCodeResponse, error)
	Enroll(ctx context.Context, code, deviceName string) (*v1.LocalServiceEnrollResponse, error)
	Accounts(ctx context.Context) (*v1.LocalServiceListAccountsResponse, error)
	CheckOut(ctx context.Context, req *v1.LocalServiceCheckOutRequest) (*v1.LocalServiceCheckOutResponse, error)
	Renew(ctx context.Context, lease string, d time.Duration) (*v1.LocalServiceRenewResponse, error)
	CheckIn(ctx context.Context, lease string) (*v1.LocalServiceCheckInResponse, error)
	Code(ctx context.Context, lease string) (*v1.LocalServiceGetCodeResponse, error)
	Sync(ctx context.Context) (*v1.LocalServiceSyncResponse, error)
	Reminders(ctx context.Context) (*v1.LocalServiceListRemindersResponse, error)
	DismissReminder(ctx context.Context, id string) (*v1.LocalServiceDismissReminderResponse, error)
	PauseReminders(ctx context.Context, d time.Duration, today bool) (*v1.LocalServicePauseRemindersResponse, error)
	Diagnose(ctx context.Context) (*v1.LocalServiceDiagnoseResponse, error)
	Texts(ctx context.Context) (*v1.LocalServiceListTextsResponse, error)
	Acknowledge(ctx context.Context, id, version string) (*v1.LocalServiceAcknowledgeResponse, error)
	ReportMistake(ctx context.Context, req *v1.LocalServiceReportMistakeRequest) (*v1.LocalServiceReportMistakeResponse, error)
	Sent(ctx context.Context) (*v1.LocalServiceListSentResponse, error)
	Settings(ctx context.Context) (*v1.LocalServiceGetSettingsResponse, error)
	SetSettings(ctx context.Context, settings *v1.LocalSettings) (*v1.LocalServiceSetSettingsResponse, error)
	AnswerPairing(ctx context.Context, code string, accept bool) (*v1.LocalServiceAnswerPairingResponse, error)
	ForgetBrowserProfile(ctx context.Context, id string) (*v1.LocalServiceForgetBrowserProfileResponse, error)
	RelayRequests(ctx context.Context) (*v1.LocalServiceListRelayRequestsResponse, error)
	AnswerRelay(ctx context.Context, id, code string) (*v1.LocalServiceAnswerRelayRequestResponse, error)
	OpenAccount(ctx context.Context, lease string) (*v1.LocalServiceOpenAccountResponse, error)
}

// Picture is all that the tray knows at a moment. It is never changed once it was given away. The zero value is that of a
// tray which has not heard from the agent yet.
type Picture struct {
	// Status is nil while the agent is not there; Problem says why.
	Status *v1.LocalServiceGetStatusResponse
	// Problem is why there is no status, nil while there is one.
	Problem *keyshift.Error
	// Accounts are those that the user may check out, as of the last time that the hub was asked.
	Accounts []*v1.Lendable
	// AccountsAsked is set once the hub was asked for them.
	AccountsAsked bool
	// AccountsProblem is why Accounts may be out of date.
	AccountsProblem *keyshift.Error
	// Reminders is nil before they were asked for.
	Reminders *v1.LocalServiceListRemindersResponse
	// Texts is nil before they were asked for.
	Texts *v1.LocalServiceListTextsResponse
	// Relays are the codes that this user, a custodian, is asked for.
	Relays []*v1.RelayRequest
	// At is when Status came: times left are counted from there.
	At time.Time
}

// Leases are those that this device holds or still wipes.
func (p Picture) Leases() []*v1.HeldLease { return p.Status.GetLeases() }

// TimeLeft is how long a lease still lasts at a moment; 0 once it is over.
func (p Picture) TimeLeft(l *v1.HeldLease, now time.Time) time.Duration {
	if l.GetTimeLeft() == nil {
		return 0
	}
	return max(0, l.GetTimeLeft().AsDuration()-max(0, now.Sub(p.At)))
}

// Live reports whether a lease can be used: it is neither over nor pending.
func (p Picture) Live(l *v1.HeldLease, now time.Time) bool {
	return l.GetEnding() == "" && p.TimeLeft(l, now) > 0
}
