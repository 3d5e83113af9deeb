package rpc

import (
	"context"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
	"github.com/keyshift-hq/keyshift/internal/network/pack"
)

// browserPolicyService says what the browser companion looks for.
type browserPolicyService struct{ *Server }

func wordIn(m *v1.InsiderWord) hub.InsiderWord {
	return hub.InsiderWord{Word: m.GetWord(), Pattern: m.GetPattern(), Host: m.GetHost()}
}

func wordMessage(w hub.InsiderWord) *v1.InsiderWord {
	return &v1.InsiderWord{Word: w.Word, Pattern: w.Pattern, Host: w.Host}
}

func (s browserPolicyService) AddInsiderWords(ctx context.Context, req *v1.AddInsiderWordsRequest) (*v1.AddInsiderWordsResponse, error) {
	return answer(ctx, s.Server, req, func(c hub.Call) (int64, error) { return s.Hub.AddInsiderWords(ctx, c, each(req.GetWords(), wordIn)) },
		func(n int64) *v1.AddInsiderWordsResponse { return &v1.AddInsiderWordsResponse{Added: n} })
}

func (s browserPolicyService) RemoveInsiderWords(ctx context.Context, req *v1.RemoveInsiderWordsRequest) (*v1.RemoveInsiderWordsResponse, error) {
	return answer(ctx, s.Server, req, func(c hub.Call) (int64, error) {
		return s.Hub.RemoveInsiderWords(ctx, c, each(req.GetWords(), wordIn))
	},
		func(n int64) *v1.RemoveInsiderWordsResponse { return &v1.RemoveInsiderWordsResponse{Removed: n} })
}

func (s browserPolicyService) ListInsiderWords(ctx context.Context, req *v1.ListInsiderWordsRequest) (*v1.ListInsiderWordsResponse, error) {
	return answer(ctx, s.Server, req, func(c hub.Call) ([]hub.InsiderWord, error) { return s.Hub.ListInsiderWords(ctx, c) },
		func(list []hub.InsiderWord) *v1.ListInsiderWordsResponse {
			return &v1.ListInsiderWordsResponse{Words: each(list, wordMessage)}
		})
}

func guardMessage(g keyshift.PersonalGuard) *v1.PersonalGuard {
	return &v1.PersonalGuard{Group: g.Group, Rule: enumOf[v1.PersonalGuardRule](v1.PersonalGuardRule_value, "PERSONAL_GUARD_RULE_", string(g.Rule)), Note: g.Note}
}

func (s browserPolicyService) SetPersonalGuard(ctx context.Context, req *v1.SetPersonalGuardRequest) (*v1.SetPersonalGuardResponse, error) {
	m := req.GetGuard()
	g := keyshift.PersonalGuard{Group: m.GetGroup(), Rule: keyshift.PersonalRule(wordOf(v1.PersonalGuardRule_name, "PERSONAL_GUARD_RULE_", int32(m.GetRule()))), Note: m.GetNote()}
	return answer(ctx, s.Server, req, func(c hub.Call) (keyshift.PersonalGuard, error) { return s.Hub.SetPersonalGuard(ctx, c, g) },
		func(g keyshift.PersonalGuard) *v1.SetPersonalGuardResponse {
			return &v1.SetPersonalGuardResponse{Guard: guardMessage(g)}
		})
}

func (s browserPolicyService) ListPersonalGuards(ctx context.Context, req *v1.ListPersonalGuardsRequest) (*v1.ListPersonalGuardsResponse, error) {
	return answer(ctx, s.Server, req, func(c hub.Call) ([]keyshift.PersonalGuard, error) { return s.Hub.ListPersonalGuards(ctx, c) },
		func(list []keyshift.PersonalGuard) *v1.ListPersonalGuardsResponse {
			return &v1.ListPersonalGuardsResponse{Guards: each(list, guardMessage)}
		})
}

func classOf(s string) pack.GuardClass { return pack.GuardClass(s) }

func (s browserPolicyService) SetAllowedGuards(ctx context.Context, req *v1.SetAllowedGuardsRequest) (*v1.SetAllowedGuardsResponse, error) {
	return done(ctx, s.Server, req, &v1.SetAllowedGuardsResponse{}, func(c hub.Call) error {
		return s.Hub.SetAllowedGuards(ctx, c, keyshift.ID(req.GetGrantId()), each(req.GetClasses(), classOf))
	})
}

