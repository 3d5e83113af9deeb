package rpc

import (
	"context"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"connectrpc.com/connect/v2"

	"github.com/keyshift-hq/keyshift/internal/api"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/api/keyshift/v1/keyshiftv1connect"
	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// agentService serves enrolled devices.
type agentService struct{ *Server }

func (s agentService) Enroll(ctx context.Context, req *v1.EnrollRequest) (*v1.EnrollResponse, error) {
	p := proofOf(ctx)
	if p == nil || p.signed == nil || p.signed.DeviceID != req.GetDeviceId() || p.signed.Verify(p.request, p.body, req.GetSigningKey()) != nil {
		return nil, errSignature
	}
	in := hub.EnrollRequest{
		Code: req.GetCode(), DeviceName: req.GetDeviceName(), OS: req.GetOs(), AgentVersion: req.GetAgentVersion(),
		SigningKey: req.GetSigningKey(), SealingKey: req.GetSealingKey(),
	}
	return answer(ctx, s.Server, req, func(c hub.Call) (keyshift.User, error) { return s.Hub.Enroll(ctx, c, in) }, func(u keyshift.User) *v1.EnrollResponse {
		return &v1.EnrollResponse{HubId: string(s.Hub.ID()), HubName: s.Hub.Name(), DeviceId: req.GetDeviceId(), User: u.Name, UserDisplayName: u.DisplayName}
	})
}

func (s agentService) Sync(ctx context.Context, req *v1.SyncRequest) (*v1.SyncResponse, error) {
	in := hub.SyncRequest{Checkpoint: req.GetCheckpoint(), Countersignature: req.GetCountersignature(), AgentVersion: req.GetAgentVersion(), RollbackKnown: momentOf(req.GetRollbackKnown()), ReminderCounts: countsOf(req.GetReminderCounts())}
	return answer(ctx, s.Server, req, func(c hub.Call) (hub.News, error) { return s.Hub.Sync(ctx, c, in) }, s.newsMessage)
}

func (s agentService) newsMessage(n hub.News) *v1.SyncResponse {
	return addBrowser(&v1.SyncResponse{
		Leases: s.leaseMessages(n.Leases), Removals: s.leaseMessages(n.Removals), Checkpoint: n.Judgment.Latest.Note, Consistency: n.Judgment.Proof,
		HubName: s.Hub.Name(), User: n.User.Name, StaleAfter: durationpb.New(keyshift.StaleAfter), SyncEvery: durationpb.New(keyshift.SyncEvery),
		RollbackAccepted: stamp(n.RollbackAccepted), WorkHours: api.HoursMessage(n.Hours), Reminders: remindersMessage(n.Reminders), ReminderCountsTaken: n.CountsTaken,
	}, n)
}

// Times of a stream. The heartbeat is shorter than what proxies allow an idle connection.
const (
	heartbeatEvery = 40 * time.Second
	longestWait    = 50 * time.Second
)

func (s agentService) Watch(ctx context.Context, req *v1.WatchRequest, stream keyshiftv1connect.AgentServiceWatchServerStream) error {
	news, end, err := s.subscribe(ctx, req)
	if err != nil {
		return err
	}
	defer end()
	heartbeat := time.NewTicker(heartbeatEvery)
	defer heartbeat.Stop()
	for sync := true; ; { // the first message says "sync": something may have changed while nobody listened
		if err := stream.Send(&v1.WatchResponse{Sync: sync}); err != nil {
			return nil //nolint:nilerr // the device went away; that is how streams end
		}
		select {
		case <-ctx.Done():
			return nil
		case _, open := <-news:
			if !open {
				return nil
			}
			sync = true
		case <-heartbeat.C:
			sync = false
		}
	}
}

func (s agentService) subscribe(ctx context.Context, req proto.Message) (<-chan struct{}, func(), error) {
	call, err := s.callOf(ctx, req)
	if err != nil {
		return nil, nil, err
	}
	return s.Hub.Watch(ctx, call)
}

func (s agentService) AwaitNews(ctx context.Context, req *v1.AwaitNewsRequest) (*v1.AwaitNewsResponse, error) {
	news, end, err := s.subscribe(ctx, req)
	if err != nil {
		return nil, err
	}
	defer end()
	timer := time.NewTimer(min(max(durationOf(req.GetWait()), 0), longestWait))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return nil, connect.NewError(connect.CodeCanceled, "the device went away")
	case <-news:
		return &v1.AwaitNewsResponse{Sync: true}, nil
	case <-timer.C:
		return &v1.AwaitNewsResponse{}, nil
	}
}

func (s agentService) ListLendable(ctx context.Context, req *v1.ListLendableRequest) (*v1.ListLendableResponse, error) {
	return pages(ctx, s.Server, req, func(c hub.Call, page hub.Page) ([]hub.Lendable, error) {
		return s.Hub.ListLendable(ctx, c, req.GetHandle(), page)
	}, func(l hub.Lendable) string { return string(l.Account.ID) }, func(list []hub.Lendable, next string) *v1.ListLendableResponse {
		return &v1.ListLendableResponse{Accounts: each(list, lendableMessage), NextPageToken: next}
	})
}

