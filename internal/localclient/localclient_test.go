//go:build linux || darwin

package localclient

import (
	"context"
	"net/http"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/api/keyshift/v1/keyshiftv1connect"
)

// contract answers every method of the contract with what was prepared for it, and keeps the request.
type contract struct {
	keyshiftv1connect.UnimplementedLocalServiceHandler
	asked proto.Message
	held  *v1.HeldLease
	fail  error
}

func answered[T any](c *contract, req proto.Message, res T) (T, error) {
	c.asked = req
	return res, c.fail
}

func (c *contract) GetStatus(_ context.Context, req *v1.LocalServiceGetStatusRequest) (*v1.LocalServiceGetStatusResponse, error) {
	return answered(c, req, &v1.LocalServiceGetStatusResponse{User: "dana"})
}

func (c *contract) Enroll(_ context.Context, req *v1.LocalServiceEnrollRequest) (*v1.LocalServiceEnrollResponse, error) {
	return answered(c, req, &v1.LocalServiceEnrollResponse{User: "dana"})
}

func (c *contract) Unenroll(_ context.Context, req *v1.LocalServiceUnenrollRequest) (*v1.LocalServiceUnenrollResponse, error) {
	return answered(c, req, &v1.LocalServiceUnenrollResponse{HubTold: true})
}

func (c *contract) ListAccounts(_ context.Context, req *v1.LocalServiceListAccountsRequest) (*v1.LocalServiceListAccountsResponse, error) {
	return answered(c, req, &v1.LocalServiceListAccountsResponse{Accounts: []*v1.Lendable{{Handle: "acme"}}})
}

func (c *contract) CheckOut(_ context.Context, req *v1.LocalServiceCheckOutRequest) (*v1.LocalServiceCheckOutResponse, error) {
	return answered(c, req, &v1.LocalServiceCheckOutResponse{Lease: c.held})
}

func (c *contract) ListLeases(_ context.Context, req *v1.LocalServiceListLeasesRequest) (*v1.LocalServiceListLeasesResponse, error) {
	return answered(c, req, &v1.LocalServiceListLeasesResponse{Leases: []*v1.HeldLease{c.held}})
}

func (c *contract) Renew(_ context.Context, req *v1.LocalServiceRenewRequest) (*v1.LocalServiceRenewResponse, error) {
	return answered(c, req, &v1.LocalServiceRenewResponse{Lease: c.held})
}

func (c *contract) CheckIn(_ context.Context, req *v1.LocalServiceCheckInRequest) (*v1.LocalServiceCheckInResponse, error) {
	return answered(c, req, &v1.LocalServiceCheckInResponse{Lease: c.held})
}

func (c *contract) GetCode(_ context.Context, req *v1.LocalServiceGetCodeRequest) (*v1.LocalServiceGetCodeResponse, error) {
	return answered(c, req, &v1.LocalServiceGetCodeResponse{Code: "123456", ValidUntil: timestamppb.New(time.Unix(30, 0))})
}

func (c *contract) Reveal(_ context.Context, req *v1.LocalServiceRevealRequest) (*v1.LocalServiceRevealResponse, error) {
	return answered(c, req, &v1.LocalServiceRevealResponse{Login: "acme@example.com", Password: "hunter2"})
}

func (c *contract) Sync(_ context.Context, req *v1.LocalServiceSyncRequest) (*v1.LocalServiceSyncResponse, error) {
	return answered(c, req, &v1.LocalServiceSyncResponse{Status: &v1.LocalServiceGetStatusResponse{User: "dana"}})
}

func (c *contract) Diagnose(_ context.Context, req *v1.LocalServiceDiagnoseRequest) (*v1.LocalServiceDiagnoseResponse, error) {
	return answered(c, req, &v1.LocalServiceDiagnoseResponse{Findings: []*v1.Finding{{Subject: "hub", Ok: true}}})
}

func (c *contract) mux() *http.ServeMux {
	server, mux := connect.NewServer(), http.NewServeMux()
	keyshiftv1connect.RegisterLocalServiceHandler(server, c)
	connecthttp.Mount(mux, server)
	return mux
}

