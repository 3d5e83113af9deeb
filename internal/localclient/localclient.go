// Package localclient talks to the agent of the same OS user over its local socket or pipe.
//
// Every error is a [keyshift.Error], fit to be shown: what the agent answered, or what kept the question from reaching
// it. Three of them are made here. agent_not_running: nobody listens. peer_refused: somebody listens who is not this
// user; nothing was sent to them. unavailable with [ErrAnswerLost] in its chain: the agent has the question and its
// answer was lost, so the effect may have happened; ask again with the same request id.
//
// A [Client] keeps no connection that matters and follows an agent through restarts.
package localclient

import (
	"context"
	"net"
	"net/http"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	v1c "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1/keyshiftv1connect"
	"github.com/keyshift-hq/keyshift/internal/ipc"
	"github.com/keyshift-hq/keyshift/internal/wire"
)

const (
	base      = "http://" + wire.Host
	maxAnswer = 4 << 20

	dialLimit = 5 * time.Second
	// idleLimit is when connections that nobody uses are given back: soon, so that a tray that waits is not woken up for that.
	idleLimit = 5 * time.Second
)

// Client is a client of one agent, safe for concurrent use. Make it with [New].
type Client struct {
	path string
	http *http.Client // for what is no call of the contract
	way  way

	// silence is how long an event stream may say nothing, its heartbeat included.
	silence time.Duration
	// firstPause and lastPause bound the time between two attempts at the event stream.
	firstPause, lastPause time.Duration
}

// way is how a question gets to the agent, and its answer back into res.
type way interface {
	ask(ctx context.Context, procedure string, req, res proto.Message) error
}

// New makes a client of the agent that listens at path; see ipc.DefaultPath. It does not connect yet.
func New(path string) *Client {
	c := newClient(path)
	c.http.Transport = &http.Transport{DialContext: c.dial, DisableCompression: true, MaxIdleConnsPerHost: 2, IdleConnTimeout: idleLimit}
	c.way = overConnect(c.http)
	return c
}

func newClient(path string) *Client {
	return &Client{path: path, http: &http.Client{}, silence: 2*time.Hour + time.Minute, firstPause: 250 * time.Millisecond, lastPause: 5 * time.Second}
}

// connectWay asks with the Connect library.
type connectWay struct{ client *connect.Client }

func overConnect(client connecthttp.HTTPClient) way {
	return connectWay{connect.NewClient(connecthttp.NewTransport(client, base, connecthttp.WithReadMaxBytes(maxAnswer), connecthttp.WithCompressors()))}
}

func (w connectWay) ask(ctx context.Context, procedure string, req, res proto.Message) error {
	return w.client.CallUnary(ctx, connect.Spec{StreamType: connect.StreamTypeUnary, Procedure: procedure}, req, res)
}

// Path is where the agent is expected.
func (c *Client) Path() string { return c.path }

// Close gives back idle connections. The client can be used afterwards.
func (c *Client) Close() { c.http.CloseIdleConnections() }

func (c *Client) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialLimit)
	defer cancel()
	conn, err := ipc.Dial(ctx, c.path)
	if err != nil {
		return nil, &dialError{err}
	}
	return conn, nil
}

// message is what a T is by its pointer.
type message[T any] interface {
	*T
	proto.Message
}

// ask asks one question within the time that any of them may take.
func ask[T any, Res message[T]](ctx context.Context, c *Client, procedure string, req proto.Message) (*T, error) {
	ctx, cancel := context.WithTimeout(ctx, wire.CallLimit)
	defer cancel()
	res := new(T)
	if err := c.way.ask(ctx, procedure, req, Res(res)); err != nil {
		return nil, c.explain(err)
	}
	return res, nil
}

// Status tells how the agent is.
func (c *Client) Status(ctx context.Context) (*v1.LocalServiceGetStatusResponse, error) {
	return ask[v1.LocalServiceGetStatusResponse](ctx, c, v1c.LocalServiceGetStatusProcedure, &v1.LocalServiceGetStatusRequest{})
}

// Enroll makes the device known to the hub that the code names; an empty device name means the computer's.
func (c *Client) Enroll(ctx context.Context, code, deviceName string) (*v1.LocalServiceEnrollResponse, error) {
	return ask[v1.LocalServiceEnrollResponse](ctx, c, v1c.LocalServiceEnrollProcedure, &v1.LocalServiceEnrollRequest{Code: code, DeviceName: deviceName})
}

// Unenroll makes the agent forget its hub; with force even if the hub cannot be told.
func (c *Client) Unenroll(ctx context.Context, force bool) (*v1.LocalServiceUnenrollResponse, error) {
	return ask[v1.LocalServiceUnenrollResponse](ctx, c, v1c.LocalServiceUnenrollProcedure, &v1.LocalServiceUnenrollRequest{Force: force})
}