func (s browserPolicyService) ListAllowedGuards(ctx context.Context, req *v1.ListAllowedGuardsRequest) (*v1.ListAllowedGuardsResponse, error) {
	return answer(ctx, s.Server, req, func(c hub.Call) ([]hub.AllowedGuard, error) { return s.Hub.ListAllowedGuards(ctx, c) }, allowedGuards)
}

// allowedGuards gathers the classes of each grant; they come ordered by grant.
func allowedGuards(list []hub.AllowedGuard) *v1.ListAllowedGuardsResponse {
	out := &v1.ListAllowedGuardsResponse{}
	for _, g := range list {
		if n := len(out.Grants); n == 0 || out.Grants[n-1].GetGrantId() != string(g.GrantID) {
			out.Grants = append(out.Grants, &v1.AllowedGuards{GrantId: string(g.GrantID)})
		}
		last := out.Grants[len(out.Grants)-1]
		last.Classes = append(last.Classes, string(g.Class))
	}
	return out
}

func (s browserPolicyService) AddCustodian(ctx context.Context, req *v1.AddCustodianRequest) (*v1.AddCustodianResponse, error) {
	return done(ctx, s.Server, req, &v1.AddCustodianResponse{}, func(c hub.Call) error { return s.Hub.AddCustodian(ctx, c, req.GetAccount(), req.GetUser()) })
}

func (s browserPolicyService) RemoveCustodian(ctx context.Context, req *v1.RemoveCustodianRequest) (*v1.RemoveCustodianResponse, error) {
	return done(ctx, s.Server, req, &v1.RemoveCustodianResponse{}, func(c hub.Call) error { return s.Hub.RemoveCustodian(ctx, c, req.GetAccount(), req.GetUser()) })
}

func (s browserPolicyService) ListCustodians(ctx context.Context, req *v1.ListCustodiansRequest) (*v1.ListCustodiansResponse, error) {
	return answer(ctx, s.Server, req, func(c hub.Call) ([]keyshift.User, error) { return s.Hub.ListCustodians(ctx, c, req.GetAccount()) },
		func(users []keyshift.User) *v1.ListCustodiansResponse {
			return &v1.ListCustodiansResponse{Users: each(users, func(u keyshift.User) string { return u.Name })}
		})
}

func (s browserPolicyService) SetAccountRef(ctx context.Context, req *v1.SetAccountRefRequest) (*v1.SetAccountRefResponse, error) {
	return done(ctx, s.Server, req, &v1.SetAccountRefResponse{}, func(c hub.Call) error { return s.Hub.SetAccountRef(ctx, c, req.GetAccount(), req.GetRef()) })
}

func (s browserPolicyService) SetWorkBrowser(ctx context.Context, req *v1.SetWorkBrowserRequest) (*v1.SetWorkBrowserResponse, error) {
	w := hub.WorkBrowser{Account: req.GetBrowser().GetAccount(), Browser: req.GetBrowser().GetBrowser(), Keep: req.GetBrowser().GetKeep()}
	return answer(ctx, s.Server, req, func(c hub.Call) (hub.WorkBrowser, error) { return s.Hub.SetWorkBrowser(ctx, c, w) },
		func(w hub.WorkBrowser) *v1.SetWorkBrowserResponse {
			return &v1.SetWorkBrowserResponse{Browser: workBrowserMessage(w)}
		})
}

func workBrowserMessage(w hub.WorkBrowser) *v1.WorkBrowser {
	return &v1.WorkBrowser{Account: w.Account, Browser: w.Browser, Keep: w.Keep}
}

func (s browserPolicyService) ListWorkBrowsers(ctx context.Context, req *v1.ListWorkBrowsersRequest) (*v1.ListWorkBrowsersResponse, error) {
	return answer(ctx, s.Server, req, func(c hub.Call) ([]hub.WorkBrowser, error) { return s.Hub.ListWorkBrowsers(ctx, c) },
		func(list []hub.WorkBrowser) *v1.ListWorkBrowsersResponse {
			return &v1.ListWorkBrowsersResponse{Browsers: each(list, workBrowserMessage)}
		})
}