func TestMethodsAskWhatTheySay(t *testing.T) {
	agent := &contract{held: &v1.HeldLease{Lease: &v1.Lease{Id: "l1", Handle: "acme"}, TimeLeft: durationpb.New(time.Hour)}}
	path := socket(t)
	serve(t, path, agent.mux())
	c, ctx := client(t, path), limited(t)
	checkOut := &v1.LocalServiceCheckOutRequest{Account: "x/acme", Reason: "launch", Duration: durationpb.New(time.Hour), RequestId: "r1"}

	tests := []struct {
		name      string
		ask       func() (proto.Message, error)
		want, got proto.Message
	}{
		{"Status", func() (proto.Message, error) { return c.Status(ctx) },
			&v1.LocalServiceGetStatusRequest{}, &v1.LocalServiceGetStatusResponse{User: "dana"}},
		{"Enroll", func() (proto.Message, error) { return c.Enroll(ctx, "keyshift1-x", "desk") },
			&v1.LocalServiceEnrollRequest{Code: "keyshift1-x", DeviceName: "desk"}, &v1.LocalServiceEnrollResponse{User: "dana"}},
		{"Unenroll", func() (proto.Message, error) { return c.Unenroll(ctx, true) },
			&v1.LocalServiceUnenrollRequest{Force: true}, &v1.LocalServiceUnenrollResponse{HubTold: true}},
		{"Accounts", func() (proto.Message, error) { return c.Accounts(ctx) },
			&v1.LocalServiceListAccountsRequest{}, &v1.LocalServiceListAccountsResponse{Accounts: []*v1.Lendable{{Handle: "acme"}}}},
		{"CheckOut", func() (proto.Message, error) { return c.CheckOut(ctx, checkOut) },
			checkOut, &v1.LocalServiceCheckOutResponse{Lease: agent.held}},
		{"Leases", func() (proto.Message, error) { return c.Leases(ctx) },
			&v1.LocalServiceListLeasesRequest{}, &v1.LocalServiceListLeasesResponse{Leases: []*v1.HeldLease{agent.held}}},
		{"Renew", func() (proto.Message, error) { return c.Renew(ctx, "@acme", time.Hour) },
			&v1.LocalServiceRenewRequest{Lease: "@acme", Duration: durationpb.New(time.Hour)}, &v1.LocalServiceRenewResponse{Lease: agent.held}},
		{"CheckIn", func() (proto.Message, error) { return c.CheckIn(ctx, "l1") },
			&v1.LocalServiceCheckInRequest{Lease: "l1"}, &v1.LocalServiceCheckInResponse{Lease: agent.held}},
		{"Code", func() (proto.Message, error) { return c.Code(ctx, "l1") },
			&v1.LocalServiceGetCodeRequest{Lease: "l1"}, &v1.LocalServiceGetCodeResponse{Code: "123456", ValidUntil: timestamppb.New(time.Unix(30, 0))}},
		{"Reveal", func() (proto.Message, error) { return c.Reveal(ctx, "l1") },
			&v1.LocalServiceRevealRequest{Lease: "l1"}, &v1.LocalServiceRevealResponse{Login: "acme@example.com", Password: "hunter2"}},
		{"Sync", func() (proto.Message, error) { return c.Sync(ctx) },
			&v1.LocalServiceSyncRequest{}, &v1.LocalServiceSyncResponse{Status: &v1.LocalServiceGetStatusResponse{User: "dana"}}},
		{"Diagnose", func() (proto.Message, error) { return c.Diagnose(ctx) },
			&v1.LocalServiceDiagnoseRequest{}, &v1.LocalServiceDiagnoseResponse{Findings: []*v1.Finding{{Subject: "hub", Ok: true}}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.ask()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, agent.asked, protocmp.Transform()); diff != "" {
				t.Errorf("asked (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.got, got, protocmp.Transform()); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
		})
	}
}
