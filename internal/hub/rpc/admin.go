package rpc

import (
	"context"

	"google.golang.org/protobuf/types/known/durationpb"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/api/keyshift/v1/keyshiftv1connect"
	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// accountService manages accounts.
type accountService struct{ *Server }

func (s accountService) AddAccount(ctx context.Context, req *v1.AddAccountRequest) (*v1.AddAccountResponse, error) {
	return answer(ctx, s.Server, req, func(c hub.Call) (hub.AccountView, error) {
		return s.Hub.AddAccount(ctx, c, networkOf(req.GetNetwork()), req.GetHandle(), settings(req.GetSettings()))
	}, func(v hub.AccountView) *v1.AddAccountResponse {
		return &v1.AddAccountResponse{Account: accountMessage(v)}
	})
}

func settings(m *v1.AccountSettings) hub.AccountSettings {
	if m == nil {
		return hub.AccountSettings{}
	}
	return settingsOf(m)
}

func (s accountService) ListAccounts(ctx context.Context, req *v1.ListAccountsRequest) (*v1.ListAccountsResponse, error) {
	return pages(ctx, s.Server, req, func(c hub.Call, page hub.Page) ([]hub.AccountView, error) { return s.Hub.ListAccounts(ctx, c, page) },
		func(a hub.AccountView) string { return string(a.Account.ID) },
		func(list []hub.AccountView, next string) *v1.ListAccountsResponse {
			return &v1.ListAccountsResponse{Accounts: each(list, accountMessage), NextPageToken: next}
		})
}

func (s accountService) UpdateAccount(ctx context.Context, req *v1.UpdateAccountRequest) (*v1.UpdateAccountResponse, error) {
	return answer(ctx, s.Server, req, func(c hub.Call) (hub.AccountEnded, error) {
		return s.Hub.UpdateAccount(ctx, c, req.GetAccount(), settings(req.GetSettings()))
	}, func(e hub.AccountEnded) *v1.UpdateAccountResponse {
		return &v1.UpdateAccountResponse{Account: accountMessage(e.View), LeasesRevoked: e.Ended.Leases}
	})
}

func (s accountService) SetCredential(ctx context.Context, req *v1.SetCredentialRequest) (*v1.SetCredentialResponse, error) {
	credential := keyshift.Credential{Login: req.GetLogin(), Password: keyshift.NewSecret(req.GetPassword())}
	return answer(ctx, s.Server, req, func(c hub.Call) (hub.AccountView, error) {
		return s.Hub.SetCredential(ctx, c, req.GetAccount(), credential, keyshift.NewSecret(req.GetCodeSeed()))
	}, func(v hub.AccountView) *v1.SetCredentialResponse {
		return &v1.SetCredentialResponse{Account: accountMessage(v)}
	})
}

func (s accountService) AcceptRisk(ctx context.Context, req *v1.AcceptRiskRequest) (*v1.AcceptRiskResponse, error) {
	return answer(ctx, s.Server, req, func(c hub.Call) (hub.AccountView, error) {
		return s.Hub.AcceptRisk(ctx, c, req.GetAccount(), req.GetTextHash(), momentOf(req.GetUntil()))
	}, func(v hub.AccountView) *v1.AcceptRiskResponse {
		return &v1.AcceptRiskResponse{Account: accountMessage(v)}
	})
}

func (s accountService) WithdrawRisk(ctx context.Context, req *v1.WithdrawRiskRequest) (*v1.WithdrawRiskResponse, error) {
	return answer(ctx, s.Server, req, func(c hub.Call) (hub.AccountView, error) { return s.Hub.WithdrawRisk(ctx, c, req.GetAccount()) },
		func(v hub.AccountView) *v1.WithdrawRiskResponse {
			return &v1.WithdrawRiskResponse{Account: accountMessage(v)}
		})
}

func (s accountService) MarkRotated(ctx context.Context, req *v1.MarkRotatedRequest) (*v1.MarkRotatedResponse, error) {
	return answer(ctx, s.Server, req, func(c hub.Call) (hub.AccountView, error) { return s.Hub.MarkRotated(ctx, c, req.GetAccount()) },
		func(v hub.AccountView) *v1.MarkRotatedResponse {
			return &v1.MarkRotatedResponse{Account: accountMessage(v)}
		})
}

// grantService manages grants.
type grantService struct{ *Server }

func (s grantService) AddGrant(ctx context.Context, req *v1.AddGrantRequest) (*v1.AddGrantResponse, error) {
	return answer(ctx, s.Server, req, func(c hub.Call) (hub.GrantView, error) {
		return s.Hub.AddGrant(ctx, c, req.GetAccount(), req.GetUser(), req.GetGroup())
	}, func(v hub.GrantView) *v1.AddGrantResponse { return &v1.AddGrantResponse{Grant: grantMessage(v)} })
}

func (s grantService) ListGrants(ctx context.Context, req *v1.ListGrantsRequest) (*v1.ListGrantsResponse, error) {
	return pages(ctx, s.Server, req, func(c hub.Call, page hub.Page) ([]hub.GrantView, error) {
		return s.Hub.ListGrants(ctx, c, req.GetAccount(), page)
	},
		func(g hub.GrantView) string { return string(g.Grant.ID) },
		func(list []hub.GrantView, next string) *v1.ListGrantsResponse {
			return &v1.ListGrantsResponse{Grants: each(list, grantMessage), NextPageToken: next}
		})
}

func (s grantService) RemoveGrant(ctx context.Context, req *v1.RemoveGrantRequest) (*v1.RemoveGrantResponse, error) {
	return answer(ctx, s.Server, req, func(c hub.Call) (hub.Ended, error) { return s.Hub.RemoveGrant(ctx, c, keyshift.ID(req.GetGrantId())) },
		func(e hub.Ended) *v1.RemoveGrantResponse { return &v1.RemoveGrantResponse{LeasesRevoked: e.Leases} })
}

// leaseService watches and ends leases.
type leaseService struct{ *Server }

func (s leaseService) ListLeases(ctx context.Context, req *v1.ListLeasesRequest) (*v1.ListLeasesResponse, error) {
	filter := hub.LeaseFilter{Open: !req.GetAll() && req.GetRevocationId() == "", Revocation: keyshift.ID(req.GetRevocationId())}
	return pages(ctx, s.Server, req, func(c hub.Call, page hub.Page) ([]hub.LeaseView, error) {
		filter.Before, filter.Limit = keyshift.ID(page.After), page.Limit
		return s.Hub.ListLeases(ctx, c, filter)
	}, func(l hub.LeaseView) string { return string(l.ID) },
		func(list []hub.LeaseView, next string) *v1.ListLeasesResponse {
			return &v1.ListLeasesResponse{Leases: s.leaseMessages(list), NextPageToken: next}
		})
}

func (s leaseService) Revoke(ctx context.Context, req *v1.RevokeRequest) (*v1.RevokeResponse, error) {
	target := hub.RevokeTarget{
		Lease: keyshift.ID(req.GetLeaseId()), Account: req.GetAccount(), User: req.GetUser(), Device: keyshift.ID(req.GetDeviceId()), Group: req.GetGroup(), All: req.GetAll(),
	}
	return answer(ctx, s.Server, req, func(c hub.Call) (hub.Ended, error) { return s.Hub.Revoke(ctx, c, target, req.GetReason()) },
		func(e hub.Ended) *v1.RevokeResponse {
			return &v1.RevokeResponse{RevocationId: string(e.Batch), LeasesRevoked: e.Leases}
		})
}

func (s leaseService) WhoHeld(ctx context.Context, req *v1.WhoHeldRequest) (*v1.WhoHeldResponse, error) {
	return answer(ctx, s.Server, req, func(c hub.Call) ([]hub.LeaseView, error) {
		return s.Hub.WhoHeld(ctx, c, req.GetAccount(), hub.Moment{Time: momentOf(req.GetAt())})
	}, func(list []hub.LeaseView) *v1.WhoHeldResponse {
		return &v1.WhoHeldResponse{Leases: s.leaseMessages(list)}
	})
}

// deviceService manages devices.
type deviceService struct{ *Server }

func (s deviceService) ListDevices(ctx context.Context, req *v1.ListDevicesRequest) (*v1.ListDevicesResponse, error) {
	return pages(ctx, s.Server, req, func(c hub.Call, page hub.Page) ([]hub.DeviceView, error) { return s.Hub.ListDevices(ctx, c, page) },
		func(d hub.DeviceView) string { return string(d.Device.ID) },
		func(list []hub.DeviceView, next string) *v1.ListDevicesResponse {
			return &v1.ListDevicesResponse{Devices: each(list, deviceMessage), NextPageToken: next}
		})
}

func (s deviceService) SetDeviceState(ctx context.Context, req *v1.SetDeviceStateRequest) (*v1.SetDeviceStateResponse, error) {
	return answer(ctx, s.Server, req, func(c hub.Call) (hub.DeviceEnded, error) {
		return s.Hub.SetDeviceState(ctx, c, keyshift.ID(req.GetDeviceId()), deviceStateOf(req.GetState()), req.GetReason())
	}, func(e hub.DeviceEnded) *v1.SetDeviceStateResponse {
		return &v1.SetDeviceStateResponse{Device: deviceMessage(e.View), LeasesRevoked: e.Ended.Leases}
	})
}

// auditService reads the audit log.
type auditService struct{ *Server }

func (s auditService) ListEvents(ctx context.Context, req *v1.ListEventsRequest) (*v1.ListEventsResponse, error) {
	filter := hub.EventFilter{DeviceID: keyshift.ID(req.GetDeviceId()), LeaseID: keyshift.ID(req.GetLeaseId())}
	return pages(ctx, s.Server, req, func(c hub.Call, page hub.Page) ([]hub.LoggedEvent, error) {
		filter.Before, filter.Limit = page.After, page.Limit
		return s.Hub.ListEvents(ctx, c, filter, req.GetAccount(), req.GetUser())
	}, func(e hub.LoggedEvent) string { return e.ID },
		func(list []hub.LoggedEvent, next string) *v1.ListEventsResponse {
			return &v1.ListEventsResponse{Events: each(list, eventMessage), NextPageToken: next}
		})
}

func (s auditService) Export(ctx context.Context, req *v1.ExportRequest, stream keyshiftv1connect.AuditServiceExportServerStream) error {
	call, err := s.callOf(ctx, req)
	if err != nil {
		return err
	}
	if err := s.Hub.NoteExport(ctx, call); err != nil {
		return err
	}
	return s.Server.Export(ctx, func(lines []byte) error { return stream.Send(&v1.ExportResponse{Lines: lines}) })
}

// hubService tells how the hub fares.
type hubService struct{ *Server }

func (s hubService) GetStatus(ctx context.Context, req *v1.GetStatusRequest) (*v1.GetStatusResponse, error) {
	return answer(ctx, s.Server, req, func(c hub.Call) (hub.Status, error) { return s.Hub.GetStatus(ctx, c) }, func(status hub.Status) *v1.GetStatusResponse {
		message := s.statusMessage(status)
		message.StandbyAsync = s.StandbyAsync != nil && s.StandbyAsync(ctx)
		return message
	})
}

func (s hubService) statusMessage(status hub.Status) *v1.GetStatusResponse {
	state := string(status.State)
	if status.State == hub.Serving && status.ClockWrong {
		state = string(keyshift.CodeClockSuspect)
	}
	if s.StorageFull != nil && s.StorageFull() {
		state = string(keyshift.CodeStorageFull)
	}
	return &v1.GetStatusResponse{
		HubId: string(s.Hub.ID()), HubName: s.Hub.Name(), Version: s.Hub.Version, Engine: s.Engine, SchemaVersion: s.SchemaVersion, State: state,
		LiveLeases: status.Counts.LiveLeases, ConnectedDevices: int64(status.Connected), AuditSize: status.Counts.AuditSize,
		Checkpoint: status.Checkpoint.Note, KekVersion: int32(status.KEKVersion), UnconfirmedRemovals: status.Counts.OpenRemovals, //nolint:gosec // versions count from 1
		ClockOff: durationpb.New(status.ClockOff),
	}
}

func (s hubService) AcceptRollback(ctx context.Context, req *v1.AcceptRollbackRequest) (*v1.AcceptRollbackResponse, error) {
	return answer(ctx, s.Server, req, func(c hub.Call) (int64, error) { return s.Hub.AcceptRollback(ctx, c) },
		func(missing int64) *v1.AcceptRollbackResponse {
			return &v1.AcceptRollbackResponse{Missing: int32(missing)} //nolint:gosec // 0 to 2
		})
}