// Accounts lists what the user may check out.
func (c *Client) Accounts(ctx context.Context) (*v1.LocalServiceListAccountsResponse, error) {
	return ask[v1.LocalServiceListAccountsResponse](ctx, c, v1c.LocalServiceListAccountsProcedure, &v1.LocalServiceListAccountsRequest{})
}

// CheckOut checks an account out. With the request id of an earlier question it is the same check-out.
func (c *Client) CheckOut(ctx context.Context, req *v1.LocalServiceCheckOutRequest) (*v1.LocalServiceCheckOutResponse, error) {
	return ask[v1.LocalServiceCheckOutResponse](ctx, c, v1c.LocalServiceCheckOutProcedure, req)
}

// Leases lists what this device holds.
func (c *Client) Leases(ctx context.Context) (*v1.LocalServiceListLeasesResponse, error) {
	return ask[v1.LocalServiceListLeasesResponse](ctx, c, v1c.LocalServiceListLeasesProcedure, &v1.LocalServiceListLeasesRequest{})
}

// Renew prolongs a lease: d from now.
func (c *Client) Renew(ctx context.Context, lease string, d time.Duration) (*v1.LocalServiceRenewResponse, error) {
	return ask[v1.LocalServiceRenewResponse](ctx, c, v1c.LocalServiceRenewProcedure, &v1.LocalServiceRenewRequest{Lease: lease, Duration: durationpb.New(d)})
}

// CheckIn gives an account back.
func (c *Client) CheckIn(ctx context.Context, lease string) (*v1.LocalServiceCheckInResponse, error) {
	return ask[v1.LocalServiceCheckInResponse](ctx, c, v1c.LocalServiceCheckInProcedure, &v1.LocalServiceCheckInRequest{Lease: lease})
}

// Code asks for the one-time code of a lease.
func (c *Client) Code(ctx context.Context, lease string) (*v1.LocalServiceGetCodeResponse, error) {
	return ask[v1.LocalServiceGetCodeResponse](ctx, c, v1c.LocalServiceGetCodeProcedure, &v1.LocalServiceGetCodeRequest{Lease: lease})
}

// Reveal asks for the secret of a lease, which the hub records.
func (c *Client) Reveal(ctx context.Context, lease string) (*v1.LocalServiceRevealResponse, error) {
	return ask[v1.LocalServiceRevealResponse](ctx, c, v1c.LocalServiceRevealProcedure, &v1.LocalServiceRevealRequest{Lease: lease})
}

// Sync makes the agent ask the hub for news.
func (c *Client) Sync(ctx context.Context) (*v1.LocalServiceSyncResponse, error) {
	return ask[v1.LocalServiceSyncResponse](ctx, c, v1c.LocalServiceSyncProcedure, &v1.LocalServiceSyncRequest{})
}

// Reminders lists what the user was reminded of, and what waits.
func (c *Client) Reminders(ctx context.Context) (*v1.LocalServiceListRemindersResponse, error) {
	return ask[v1.LocalServiceListRemindersResponse](ctx, c, v1c.LocalServiceListRemindersProcedure, &v1.LocalServiceListRemindersRequest{})
}

// DismissReminder forgets a reminder that was read.
func (c *Client) DismissReminder(ctx context.Context, id string) (*v1.LocalServiceDismissReminderResponse, error) {
	return ask[v1.LocalServiceDismissReminderResponse](ctx, c, v1c.LocalServiceDismissReminderProcedure, &v1.LocalServiceDismissReminderRequest{Id: id})
}

// PauseReminders holds reminders back for d, or until tomorrow; neither ends a pause.
func (c *Client) PauseReminders(ctx context.Context, d time.Duration, today bool) (*v1.LocalServicePauseRemindersResponse, error) {
	return ask[v1.LocalServicePauseRemindersResponse](ctx, c, v1c.LocalServicePauseRemindersProcedure, &v1.LocalServicePauseRemindersRequest{Duration: durationpb.New(d), Today: today})
}

// PreviewCode tells which hub an enrollment code is for, and does not use it up.
func (c *Client) PreviewCode(ctx context.Context, code string) (*v1.LocalServicePreviewCodeResponse, error) {
	return ask[v1.LocalServicePreviewCodeResponse](ctx, c, v1c.LocalServicePreviewCodeProcedure, &v1.LocalServicePreviewCodeRequest{Code: code})
}

// ReportMistake brings a self-report to the hub, now or later. With the request id of an earlier one it is the same report.
func (c *Client) ReportMistake(ctx context.Context, req *v1.LocalServiceReportMistakeRequest) (*v1.LocalServiceReportMistakeResponse, error) {
	return ask[v1.LocalServiceReportMistakeResponse](ctx, c, v1c.LocalServiceReportMistakeProcedure, req)
}

// Texts lists what there is to read.
func (c *Client) Texts(ctx context.Context) (*v1.LocalServiceListTextsResponse, error) {
	return ask[v1.LocalServiceListTextsResponse](ctx, c, v1c.LocalServiceListTextsProcedure, &v1.LocalServiceListTextsRequest{})
}

