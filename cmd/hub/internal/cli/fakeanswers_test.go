package cli

import (
	"bytes"
	"context"
	"strconv"
	"strings"

	"github.com/keyshift-hq/keyshift/internal/api"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/api/keyshift/v1/keyshiftv1connect"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

func (h *fakeHub) GetHub(context.Context, *v1.GetHubRequest) (*v1.GetHubResponse, error) {
	return &v1.GetHubResponse{HubId: hubID, HubName: "Acme", SigningKey: h.public(), Version: "1.0"}, nil
}

func (h *fakeHub) Login(_ context.Context, q *v1.LoginRequest) (*v1.LoginResponse, error) {
	if h.onLogin != nil {
		h.onLogin()
	}
	user := dana()
	if q.GetUserName() != "" {
		user.Name = q.GetUserName()
	}
	return &v1.LoginResponse{Token: theToken, User: user, HubId: hubID, HubName: "Acme"}, nil
}

func (h *fakeHub) Logout(context.Context, *v1.LogoutRequest) (*v1.LogoutResponse, error) {
	return &v1.LogoutResponse{}, nil
}

func (h *fakeHub) WhoAmI(context.Context, *v1.WhoAmIRequest) (*v1.WhoAmIResponse, error) {
	return &v1.WhoAmIResponse{User: dana(), HubId: hubID, HubName: "Acme"}, nil
}

func (h *fakeHub) ListUsers(context.Context, *v1.ListUsersRequest) (*v1.ListUsersResponse, error) {
	if h.empty {
		return &v1.ListUsersResponse{Users: []*v1.User{dana()}}, nil
	}
	return &v1.ListUsersResponse{Users: []*v1.User{dana(), lee()}}, nil
}

func (h *fakeHub) AddUser(_ context.Context, q *v1.AddUserRequest) (*v1.AddUserResponse, error) {
	roles := q.GetRoles()
	if len(roles) == 0 {
		roles = []v1.Role{v1.Role_ROLE_MEMBER}
	}
	return &v1.AddUserResponse{User: &v1.User{Id: leeID, Name: q.GetName(), DisplayName: q.GetDisplayName(), Roles: roles, Active: true, CreatedAt: on(22)}}, nil
}

func (h *fakeHub) SetRoles(_ context.Context, q *v1.SetRolesRequest) (*v1.SetRolesResponse, error) {
	return &v1.SetRolesResponse{User: &v1.User{Id: leeID, Name: q.GetUser(), Roles: q.GetRoles(), Active: true}}, nil
}

func (h *fakeHub) DeactivateUser(_ context.Context, q *v1.DeactivateUserRequest) (*v1.DeactivateUserResponse, error) {
	return &v1.DeactivateUserResponse{User: &v1.User{Name: q.GetUser()}, LeasesRevoked: 2}, nil
}

func (h *fakeHub) ActivateUser(_ context.Context, q *v1.ActivateUserRequest) (*v1.ActivateUserResponse, error) {
	return &v1.ActivateUserResponse{User: &v1.User{Name: q.GetUser(), Active: true}}, nil
}

func (h *fakeHub) CreateCode(_ context.Context, q *v1.CreateCodeRequest) (*v1.CreateCodeResponse, error) {
	return &v1.CreateCodeResponse{Code: "keyshift1-" + strings.ToUpper(word(q.GetKind())), ExpiresAt: at(14, 10)}, nil
}

func group(members ...string) *v1.Group {
	return &v1.Group{Id: "01890a5d-ac96-774b-bcce-0000000000f1", Name: "social-team", Members: members, CreatedAt: on(5)}
}

func (h *fakeHub) ListGroups(context.Context, *v1.ListGroupsRequest) (*v1.ListGroupsResponse, error) {
	if h.empty {
		return &v1.ListGroupsResponse{}, nil
	}
	return &v1.ListGroupsResponse{Groups: []*v1.Group{group("dana", "lee"), {Name: "nobody", CreatedAt: on(6)}}}, nil
}

func (h *fakeHub) AddGroup(_ context.Context, q *v1.AddGroupRequest) (*v1.AddGroupResponse, error) {
	return &v1.AddGroupResponse{Group: &v1.Group{Name: q.GetName(), CreatedAt: on(22)}}, nil
}

func (h *fakeHub) AddMember(_ context.Context, q *v1.AddMemberRequest) (*v1.AddMemberResponse, error) {
	return &v1.AddMemberResponse{Group: group("dana", q.GetUser())}, nil
}

func (h *fakeHub) RemoveMember(context.Context, *v1.RemoveMemberRequest) (*v1.RemoveMemberResponse, error) {
	return &v1.RemoveMemberResponse{Group: group(), LeasesRevoked: 1}, nil
}

func (h *fakeHub) ListAccounts(context.Context, *v1.ListAccountsRequest) (*v1.ListAccountsResponse, error) {
	if h.empty {
		return &v1.ListAccountsResponse{}, nil
	}
	return &v1.ListAccountsResponse{Accounts: h.accounts}, nil
}

func (h *fakeHub) AddAccount(_ context.Context, q *v1.AddAccountRequest) (*v1.AddAccountResponse, error) {
	a := shop()
	a.Network, a.Handle, a.Enabled = q.GetNetwork(), q.GetHandle(), true
	return &v1.AddAccountResponse{Account: settle(a, q.GetSettings())}, nil
}

func settle(a *v1.Account, s *v1.AccountSettings) *v1.Account {
	if s.GetMaxDuration() != nil {
		a.MaxDuration = s.GetMaxDuration()
	}
	if s != nil && s.Exclusive != nil {
		a.Exclusive = s.GetExclusive()
	}
	if s != nil && s.Enabled != nil {
		a.Enabled = s.GetEnabled()
	}
	if s != nil && s.AccessMode != nil {
		a.AccessMode = s.GetAccessMode()
	}
	return a
}

func (h *fakeHub) UpdateAccount(_ context.Context, q *v1.UpdateAccountRequest) (*v1.UpdateAccountResponse, error) {
	answer := &v1.UpdateAccountResponse{Account: settle(acme(), q.GetSettings())}
	if !answer.GetAccount().GetEnabled() {
		answer.LeasesRevoked = 1
	}
	return answer, nil
}

func (h *fakeHub) SetCredential(_ context.Context, q *v1.SetCredentialRequest) (*v1.SetCredentialResponse, error) {
	a := acme()
	a.HasCodeSeed = q.GetCodeSeed() != ""
	return &v1.SetCredentialResponse{Account: a}, nil
}

func (h *fakeHub) AcceptRisk(_ context.Context, q *v1.AcceptRiskRequest) (*v1.AcceptRiskResponse, error) {
	a := shop()
	a.RiskAcceptance = &v1.RiskAcceptance{Clause: "the clause", TextHash: q.GetTextHash(), AcceptedBy: "dana", AcceptedAt: at(14, 0), Until: q.GetUntil()}
	return &v1.AcceptRiskResponse{Account: a}, nil
}

func (h *fakeHub) WithdrawRisk(context.Context, *v1.WithdrawRiskRequest) (*v1.WithdrawRiskResponse, error) {
	return &v1.WithdrawRiskResponse{Account: shop()}, nil
}

func (h *fakeHub) MarkRotated(context.Context, *v1.MarkRotatedRequest) (*v1.MarkRotatedResponse, error) {
	a := acme()
	a.Rotation = v1.Rotation_ROTATION_DONE
	return &v1.MarkRotatedResponse{Account: a}, nil
}

func (h *fakeHub) ListGrants(context.Context, *v1.ListGrantsRequest) (*v1.ListGrantsResponse, error) {
	if h.empty {
		return &v1.ListGrantsResponse{}, nil
	}
	return &v1.ListGrantsResponse{Grants: []*v1.Grant{
		{Id: grantID, AccountId: acmeID, Account: "x/acme", User: "dana", CreatedAt: on(7)},
		{Id: "01890a5d-ac96-774b-bcce-0000000000b2", AccountId: acmeID, Account: "x/acme", Group: "social-team", CreatedAt: on(8)},
	}}, nil
}

func (h *fakeHub) AddGrant(_ context.Context, q *v1.AddGrantRequest) (*v1.AddGrantResponse, error) {
	return &v1.AddGrantResponse{Grant: &v1.Grant{Id: grantID, AccountId: acmeID, Account: q.GetAccount(), User: q.GetUser(), Group: q.GetGroup(), CreatedAt: on(22)}}, nil
}

func (h *fakeHub) RemoveGrant(context.Context, *v1.RemoveGrantRequest) (*v1.RemoveGrantResponse, error) {
	return &v1.RemoveGrantResponse{LeasesRevoked: 1}, nil
}

// ListLeases lists a revocation's leases a step further each time.
func (h *fakeHub) ListLeases(_ context.Context, q *v1.ListLeasesRequest) (*v1.ListLeasesResponse, error) {
	if h.empty {
		return &v1.ListLeasesResponse{}, nil
	}
	if q.GetRevocationId() == "" {
		return &v1.ListLeasesResponse{Leases: []*v1.Lease{lease(leaseID, 0), lease(lease2ID, v1.RemovalStep_REMOVAL_STEP_REQUESTED)}}, nil
	}
	if h.onList != nil {
		h.onList()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	answer := &v1.ListLeasesResponse{}
	for i, step := range h.steps[0] {
		id := []string{leaseID, lease2ID}[i%2]
		answer.Leases = append(answer.Leases, lease(id, step))
	}
	if len(h.steps) > 1 {
		h.steps = h.steps[1:]
	}
	return answer, nil
}

func (h *fakeHub) Revoke(context.Context, *v1.RevokeRequest) (*v1.RevokeResponse, error) {
	return &v1.RevokeResponse{RevocationId: batchID, LeasesRevoked: h.revoked}, nil
}

func (h *fakeHub) WhoHeld(context.Context, *v1.WhoHeldRequest) (*v1.WhoHeldResponse, error) {
	if h.empty {
		return &v1.WhoHeldResponse{}, nil
	}
	return &v1.WhoHeldResponse{Leases: []*v1.Lease{lease(leaseID, 0)}}, nil
}

func devices() []*v1.Device {
	return []*v1.Device{
		{Id: laptopID, Name: "laptop", Os: "linux", User: "dana", State: v1.DeviceState_DEVICE_STATE_TRUSTED, EnrolledAt: on(9), LastContact: at(13, 59), AgentVersion: "1.0"},
		{Id: deskID, Name: "desk", Os: "windows", User: "lee", State: v1.DeviceState_DEVICE_STATE_BLOCKED, EnrolledAt: on(10), LastContact: on(21), AgentVersion: "1.0", Flagged: true},
		{Id: "01890a5d-ac96-774b-bcce-0000000000c3", Name: "twin", User: "lee", State: v1.DeviceState_DEVICE_STATE_TRUSTED},
		{Id: "01890a5d-ac96-774b-bcce-0000000000c4", Name: "twin", User: "lee", State: v1.DeviceState_DEVICE_STATE_TRUSTED},
	}
}

func (h *fakeHub) ListDevices(context.Context, *v1.ListDevicesRequest) (*v1.ListDevicesResponse, error) {
	if h.empty {
		return &v1.ListDevicesResponse{}, nil
	}
	return &v1.ListDevicesResponse{Devices: devices()}, nil
}

func (h *fakeHub) SetDeviceState(_ context.Context, q *v1.SetDeviceStateRequest) (*v1.SetDeviceStateResponse, error) {
	for _, d := range devices() {
		if d.GetId() == q.GetDeviceId() {
			d.State = q.GetState()
			answer := &v1.SetDeviceStateResponse{Device: d}
			if q.GetState() == v1.DeviceState_DEVICE_STATE_LOST {
				answer.LeasesRevoked = 1
			}
			return answer, nil
		}
	}
	return nil, api.ToConnect(keyshift.NotFound("device", q.GetDeviceId()))
}

func (h *fakeHub) ListEvents(_ context.Context, q *v1.ListEventsRequest) (*v1.ListEventsResponse, error) {
	if h.empty {
		return &v1.ListEventsResponse{}, nil
	}
	index := int64(41)
	events := []*v1.AuditEvent{
		{
			Id: "e3", At: at(14, 0), Action: "revocation.ordered", ActorKind: "user", ActorId: danaID, UserId: danaID, AccountId: acmeID,
			Details: map[string]string{"target": "account", "leases": "1"}, Personal: map[string]string{"reason": "done for today"},
		},
		{Id: "e2", At: at(13, 0), Action: "lease.granted", ActorKind: "device", ActorId: laptopID, UserId: danaID, DeviceId: laptopID, AccountId: acmeID, LeaseId: leaseID, LeafIndex: &index},
		{Id: "e1", At: on(1), Action: "hub.created", ActorKind: "hub", ActorId: hubID},
	}
	from, _ := strconv.Atoi(q.GetPageToken())
	answer := &v1.ListEventsResponse{Events: events[from : from+1]}
	if from < 2 {
		answer.NextPageToken = strconv.Itoa(from + 1)
	}
	return answer, nil
}

func (h *fakeHub) Export(_ context.Context, _ *v1.ExportRequest, w keyshiftv1connect.AuditServiceExportServerStream) error {
	for line := range bytes.Lines(h.export) {
		if err := w.Send(&v1.ExportResponse{Lines: line}); err != nil {
			return err
		}
	}
	return nil
}

func (h *fakeHub) GetStatus(context.Context, *v1.GetStatusRequest) (*v1.GetStatusResponse, error) {
	return &v1.GetStatusResponse{
		HubId: hubID, HubName: "Acme", Version: "1.0", Engine: "sqlite", SchemaVersion: 4, State: "serving", LiveLeases: 4, ConnectedDevices: 7,
		AuditSize: 2, Checkpoint: h.note, KekVersion: 1, UnconfirmedRemovals: 1,
	}, nil
}

func (h *fakeHub) AcceptRollback(context.Context, *v1.AcceptRollbackRequest) (*v1.AcceptRollbackResponse, error) {
	return &v1.AcceptRollbackResponse{Missing: int32(h.revoked)}, nil
}
