package rpc

import (
	"context"
	"crypto/ed25519"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// authService lets people in.
type authService struct{ *Server }

func (s authService) GetHub(context.Context, *v1.GetHubRequest) (*v1.GetHubResponse, error) {
	public, _ := s.Hub.SigningKey().Public().(ed25519.PublicKey)
	return &v1.GetHubResponse{HubId: string(s.Hub.ID()), HubName: s.Hub.Name(), SigningKey: public, Version: s.Hub.Version}, nil
}

func (s authService) Login(ctx context.Context, req *v1.LoginRequest) (*v1.LoginResponse, error) {
	in := hub.LoginRequest{Code: req.GetCode(), UserName: req.GetUserName(), DisplayName: req.GetDisplayName(), Label: req.GetLabel()}
	return answer(ctx, s.Server, req, func(c hub.Call) (hub.LoggedIn, error) { return s.Hub.Login(ctx, c, in) }, func(l hub.LoggedIn) *v1.LoginResponse {
		return &v1.LoginResponse{Token: l.Token.Reveal(), User: userMessage(l.User), HubId: string(s.Hub.ID()), HubName: s.Hub.Name()}
	})
}

func (s authService) Logout(ctx context.Context, req *v1.LogoutRequest) (*v1.LogoutResponse, error) {
	return done(ctx, s.Server, req, &v1.LogoutResponse{}, func(c hub.Call) error { return s.Hub.Logout(ctx, c) })
}

func (s authService) WhoAmI(ctx context.Context, req *v1.WhoAmIRequest) (*v1.WhoAmIResponse, error) {
	return answer(ctx, s.Server, req, func(c hub.Call) (keyshift.User, error) { return s.Hub.WhoAmI(ctx, c) }, func(u keyshift.User) *v1.WhoAmIResponse {
		return &v1.WhoAmIResponse{User: userMessage(u), HubId: string(s.Hub.ID()), HubName: s.Hub.Name()}
	})
}

// userService manages users and codes.
type userService struct{ *Server }

func (s userService) AddUser(ctx context.Context, req *v1.AddUserRequest) (*v1.AddUserResponse, error) {
	return answer(ctx, s.Server, req, func(c hub.Call) (keyshift.User, error) {
		return s.Hub.AddUser(ctx, c, req.GetName(), req.GetDisplayName(), rolesOf(req.GetRoles()))
	}, func(u keyshift.User) *v1.AddUserResponse { return &v1.AddUserResponse{User: userMessage(u)} })
}

func (s userService) ListUsers(ctx context.Context, req *v1.ListUsersRequest) (*v1.ListUsersResponse, error) {
	return pages(ctx, s.Server, req, func(c hub.Call, page hub.Page) ([]keyshift.User, error) { return s.Hub.ListUsers(ctx, c, page) },
		func(u keyshift.User) string { return string(u.ID) },
		func(list []keyshift.User, next string) *v1.ListUsersResponse {
			return &v1.ListUsersResponse{Users: each(list, userMessage), NextPageToken: next}
		})
}

func (s userService) SetRoles(ctx context.Context, req *v1.SetRolesRequest) (*v1.SetRolesResponse, error) {
	return answer(ctx, s.Server, req, func(c hub.Call) (keyshift.User, error) {
		return s.Hub.SetRoles(ctx, c, req.GetUser(), rolesOf(req.GetRoles()))
	}, func(u keyshift.User) *v1.SetRolesResponse { return &v1.SetRolesResponse{User: userMessage(u)} })
}

func (s userService) DeactivateUser(ctx context.Context, req *v1.DeactivateUserRequest) (*v1.DeactivateUserResponse, error) {
	return answer(ctx, s.Server, req, func(c hub.Call) (hub.UserEnded, error) {
		return s.Hub.DeactivateUser(ctx, c, req.GetUser(), req.GetReason())
	}, func(e hub.UserEnded) *v1.DeactivateUserResponse {
		return &v1.DeactivateUserResponse{User: userMessage(e.User), LeasesRevoked: e.Ended.Leases}
	})
}

func (s userService) ActivateUser(ctx context.Context, req *v1.ActivateUserRequest) (*v1.ActivateUserResponse, error) {
	return answer(ctx, s.Server, req, func(c hub.Call) (keyshift.User, error) { return s.Hub.ActivateUser(ctx, c, req.GetUser()) },
		func(u keyshift.User) *v1.ActivateUserResponse { return &v1.ActivateUserResponse{User: userMessage(u)} })
}

var codeKinds = map[v1.CodeKind]keyshift.CodeKind{
	v1.CodeKind_CODE_KIND_ENROLLMENT: keyshift.EnrollmentCode, v1.CodeKind_CODE_KIND_LOGIN: keyshift.LoginCode,
}

func (s userService) CreateCode(ctx context.Context, req *v1.CreateCodeRequest) (*v1.CreateCodeResponse, error) {
	return answer(ctx, s.Server, req, func(c hub.Call) (hub.CreatedCode, error) {
		return s.Hub.CreateCode(ctx, c, req.GetUser(), codeKinds[req.GetKind()])
	}, func(code hub.CreatedCode) *v1.CreateCodeResponse {
		return &v1.CreateCodeResponse{Code: code.Code, ExpiresAt: stamp(code.ExpiresAt)}
	})
}

// groupService manages groups.
type groupService struct{ *Server }

func (s groupService) AddGroup(ctx context.Context, req *v1.AddGroupRequest) (*v1.AddGroupResponse, error) {
	return answer(ctx, s.Server, req, func(c hub.Call) (hub.GroupView, error) { return s.Hub.AddGroup(ctx, c, req.GetName()) },
		func(g hub.GroupView) *v1.AddGroupResponse { return &v1.AddGroupResponse{Group: groupMessage(g)} })
}

func (s groupService) ListGroups(ctx context.Context, req *v1.ListGroupsRequest) (*v1.ListGroupsResponse, error) {
	return pages(ctx, s.Server, req, func(c hub.Call, page hub.Page) ([]hub.GroupView, error) { return s.Hub.ListGroups(ctx, c, page) },
		func(g hub.GroupView) string { return string(g.Group.ID) },
		func(list []hub.GroupView, next string) *v1.ListGroupsResponse {
			return &v1.ListGroupsResponse{Groups: each(list, groupMessage), NextPageToken: next}
		})
}

func (s groupService) AddMember(ctx context.Context, req *v1.AddMemberRequest) (*v1.AddMemberResponse, error) {
	return answer(ctx, s.Server, req, func(c hub.Call) (hub.GroupView, error) { return s.Hub.AddMember(ctx, c, req.GetGroup(), req.GetUser()) },
		func(g hub.GroupView) *v1.AddMemberResponse { return &v1.AddMemberResponse{Group: groupMessage(g)} })
}

func (s groupService) RemoveMember(ctx context.Context, req *v1.RemoveMemberRequest) (*v1.RemoveMemberResponse, error) {
	return answer(ctx, s.Server, req, func(c hub.Call) (hub.GroupEnded, error) {
		return s.Hub.RemoveMember(ctx, c, req.GetGroup(), req.GetUser())
	}, func(e hub.GroupEnded) *v1.RemoveMemberResponse {
		return &v1.RemoveMemberResponse{Group: groupMessage(e.Group), LeasesRevoked: e.Ended.Leases}
	})
}