// Acknowledge says that the user has read one version of a text.
func (c *Client) Acknowledge(ctx context.Context, id, version string) (*v1.LocalServiceAcknowledgeResponse, error) {
	return ask[v1.LocalServiceAcknowledgeResponse](ctx, c, v1c.LocalServiceAcknowledgeProcedure, &v1.LocalServiceAcknowledgeRequest{TextId: id, Version: version})
}

// Sent tells what left this device, in words.
func (c *Client) Sent(ctx context.Context) (*v1.LocalServiceListSentResponse, error) {
	return ask[v1.LocalServiceListSentResponse](ctx, c, v1c.LocalServiceListSentProcedure, &v1.LocalServiceListSentRequest{})
}

// BrowserProfiles lists the browser profiles that are paired, and those that ask to be.
func (c *Client) BrowserProfiles(ctx context.Context) (*v1.LocalServiceListBrowserProfilesResponse, error) {
	return ask[v1.LocalServiceListBrowserProfilesResponse](ctx, c, v1c.LocalServiceListBrowserProfilesProcedure, &v1.LocalServiceListBrowserProfilesRequest{})
}

// AnswerPairing says whether the browser that shows a code is the user's own.
func (c *Client) AnswerPairing(ctx context.Context, code string, accept bool) (*v1.LocalServiceAnswerPairingResponse, error) {
	return ask[v1.LocalServiceAnswerPairingResponse](ctx, c, v1c.LocalServiceAnswerPairingProcedure, &v1.LocalServiceAnswerPairingRequest{Code: code, Accept: accept})
}

// ForgetBrowserProfile takes back what was said yes to.
func (c *Client) ForgetBrowserProfile(ctx context.Context, id string) (*v1.LocalServiceForgetBrowserProfileResponse, error) {
	return ask[v1.LocalServiceForgetBrowserProfileResponse](ctx, c, v1c.LocalServiceForgetBrowserProfileProcedure, &v1.LocalServiceForgetBrowserProfileRequest{Id: id})
}

// RelayRequests lists the codes that this user is asked for.
func (c *Client) RelayRequests(ctx context.Context) (*v1.LocalServiceListRelayRequestsResponse, error) {
	return ask[v1.LocalServiceListRelayRequestsResponse](ctx, c, v1c.LocalServiceListRelayRequestsProcedure, &v1.LocalServiceListRelayRequestsRequest{})
}

// AnswerRelay passes a code on to whoever asked for it.
func (c *Client) AnswerRelay(ctx context.Context, id, code string) (*v1.LocalServiceAnswerRelayRequestResponse, error) {
	return ask[v1.LocalServiceAnswerRelayRequestResponse](ctx, c, v1c.LocalServiceAnswerRelayRequestProcedure, &v1.LocalServiceAnswerRelayRequestRequest{Id: id, Code: code})
}

// OpenAccount opens the network of a held account in the work browser.
func (c *Client) OpenAccount(ctx context.Context, lease string) (*v1.LocalServiceOpenAccountResponse, error) {
	return ask[v1.LocalServiceOpenAccountResponse](ctx, c, v1c.LocalServiceOpenAccountProcedure, &v1.LocalServiceOpenAccountRequest{Lease: lease})
}

// AskRelay asks for the code of a held account that the network sends to somebody else.
func (c *Client) AskRelay(ctx context.Context, lease string) (*v1.LocalServiceAskRelayResponse, error) {
	return ask[v1.LocalServiceAskRelayResponse](ctx, c, v1c.LocalServiceAskRelayProcedure, &v1.LocalServiceAskRelayRequest{Lease: lease})
}

// Settings tells what the user has chosen for this device.
func (c *Client) Settings(ctx context.Context) (*v1.LocalServiceGetSettingsResponse, error) {
	return ask[v1.LocalServiceGetSettingsResponse](ctx, c, v1c.LocalServiceGetSettingsProcedure, &v1.LocalServiceGetSettingsRequest{})
}

// SetSettings keeps what the user has chosen.
func (c *Client) SetSettings(ctx context.Context, settings *v1.LocalSettings) (*v1.LocalServiceSetSettingsResponse, error) {
	return ask[v1.LocalServiceSetSettingsResponse](ctx, c, v1c.LocalServiceSetSettingsProcedure, &v1.LocalServiceSetSettingsRequest{Settings: settings})
}

// Diagnose asks for the agent's part of `doctor`.
func (c *Client) Diagnose(ctx context.Context) (*v1.LocalServiceDiagnoseResponse, error) {
	return ask[v1.LocalServiceDiagnoseResponse](ctx, c, v1c.LocalServiceDiagnoseProcedure, &v1.LocalServiceDiagnoseRequest{})
}

// Stop asks the agent to end. It answers before it has ended.
func (c *Client) Stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, wire.CallLimit)
	defer cancel()
	res, err := c.request(ctx, http.MethodPost, "/stop")
	if err != nil {
		return err
	}
	return res.Body.Close()
}