func (s agentService) CheckOut(ctx context.Context, req *v1.CheckOutRequest) (*v1.CheckOutResponse, error) {
	in := hub.CheckOutRequest{AccountID: keyshift.ID(req.GetAccountId()), Reason: req.GetReason(), Duration: durationOf(req.GetDuration())}
	return answer(ctx, s.Server, req, func(c hub.Call) (hub.Lent, error) { return s.Hub.CheckOut(ctx, c, in) }, func(l hub.Lent) *v1.CheckOutResponse {
		return &v1.CheckOutResponse{Lease: s.leaseMessage(l.Lease), SealedCredential: l.Sealed}
	})
}

func (s agentService) Activate(ctx context.Context, req *v1.ActivateRequest) (*v1.ActivateResponse, error) {
	return answer(ctx, s.Server, req, func(c hub.Call) (hub.LeaseView, error) { return s.Hub.Activate(ctx, c, keyshift.ID(req.GetLeaseId())) },
		func(v hub.LeaseView) *v1.ActivateResponse { return &v1.ActivateResponse{Lease: s.leaseMessage(v)} })
}

func (s agentService) Renew(ctx context.Context, req *v1.RenewRequest) (*v1.RenewResponse, error) {
	return answer(ctx, s.Server, req, func(c hub.Call) (hub.LeaseView, error) {
		return s.Hub.Renew(ctx, c, keyshift.ID(req.GetLeaseId()), durationOf(req.GetDuration()))
	}, func(v hub.LeaseView) *v1.RenewResponse { return &v1.RenewResponse{Lease: s.leaseMessage(v)} })
}

func (s agentService) CheckIn(ctx context.Context, req *v1.CheckInRequest) (*v1.CheckInResponse, error) {
	return answer(ctx, s.Server, req, func(c hub.Call) (hub.LeaseView, error) {
		return s.Hub.CheckIn(ctx, c, keyshift.ID(req.GetLeaseId()), keyshift.EndCause(req.GetCause()), receiptOf(req.GetReceipt()))
	}, func(v hub.LeaseView) *v1.CheckInResponse { return &v1.CheckInResponse{Lease: s.leaseMessage(v)} })
}

func receiptOf(m *v1.Receipt) keyshift.Receipt {
	return keyshift.Receipt{
		LeaseID: keyshift.ID(m.GetLeaseId()), Step: keyshift.RemovalStep(m.GetStep()), WipeFailure: m.GetWipeFailure(), SessionUnconfirmed: m.GetSessionUnconfirmed(),
		BrowserPending: m.GetBrowserPending(), SignOut: m.GetSignOut(),
	}
}

func (s agentService) Report(ctx context.Context, req *v1.ReportRequest) (*v1.ReportResponse, error) {
	return answer(ctx, s.Server, req, func(c hub.Call) ([]keyshift.ID, error) {
		return s.Hub.Report(ctx, c, each(req.GetReceipts(), receiptOf))
	},
		func(taken []keyshift.ID) *v1.ReportResponse {
			return &v1.ReportResponse{LeaseIds: each(taken, func(id keyshift.ID) string { return string(id) })}
		})
}

func (s agentService) GetCode(ctx context.Context, req *v1.GetCodeRequest) (*v1.GetCodeResponse, error) {
	return answer(ctx, s.Server, req, func(c hub.Call) (hub.SealedCode, error) { return s.Hub.GetCode(ctx, c, keyshift.ID(req.GetLeaseId())) },
		func(code hub.SealedCode) *v1.GetCodeResponse {
			return &v1.GetCodeResponse{SealedCode: code.Sealed, ValidUntil: stamp(code.ValidUntil)}
		})
}

func (s agentService) NoteReveal(ctx context.Context, req *v1.NoteRevealRequest) (*v1.NoteRevealResponse, error) {
	return done(ctx, s.Server, req, &v1.NoteRevealResponse{}, func(c hub.Call) error { return s.Hub.NoteReveal(ctx, c, keyshift.ID(req.GetLeaseId())) })
}

func (s agentService) NoteRefusedCallers(ctx context.Context, req *v1.NoteRefusedCallersRequest) (*v1.NoteRefusedCallersResponse, error) {
	refused := keyshift.RefusedCallers{
		keyshift.CallerAdmin: req.GetByAdmin(), keyshift.CallerService: req.GetByService(), keyshift.CallerUser: req.GetByUser(),
		keyshift.CallerUnknown: req.GetByUnknown(), keyshift.CallerSquatter: req.GetPlaceTaken(),
	}
	return done(ctx, s.Server, req, &v1.NoteRefusedCallersResponse{}, func(c hub.Call) error { return s.Hub.NoteRefusedCallers(ctx, c, refused) })
}

func (s agentService) Unenroll(ctx context.Context, req *v1.UnenrollRequest) (*v1.UnenrollResponse, error) {
	return done(ctx, s.Server, req, &v1.UnenrollResponse{}, func(c hub.Call) error { return s.Hub.Unenroll(ctx, c) })
}
